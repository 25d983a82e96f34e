/** Our own server before and beside the framework: what it says while the app loads, and to what it does not take. */
import type { Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MemoryBudgets } from "@/lib/adapters/memory/memory-budgets";
import { CallerLimits } from "@/lib/server/access/caller-limits";
import { loadingNow, whileLoading } from "@/lib/server/boot/loading";
import { headOf } from "@/lib/server/front/admission/request-head";
import { sendAnswer } from "@/lib/server/front/answers/plain-answer";
import { starting } from "@/lib/server/front/answers/starting";
import { STATIC_POLICY } from "@/lib/server/front/answers/static-page";
import { entrance } from "@/lib/server/front/entrance";
import { Front, type Serve } from "@/lib/server/front/front";
import { Metrics } from "@/lib/server/observe/metrics";
import { ROUTES, type RouteName } from "@/lib/server/routes/table";
import { ReadyAnswer } from "@/lib/wire/operators/health";
import { DrivenClock } from "../../../support/control/driven-clock";
import { quietLog } from "../../../support/quiet-log";
import { RawConnection } from "../../../support/servers/raw-http";

const clock = new DrivenClock();
const limits = new CallerLimits({ shared: null, own: new MemoryBudgets(clock, 100), clock, factor: 1, proxyHops: 0 });
const app = { clock, limits, metrics: new Metrics(), ui: null, log: quietLog, env: { LOG_REQUESTS: "off" } } as const;
/** Routes answer with an empty object, and `next` serves the rest. */
const toFramework = (next: Serve) =>
  entrance({ app, routes: (_, ...sent) => sendAnswer(...sent, OPEN), next, isEnding: () => false });
const OPEN = { status: 200, headers: { "content-type": "application/json" }, body: "{}" };
/** `serve` serves routes. */
const toRoutes = (serve: Serve) =>
  entrance({ app, routes: (_, ...sent) => serve(...sent), next: serve, isEnding: () => false });

let front: Front;
let port: number;
let connection: RawConnection;
beforeEach(async () => {
  front = new Front(starting(loadingNow, false), clock);
  port = await front.listen(0, "127.0.0.1");
  connection = await RawConnection.open(port);
});
afterEach(async () => {
  connection.destroy();
  front.server.closeAllConnections();
  await front.stopAccepting();
});

const ask = (line: string, ...headers: string[]) => {
  connection.send(`${[`${line} HTTP/1.1`, "host: app.test", ...headers].join("\r\n")}\r\n\r\n`);
  return connection.answer();
};

const SAFE = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "same-origin",
  "x-frame-options": "DENY",
  "cross-origin-resource-policy": "same-origin",
  "content-security-policy": expect.stringContaining("default-src 'none'"),
};

describe("while the app loads", () => {
  it("the server is alive but not ready, names the parts that it opens, and shows a page", async () => {
    let isOpen = () => {};
    const opening = whileLoading("the database", new Promise<void>((resolve) => (isOpen = resolve)));
    expect(await ask("GET /api/health")).toMatchObject({ status: 200, headers: SAFE });
    const ready = await ask("GET /api/health/ready");
    expect(ready).toMatchObject({ status: 503, headers: { ...SAFE, "retry-after": "2" } });
    expect(ReadyAnswer.parse(JSON.parse(ready.body))).toMatchObject({
      ready: false,
      tiers: { server: { ok: false, detail: "The server is starting. It is opening the database." } },
    });
    const page = await ask("GET /signals", "accept: text/html,*/*");
    expect(page).toMatchObject({ status: 503, headers: { ...SAFE, "content-security-policy": STATIC_POLICY } });
    expect(page.body).toMatch(/<meta http-equiv="refresh" content="2">.*TrustMesh is starting.*opening the database/);
    expect(page.body).not.toContain("<a ");
    const api = await ask("GET /api/contacts", "accept: text/html");
    expect(api).toMatchObject({ status: 503, headers: { "content-type": "application/problem+json" } });
    expect(JSON.parse(api.body)).toMatchObject({
      code: "unavailable",
      detail: "The server is starting. It is opening the database. Try again in a few seconds.",
    });
    isOpen();
    await opening;
    expect((await ask("GET /api/health/ready")).body).not.toContain("database");
  });
});

describe("the gate", () => {
  const TARGETS = [
    ...(Object.keys(ROUTES) as RouteName[]).map((name) => name.split(" ")[1]?.replaceAll(/\{\w+\}/g, "7") ?? "/"),
    ...["/", "/signals", "/api/nowhere", "/profile/%ff"],
  ].flatMap((path) => [path, `${path}?${"a&".repeat(7_000)}`]);

  it("refuses the same requests with the same answer while the app loads and afterwards", async () => {
    const answersOf = async (serve: Serve) => {
      front.serve = serve;
      const answers = [];
      for (const target of TARGETS)
        for (const [method, ...headers] of [["GET"], ["PUT"], ["GET", "content-length: 1"]]) {
          const { status, body, headers: got } = await ask(`${method} ${target}`, ...headers);
          const { detail = null } = body.startsWith("{") ? JSON.parse(body) : {};
          answers.push({ request: [method, target.slice(0, 60), ...headers], status, detail, allow: got.allow });
          // The byte that was announced does not come.
          connection.destroy();
          connection = await RawConnection.open(port);
        }
      return answers;
    };
    const open = await answersOf(toFramework((_, response) => void response.writeHead(299).end()));
    const loading = await answersOf(starting(loadingNow, false));
    const isLetIn = ({ status }: { status: number }) => status < 300 || status === 503;
    expect(loading.filter((each) => !isLetIn(each))).toEqual(open.filter((each) => !isLetIn(each)));
    expect(loading.filter(isLetIn).map(({ request }) => request)).toEqual(
      open.filter(isLetIn).map(({ request }) => request),
    );
    expect(new Set(loading.map(({ status }) => status))).toEqual(new Set([200, 400, 404, 405, 413, 414, 503]));
  });

  it("leads from the page of a refused address to the start page", async () => {
    const page = await ask("GET /profile/%ff", "accept: text/html");
    expect(page).toMatchObject({ status: 400, headers: { "content-security-policy": STATIC_POLICY } });
    expect(page.body).toContain('<a href="/">To the start page</a>');
  });
});

describe("every answer has the headers that keep it from being misused", () => {
  it.each([
    ["an address that is malformed", "GET /profile/%ff", 400],
    ["a method that nobody has", "PURGE /", 405],
    ["an address of the API that is none", "GET /api/nowhere", 404],
    ["what remembers its answer", "GET /api/health/ready", 200],
    ["a framework that breaks", "GET /breaks", 500],
    ["a framework that forgets them", "GET /forgets", 404],
  ])("%s", async (_, line, status) => {
    front.serve = toFramework((request, response) => {
      if (request.url === "/breaks") throw new Error("it broke");
      response.writeHead(404).end();
    });
    expect(await ask(line)).toMatchObject({ status, headers: SAFE });
  });

  it.each([
    ["what is no HTTP", "NONSENSE\r\n\r\n", 400],
    ["more headers than are read", `GET / HTTP/1.1\r\nhost: a\r\nx: ${"x".repeat(20_000)}\r\n\r\n`, 431],
  ])("%s", async (_, bytes, status) => {
    connection.send(bytes);
    expect(await connection.answer()).toMatchObject({ status, headers: { ...SAFE, connection: "close" } });
    await connection.closed();
  });
});

describe("a request that is hardly HTTP", () => {
  it.each([
    ["names no host", "GET /api/health HTTP/1.1\r\n\r\n", 400, /names no host/],
    ["expects what nobody offers", "GET /api/health HTTP/1.1\r\nhost: a\r\nexpect: bananas\r\n\r\n", 400, /Expect/],
    ["is of another protocol", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, /could not read/],
    [
      "has headers without end",
      `GET / HTTP/1.1\r\nhost: a\r\nx: ${"a".repeat(60_000)}\r\n\r\n`,
      431,
      /^The headers .* Delete this site's cookies/,
    ],
    [
      "has an address without end",
      `GET /signals?x=${"a".repeat(20_000)} HTTP/1.1\r\nhost: a\r\n\r\n`,
      414,
      /^This address is too long/,
    ],
  ])("is answered in a sentence, with the headers of every answer: %s", async (_, bytes, status, sentence) => {
    connection.send(bytes);
    const answer = await connection.answer();
    expect(answer).toMatchObject({ status, headers: SAFE });
    expect(answer.body).toMatch(sentence);
  });
});

it("an address with scheme and host, as clients send it to a proxy, is the one without", async () => {
  front.serve = toRoutes((request, response) =>
    sendAnswer(request, response, { ...OPEN, body: `${headOf(request).get("host")} ${headOf(request).target}` }),
  );
  // The Host header of `ask` is another one, and does not count.
  for (const [target, hostAndPath] of [
    ["http://a.test/api/health", "a.test /api/health"],
    ["https://b.test:8443/api/health?a=1", "b.test:8443 /api/health?a=1"],
    ["http://c.test/api/health", "c.test /api/health"],
  ])
    expect(await ask(`GET ${target}`)).toMatchObject({ status: 200, body: hostAndPath });
});

describe("a request for no path", () => {
  it.each(["OPTIONS *", "OPTIONS http://a.test", "OPTIONS https://a.test:8443"])(
    "that asks about the server as a whole is answered with its methods, also while the app loads: %s",
    async (line) => {
      const ofOwn = toFramework((_, response) => void response.writeHead(299).end());
      for (const [serve, allow] of [
        [front.serve, "GET, HEAD, POST, OPTIONS"],
        [ofOwn, "GET, HEAD, POST, OPTIONS"],
        [starting(loadingNow, true), "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"],
      ] as const) {
        front.serve = serve;
        const answer = await ask(line);
        expect(answer).toMatchObject({ status: 204, headers: { ...SAFE, allow, "cache-control": "no-store" } });
        expect(answer.headers["content-length"]).toBeUndefined();
      }
    },
  );

  it.each([
    ["GET *", /^\{.*malformed/],
    ["OPTIONS *x", /^\{.*malformed/],
    ["OPTIONS ftp://a.test/b", /^\{.*malformed/],
    ["GET a.test:80", /^This address cannot be read/],
    ["OPTIONS a.test:80", /^This address cannot be read/],
    ["GET signals", /^This address cannot be read/],
  ])("is refused otherwise, with what is wrong: %s", async (line, sentence) => {
    const answer = await ask(line);
    expect(answer).toMatchObject({ status: 400, headers: SAFE });
    expect(answer.body).toMatch(sentence);
  });
});

describe("an address or a header that goes on too long", () => {
  const LONG = "a".repeat(10_000);
  const OK = "GET /api/health HTTP/1.1\r\nhost: a\r\n\r\n";

  it.each([
    ["an address behind a request", [`${OK}GET /${LONG}${LONG} HTTP/1.1\r\nhost: a\r\n\r\n`], 414, /^This address is/],
    [
      "an address that came in parts",
      [`GET /${LONG}`, `${LONG} HTTP/1.1\r\nhost: a\r\n\r\n`],
      431,
      /The address or the/,
    ],
    ["a header that came in parts", [`GET / HTTP/1.1\r\nx: ${LONG}`, `${LONG}\r\n\r\n`], 431, /The address or the/],
    ["a header below a long address", [`GET /${LONG} HTTP/1.1\r\nx: ${LONG}\r\n\r\n`], 431, /^The headers are/],
  ])("is distinguished from the other, as far as the last bytes show it: %s", async (_, parts, status, sentence) => {
    front.serve = toRoutes((request, response) =>
      sendAnswer(request, response, { status: 200, headers: {}, body: "fine" }),
    );
    connection.destroy();
    const opened = new Promise<Socket>((resolve) => front.server.once("connection", resolve));
    connection = await RawConnection.open(port);
    const socket = await opened;
    let sent = 0;
    for (const part of parts) {
      connection.send(part);
      sent += part.length;
      // Each part is read by itself.
      while (socket.bytesRead < sent && !socket.destroyed) await new Promise(setImmediate);
    }
    let answer = await connection.answer();
    if (answer.status === 200) answer = await connection.answer();
    expect(answer.status).toBe(status);
    expect(answer.body).toMatch(sentence);
  });
});

describe("a request for another protocol", () => {
  it.each([
    ["CONNECT example.org:443 HTTP/1.1\r\nhost: example.org:443\r\n\r\n"],
    ["CONNECT example.org:443 HTTP/1.1\r\nhost: example.org:443\r\n\r\nbytes of the tunnel"],
    ["CONNECT / HTTP/1.1\r\n\r\n"],
  ])("opens no tunnel, and is answered in a sentence: %j", async (bytes) => {
    connection.send(bytes);
    const answer = await connection.answer();
    expect(answer).toMatchObject({ status: 405, headers: { ...SAFE, connection: "close", allow: "GET, HEAD, POST" } });
    expect(answer.body).toMatch(/opens no tunnels/);
    await connection.closed();
  });

  it("opens no tunnel behind an answer, which comes first", async () => {
    front.serve = (request, response) => sendAnswer(request, response, { status: 200, headers: {}, body: "first" });
    connection.send("GET / HTTP/1.1\r\nhost: a\r\n\r\nCONNECT a:1 HTTP/1.1\r\nhost: a\r\n\r\n");
    expect([(await connection.answer()).status, (await connection.answer()).status]).toEqual([200, 405]);
    await connection.closed();
  });

  it("keeps to this one: an Upgrade header changes nothing", async () => {
    front.serve = toRoutes((request, response) =>
      sendAnswer(request, response, { status: 200, headers: {}, body: "plain" }),
    );
    const upgrade = ["connection: upgrade", "upgrade: websocket", "sec-websocket-version: 13"];
    for (let i = 0; i < 2; i += 1)
      expect(await ask("GET /api/health", ...upgrade)).toMatchObject({ status: 200, body: "plain" });
  });
});

describe("a body that nobody wants", () => {
  it.each([
    ["POST /signals", 405],
    ["GET /signals", 413],
    ["GET /api/contacts", 413],
    ["POST /api/nowhere", 404],
  ])("is not waited for: %s", async (line, status) => {
    front.serve = toFramework((_, response) => void response.end());
    // The head alone, and the first of many chunks: the answer comes though the rest never does.
    const answer = await ask(line, "transfer-encoding: chunked", "", "5", "first");
    expect(answer).toMatchObject({ status, headers: { connection: "close" } });
    await connection.closed();
  });

  it("is not read, however much of it comes", async () => {
    front.serve = toFramework((_, response) => void response.end());
    const sockets: Socket[] = [];
    front.server.on("connection", (socket) => sockets.push(socket));
    connection = await RawConnection.open(port);
    const chunk = `10000\r\n${"x".repeat(65_536)}\r\n`;
    expect((await ask("POST /signals", "transfer-encoding: chunked", "", chunk.repeat(80))).status).toBe(405);
    await connection.closed();
    // The first pieces come with the head; five megabytes are sent.
    expect(sockets.at(-1)?.bytesRead).toBeLessThan(1_000_000);
  });

  it("gets no 100 Continue, and a wanted one gets it", async () => {
    front.serve = toRoutes((request, response) => void request.resume().on("end", () => response.end()));
    const expecting = ["content-length: 2", "content-type: application/json", "expect: 100-continue"];
    expect((await ask("POST /api/sync", ...expecting)).status).toBe(100);
    connection.send("{}");
    expect((await connection.answer()).status).toBe(200);
    expect(await ask("POST /signals", ...expecting)).toMatchObject({ status: 405, headers: { connection: "close" } });
    await connection.closed();
  });

  it.each(["0", "00"])("is none of length %s: the connection goes on", async (length) => {
    front.serve = toRoutes((request, response) => sendAnswer(request, response, OPEN));
    for (let i = 0; i < 2; i += 1)
      expect(await ask("GET /api/health", `content-length: ${length}`)).toMatchObject({
        status: 200,
        headers: { connection: "keep-alive" },
      });
  });

  it.each([
    ["a transfer coding", "transfer-encoding: gzip, chunked", 501, /Send only chunked/],
    ["a content coding", "content-encoding: gzip\r\ncontent-length: 2", 415, /without Content-Encoding/],
  ])("is refused in %s that this server does not have", async (_, header, status, sentence) => {
    const answer = await ask("POST /api/sync", "content-type: application/json", header);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body).detail).toMatch(sentence);
  });

  it("that HTTP/1.0 cannot have ends the connection with its answer", async () => {
    front.serve = toRoutes((request, response) => {
      request.resume().on("end", () => sendAnswer(request, response, OPEN));
    });
    const lines = ["POST /api/sync HTTP/1.0", "host: a", "connection: keep-alive", "transfer-encoding: chunked"];
    connection.send(`${lines.join("\r\n")}\r\n\r\n2\r\n{}\r\n0\r\n\r\n`);
    expect(await connection.answer()).toMatchObject({ status: 200, headers: { connection: "close" } });
    await connection.closed();
  });

  it("ends the connection when the answer comes before its end", async () => {
    front.serve = toRoutes((_, response) => void response.writeHead(401, { "content-length": 0 }).end());
    expect((await ask("POST /api/sync", "transfer-encoding: chunked", "", "5", "first")).status).toBe(401);
    await connection.closed();
  });
});

it("a server that cannot listen says why in a sentence", async () => {
  const second = new Front(starting(loadingNow, false), clock);
  await expect(second.listen(port, "127.0.0.1")).rejects.toThrow(/Port \d+ at 127\.0\.0\.1 is in use .* set PORT/);
});
