/** Every route through our own server, by real HTTP: the same as from the route handler, in every form in which it can be asked. */
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { UserId } from "@/lib/core/ledger/ids";
import { encodeEcdsaKey } from "@/lib/devnet/rest/key-json";
import type { AnyRoute } from "@/lib/server/http/route";
import { ROUTES, type RouteName } from "@/lib/server/routes/table";
import { type Got, OwnServer, type Sent } from "../../../support/contract/both-entries";
import { busy } from "../../../support/control/event-loop";
import { RawConnection } from "../../../support/servers/raw-http";
import { CLIENT_ID, magicWallet } from "../../../support/stand-ins/magic";
import { startTestApp, type TestApp } from "../../../support/worlds/app";

const ALICE = "tm-alice";
const names = Object.keys(ROUTES) as RouteName[];
const reads = names.filter(
  (name) => name.startsWith("GET") && (ROUTES[name] as AnyRoute).answer !== "text/event-stream",
);

let t: TestApp;
let own: OwnServer;
let cookie: string;
beforeAll(async () => {
  t = await startTestApp({ bothEntries: true, env: { RATE_LIMITS: "0", MAGIC_CLIENT_ID: CLIENT_ID } });
  const { contact } = t.devnet.topics;
  t.devnet.submitMany(
    contact,
    Array.from({ length: 40 }, (_, i) => ({ type: "CONTACT_ACCEPT", from: ALICE, to: `tm-${i}`, note: "a note" })),
  );
  await t.sync();
  own = await OwnServer.open(t.app);
  cookie = (await t.app.sessions.issue(ALICE as UserId)).split(";")[0] as string;
});
afterAll(async () => {
  await own.close();
  await t.close();
});

const pathOf = (name: RouteName) =>
  (name.split(" ")[1] as string).replaceAll(/\{(\w+)\}/g, (_, part: string) =>
    part === "topicId" || part === "id" ? t.devnet.topics.contact : part === "userId" ? ALICE : "1",
  );
const ask = (target: string, more: Partial<Sent> = {}): Promise<Got> =>
  t.clock.drive(
    own.ask(t.app, {
      method: "GET",
      target,
      body: null,
      ...more,
      headers: { host: "app.test", cookie, ...more.headers },
    }),
  );

describe("our own server", () => {
  it.each(reads)("answers HEAD as GET, without the body: %s", async (name) => {
    const [whole, head] = [await ask(pathOf(name)), await ask(pathOf(name), { method: "HEAD" })];
    expect(head.status).toBe(whole.status);
    expect(head.text).toBe("");
    for (const header of ["content-type", "cache-control"]) expect(head.headers[header]).toBe(whole.headers[header]);
  });

  it.each(reads.filter((name) => (ROUTES[name] as AnyRoute).isForAnySite))(
    "answers another site's preflight: %s",
    async (name) => {
      const headers = { origin: "https://elsewhere.example", "access-control-request-headers": "x-a" };
      const preflight = await ask(pathOf(name), { method: "OPTIONS", headers });
      expect(preflight).toMatchObject({
        status: 204,
        headers: { "access-control-allow-origin": "*", "access-control-allow-headers": "x-a" },
      });
    },
  );

  it("answers a client that has the view with 304 and no body, in each encoding", async () => {
    const first = await ask("/api/contacts");
    for (const encoding of ["br", "gzip", "identity"]) {
      const headers = { "if-none-match": first.headers.etag as string, "accept-encoding": encoding };
      const again = await ask("/api/contacts", { headers });
      expect([again.status, again.text, again.headers.etag]).toEqual([304, "", first.headers.etag]);
    }
  });

  it("sends the same view in each encoding, and keeps the compressed copies in its memory", async () => {
    t.app.l1.expire(ALICE as UserId);
    await ask("/api/contacts", { headers: { "accept-encoding": "identity" } });
    await ask("/api/contacts", { headers: { "accept-encoding": "identity" } });
    const before = t.app.l1.bytes;
    const texts = new Set<string>();
    for (const encoding of ["identity", "br", "gzip", "br", "gzip"])
      texts.add((await ask("/api/contacts", { headers: { "accept-encoding": encoding } })).text);
    const withoutAge = [...texts].map((text) => text.replaceAll(/"(timestamp|asOf|lagMs)":("[^"]*"|\d+)/g, ""));
    expect(new Set(withoutAge).size).toBe(1);
    expect(JSON.parse([...texts][0] as string)).toMatchObject({ success: true });
    const grown = t.app.l1.bytes - before;
    const plain = (t.app.l1.get(ALICE as UserId, "contacts")?.view.body.length as number) * 2;
    expect(grown).toBeGreaterThan(100);
    expect(grown).toBeLessThan(plain / 2);
  });

  it("signs somebody in who comes with a token, as the route handler does", async () => {
    const wallet = magicWallet();
    t.devnet.ledger.createAccount(encodeEcdsaKey(wallet.publicKey), { evmAddress: wallet.address });
    const headers = { authorization: `Bearer ${wallet.token(Math.floor(t.clock.now() / 1_000))}` };
    const response = await t.ask("GET", "/api/contacts", null, { headers });
    expect(response.headers.get("set-cookie")).toMatch(/tm_session=\S+; .*HttpOnly/);
    expect(response.headers.get("cache-control")).toBe("no-store");
  });

  it("gives the request's id back, and the headers of TLS where a proxy says so", async () => {
    const headers = { "x-request-id": "given-by-a-proxy", "x-forwarded-proto": "https", "if-min-sequence": "x" };
    const response = await t.ask("GET", "/api/contacts", ALICE, { headers });
    expect(response.status).toBe(400);
    expect(response.headers.get("x-request-id")).toBe("given-by-a-proxy");
    expect(response.headers.get("strict-transport-security")).toBe("max-age=31536000");
  });

  it("refuses a body that is too large while it still comes, and the client reads the refusal", async () => {
    const connection = await RawConnection.open(own.port);
    const head = ["POST /api/sync HTTP/1.1", "host: app.test", "content-type: application/json", `cookie: ${cookie}`];
    const chunk = `8000\r\n${"x".repeat(0x8000)}\r\n`;
    connection.send(`${[...head, "transfer-encoding: chunked"].join("\r\n")}\r\n\r\n${chunk.repeat(3)}`);
    const refused = await t.clock.drive(connection.answer());
    expect(refused).toMatchObject({ status: 413, headers: { connection: "close" } });
    expect(JSON.parse(refused.body)).toMatchObject({ code: "too-large" });
    await connection.closed();
  });

  it("outlives clients that leave in the middle of a body, of an answer or of a stream", async () => {
    const lines = (first: string, ...more: string[]) =>
      `${[first, "host: app.test", `cookie: ${cookie}`, ...more].join("\r\n")}\r\n\r\n`;
    const requests = [
      `${lines("POST /api/sync HTTP/1.1", "content-type: application/json", "content-length: 50")}{"topics"`,
      lines("GET /api/signals?limit=10 HTTP/1.1"),
      lines("GET /api/stream HTTP/1.1"),
    ];
    for (const request of requests) {
      const socket = connect({ port: own.port, host: "127.0.0.1" });
      socket.on("error", () => {});
      await new Promise<void>((resolve) => socket.write(request, () => resolve()));
      await t.clock.advance(5);
      socket.destroy();
      await t.clock.advance(5);
    }
    expect(t.app.hub.size).toBe(0);
    expect((await ask("/api/contacts")).status).toBe(200);
    expect(t.logged.filter((line) => line.startsWith("error"))).toEqual([]);
  });

  it("answers a client that closes its sending side, and ends the stream of one", async () => {
    const ask = async (path: string) => {
      const connection = await RawConnection.open(own.port);
      connection.send(`GET ${path} HTTP/1.1\r\nhost: app.test\r\ncookie: ${cookie}\r\n\r\n`);
      return connection;
    };
    t.app.l1.expire(ALICE as UserId);
    const read = await ask("/api/contacts");
    read.endSending();
    expect((await t.clock.drive(busy(read.answer()))).status).toBe(200);
    await t.clock.drive(busy(read.closed()));
    const streams = [await ask("/api/stream"), await ask("/api/stream"), await ask("/api/stream")];
    // One has begun, and the others have not.
    expect((await t.clock.drive(busy((streams[0] as RawConnection).answer()))).status).toBe(200);
    for (const stream of streams) stream.endSending();
    for (const stream of streams) await t.clock.drive(busy(stream.closed()));
    expect(t.app.hub.size).toBe(0);
  });

  it("breaks off a stream whose client sends what is no request, and writes nothing into it", async () => {
    await ask("/api/contacts");
    const connection = await RawConnection.open(own.port);
    connection.send(`GET /api/stream HTTP/1.1\r\nhost: app.test\r\ncookie: ${cookie}\r\n\r\n`);
    expect((await t.clock.drive(busy(connection.answer()))).status).toBe(200);
    connection.send("NONSENSE\r\n\r\n");
    await t.clock.drive(busy(connection.closed()));
    await expect(connection.answer()).rejects.toThrow(/^the connection closed after: (?!.*HTTP\/1\.1)/s);
  });
});
