/** Answers in batches: each request gets its own, in its order, whatever happens to the others. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { write } from "@/lib/server/front/answers/plain-answer";
import { writeInBatch } from "@/lib/server/front/answers/write-batch";
import { Front } from "@/lib/server/front/front";
import { DrivenClock } from "../../../support/control/driven-clock";
import { RawConnection } from "../../../support/servers/raw-http";

/** The names of the responses in the order in which they were written. */
let written: string[];
let reported: unknown[];
const serve = (request: IncomingMessage, response: ServerResponse): void => {
  const name = request.url ?? "";
  writeInBatch({
    request,
    response,
    report: (cause) => void reported.push(cause),
    write: () => {
      written.push(name);
      const headers = { "x-name": name === "/broken" ? "line\nbreak" : name };
      write(request, response, { status: 200, headers, body: name });
    },
  });
};

let front: Front;
let connection: RawConnection;
beforeEach(async () => {
  written = [];
  reported = [];
  front = new Front(serve, new DrivenClock());
  connection = await RawConnection.open(await front.listen(0, "127.0.0.1"));
});
afterEach(async () => {
  connection.destroy();
  front.server.closeAllConnections();
  await front.stopAccepting();
});

const get = (path: string) => `GET ${path} HTTP/1.1\r\nhost: app.test\r\n\r\n`;

describe("answers that are there at once", () => {
  it("are written after all requests were read, each for its request", async () => {
    const names = Array.from({ length: 40 }, (_, i) => `/${i}`);
    connection.send(names.map(get).join(""));
    for (const name of names) expect(await connection.answer()).toMatchObject({ status: 200, body: name });
    expect(written).toEqual(names);
  });

  it("are written although one of them cannot be, which becomes a 500", async () => {
    const others = await Promise.all([1, 2].map(() => RawConnection.open(Number(portOf(front)))));
    connection.send(get("/broken"));
    for (const [i, other] of others.entries()) other.send(get(`/${i}`));
    expect(await connection.answer()).toMatchObject({ status: 500 });
    expect(reported).toEqual([expect.any(Error)]);
    for (const [i, other] of others.entries())
      expect(await other.answer()).toMatchObject({ status: 200, body: `/${i}` });
    for (const other of others) other.destroy();
  });

  it("are written before the refusal of bytes that follow them and are no request", async () => {
    connection.send(`${get("/first")}NONSENSE\r\n\r\n`);
    expect(await connection.answer()).toMatchObject({ status: 200, body: "/first" });
    await connection.closed();
  });

  it("are written before the server announces its end", async () => {
    front.serve = (request, response) => {
      serve(request, response);
      front.announceEnd();
      expect(written).toEqual(["/last"]);
    };
    connection.send(get("/last"));
    expect(await connection.answer()).toMatchObject({ status: 200, body: "/last" });
  });
});

const portOf = ({ server }: Front) => (server.address() as { port: number }).port;
