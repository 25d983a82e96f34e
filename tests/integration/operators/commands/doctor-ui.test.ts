/** The doctor's look at UI_ORIGIN, against real servers. */
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { examineUi } from "@/lib/server/cli/doctor/ui-origin";
import { openApiDocument } from "@/lib/server/openapi/document";
import { freePort } from "../../../support/servers/free-port";
import { startWebUi } from "../../../support/stand-ins/web-ui";

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function findingsOn(UI_ORIGIN: string | null) {
  const all = [];
  for await (const finding of examineUi({ UI_ORIGIN })) all.push(finding);
  return all;
}

async function openServer(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ends.push(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("the doctor", () => {
  it("says that the web UI answers, and nothing where there is none", async () => {
    const web = await startWebUi();
    ends.push(() => web.stop());
    expect(await findingsOn(web.origin)).toEqual([{ what: "web UI", ok: true, sentence: `${web.origin} answers.` }]);
    expect(await findingsOn(null)).toEqual([]);
  });

  it("names a web UI that cannot be reached or fails", async () => {
    const nowhere = `http://127.0.0.1:${await freePort()}`;
    expect(await findingsOn(nowhere)).toMatchObject([
      { ok: false, sentence: expect.stringContaining("nothing listens there. Check UI_ORIGIN") },
    ]);
    const failing = await openServer((_, response) => void response.writeHead(503).end());
    expect(await findingsOn(failing)).toMatchObject([
      { ok: false, sentence: expect.stringContaining("answers with 503") },
    ]);
  });

  it("names an address that leads back to a server of this app", async () => {
    const document = JSON.stringify(openApiDocument({}));
    const own = await openServer(
      ({ url }, response) => void response.end(url === "/api/openapi.json" ? document : "page"),
    );
    expect(await findingsOn(own)).toMatchObject([{ ok: false, sentence: expect.stringContaining("go in a circle") }]);
  });
});
