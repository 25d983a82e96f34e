/** Another deployment behind this app, as both entries pass requests on: our own server, and the handler that functions run. */
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { UserId } from "@/lib/core/ledger/ids";
import { routesOf } from "@/lib/server/front/direct";
import { entrance } from "@/lib/server/front/entrance";
import { Front } from "@/lib/server/front/front";
import { passWebRequest } from "@/lib/server/ui-origin/pass-web";
import { busy } from "../../support/control/event-loop";
import { startWebUi, type WebUi } from "../../support/stand-ins/web-ui";
import { startTestApp, type TestApp } from "../../support/worlds/app";

/** Longer than one chunk of a stream. */
const BYTES = Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * 7_919) % 256));

let t: TestApp;
let web: WebUi;
let front: Front;
let port: number;

beforeAll(async () => {
  web = await startWebUi();
  t = await startTestApp({ env: { UI_ORIGIN: web.origin } });
  const { app } = t;
  front = new Front((_, response) => void response.writeHead(404).end(), app.clock);
  const next = (_: unknown, response: Parameters<typeof front.serve>[1]) =>
    void response.writeHead(200).end("our page");
  front.serve = entrance({ app, routes: routesOf(app), next, isEnding: () => false });
  port = await front.listen(0, "127.0.0.1");
});
afterAll(async () => {
  front.server.closeAllConnections();
  await front.stopAccepting();
  await t.close();
  await web.stop();
});

const overHttp = (path: string, init: RequestInit) =>
  fetch(`http://127.0.0.1:${port}${path}`, { redirect: "manual", ...init });
const asFunction = (path: string, init: RequestInit) =>
  passWebRequest(t.app, new Request(`http://app.test${path}`, { redirect: "manual", ...init }));
const lastAsked = () => web.asked.at(-1);

/** A body of unknown length, in several pieces. */
function streamed(bytes: Buffer): RequestInit {
  const pieces = Array.from({ length: 10 }, (_, i) =>
    bytes.subarray((i * bytes.length) / 10, ((i + 1) * bytes.length) / 10),
  );
  const body = new ReadableStream({
    pull: (stream) => {
      const piece = pieces.shift();
      if (piece === undefined) stream.close();
      else stream.enqueue(new Uint8Array(piece));
    },
  });
  return { body, duplex: "half" } as RequestInit;
}

describe.each([
  ["our own server", overHttp],
  ["the handler of functions", asFunction],
])("%s", (_, send) => {
  const ask = (path: string, init: RequestInit = {}) => busy(send(path, init));

  it.each(["POST", "PUT", "PATCH", "DELETE"])(
    "passes on every byte of %s, without a length and with",
    async (method) => {
      for (const body of [streamed(BYTES), { body: new Uint8Array(BYTES) }]) {
        const echo = await ask("/api/echo?a=b&c", { method, ...body });
        expect(echo.status).toBe(200);
        expect(BYTES.equals(Buffer.from(await echo.arrayBuffer()))).toBe(true);
        expect(lastAsked()).toMatchObject({ method, url: "/api/echo?a=b&c" });
        expect(BYTES.equals(lastAsked()?.body as Buffer)).toBe(true);
      }
    },
  );

  it("passes on HEAD as HEAD, and statuses as they are", async () => {
    const head = await ask("/contacts", { method: "HEAD" });
    expect([head.status, await head.text(), lastAsked()?.method]).toEqual([200, "", "HEAD"]);
    expect(head.headers.get("content-length")).toMatch(/^\d+$/);
    expect((await ask("/missing")).status).toBe(404);
    const empty = await ask("/empty");
    expect([empty.status, empty.headers.get("x-theirs")]).toEqual([204, "empty"]);
  });

  it("gives their headers back, of frames and of caches too, and adds none of ours", async () => {
    const page = await ask("/contacts");
    expect(page.headers.get("x-frame-options")).toBe("SAMEORIGIN");
    const ours = ["cache-control", "content-security-policy", "referrer-policy", "permissions-policy", "x-request-id"];
    for (const name of [...ours, "x-content-type-options", "cross-origin-opener-policy"])
      expect(page.headers.get(name), name).toBeNull();
    const script = await ask("/_next/static/chunks/a.js");
    expect(script.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect((await ask("/moved")).headers.get("location")).toBe("/contacts?from=moved#top");
  });

  it("keeps our session to itself", async () => {
    const session = (await t.app.sessions.issue("tm-alice" as UserId)).split(";")[0];
    await ask("/api/theirs", { headers: { cookie: `theirs=1; ${session}`, authorization: "Bearer theirs" } });
    expect(lastAsked()?.headers).toMatchObject({ cookie: "theirs=1", authorization: "Bearer theirs" });
    expect((await ask("/cookies")).headers.getSetCookie()).toEqual([
      "theirs=1; Path=/; HttpOnly",
      "other=2; Expires=Wed, 21 Oct 2037 07:28:00 GMT",
    ]);
  });

  it("sends a stream's pieces as they come, and leaves when its client does", async () => {
    const leaves = new AbortController();
    const stream = await ask("/events?greeting", { signal: leaves.signal });
    const reader = (stream.body as ReadableStream<Uint8Array>).getReader();
    const next = async () => Buffer.from((await reader.read()).value ?? []).toString();
    expect(await next()).toBe("data: greeting\n\n");
    web.tell("second");
    expect(await next()).toBe("data: second\n\n");
    leaves.abort();
    await web.streamsEnded();
  });

  it("leaves when its client does before the answer has begun", async () => {
    const leaves = new AbortController();
    const answer = busy(send("/held", { signal: leaves.signal })).then(
      ({ status }) => status,
      () => "left",
    );
    await busy(vi.waitFor(() => expect(lastAsked()?.url).toBe("/held")));
    leaves.abort();
    await web.streamsEnded();
    // Nobody reads the status.
    expect(["left", 499]).toContain(await answer);
  });

  it("refuses a request that has passed before, and a body that is too large", async () => {
    const before = web.asked.length;
    const looped = await ask("/contacts", { headers: { "cdn-loop": "trustmesh-edge" } });
    expect([looped.status, await looped.json()]).toEqual([508, expect.objectContaining({ code: "loop" })]);
    const large = await ask("/echo", { method: "POST", ...streamed(Buffer.alloc(5_000_010)) });
    expect([large.status, await large.json()]).toEqual([413, expect.objectContaining({ code: "too-large" })]);
    expect(web.asked.length).toBe(before);
  });
});

it("our own server keeps operators' pages, the sign-in page and routes to itself", async () => {
  const before = web.asked.length;
  for (const path of ["/admin", "/admin/topics", "/sign-in", "/trustmesh-edge/_next/static/a.js"])
    expect(await (await busy(overHttp(path, {}))).text(), path).toBe("our page");
  expect((await busy(overHttp("/api/contacts", {}))).status).toBe(401);
  expect(web.asked.length).toBe(before);
});

it("the handler of functions limits one address's requests", async () => {
  const { limits } = t.app;
  const address = limits.addressOf(() => null);
  let isOver = false;
  for (let i = 0; i < 10_000 && !isOver; i += 1) isOver = (await limits.countAddress("passed", address)) !== null;
  const before = web.asked.length;
  const refused = await busy(asFunction("/contacts", {}));
  expect([refused.status, await refused.json()]).toEqual([429, expect.objectContaining({ code: "too-many" })]);
  expect(web.asked.length).toBe(before);
});
