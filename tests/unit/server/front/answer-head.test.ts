/** Heads of answers are what Node's own `writeHead` writes, byte for byte. */
import { createServer, type RequestListener, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { text } from "node:stream/consumers";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { KEEP_ALIVE_MS, mayHaveBody } from "@/lib/server/front/answers/answer-head";
import { write } from "@/lib/server/front/answers/plain-answer";
import type { Answer } from "@/lib/server/http/answers/answer";
import { routeHeaders } from "@/lib/server/http/answers/api-headers";

type TextAnswer = Omit<Answer, "body"> & { readonly body: string | null };

/** Request number n of a connection gets answer n. */
let answers: readonly TextAnswer[] = [];
/** How many answers of ours went through Node's `writeHead`. */
let byNode = 0;
const servers: Server[] = [];
let oursPort: number;
let nodesPort: number;

async function listen(serve: RequestListener): Promise<number> {
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, serve);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

beforeAll(async () => {
  oursPort = await listen((request, response) => {
    const { writeHead } = response;
    response.writeHead = ((...given: Parameters<typeof writeHead>) => {
      byNode++;
      return writeHead.apply(response, given);
    }) as typeof writeHead;
    write(request, response, answers[Number(request.url?.slice(1))] as Answer);
  });
  nodesPort = await listen((request, response) => {
    const { status, headers, lines = [], common = [], body } = answers[Number(request.url?.slice(1))] as TextAnswer;
    const length = mayHaveBody(status) ? ["content-length", String(Buffer.byteLength(body ?? ""))] : [];
    response.writeHead(status, [...common, ...lines, ...Object.entries(headers).flat(), ...length]).end(body ?? "");
  });
});
beforeEach(() => {
  byNode = 0;
});
afterAll(() => {
  for (const server of servers) server.closeAllConnections();
  for (const server of servers) server.close();
});

interface Asked {
  readonly method: string;
  readonly version: string;
  readonly connection: string | null;
}

/** All bytes that come back on one connection, without the time of day. */
async function exchange(port: number, asked: readonly Asked[]): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1" });
  socket.setEncoding("latin1");
  const requests = asked.map(
    ({ method, version, connection }, i) =>
      `${method} /${i} HTTP/${version}\r\nhost: a\r\n${connection === null ? "" : `connection: ${connection}\r\n`}\r\n`,
  );
  socket.write(requests.join(""));
  return (await text(socket)).replace(/^Date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r$/gm, "Date: now\r");
}

const GET = { method: "GET", version: "1.1", connection: null } as const;
const LAST = { ...GET, connection: "close" } as const;

describe("the head of an answer", () => {
  const value = fc.string({
    unit: fc.constantFrom("a", "Z", "0", " ", "\t", '"', ",", ";", "=", "é", "ÿ"),
    maxLength: 20,
  });
  const names = fc.constantFrom(
    "cache-control",
    "etag",
    "vary",
    "x-request-id",
    "trustmesh-as-of",
    "set-cookie",
    "content-type",
  );
  const answer: fc.Arbitrary<TextAnswer> = fc
    .record({
      status: fc.constantFrom(200, 201, 202, 204, 304, 400, 404, 429, 503),
      headers: fc.dictionary(names, value, { maxKeys: 5, noNullPrototype: true }),
      common: fc.constantFrom(routeHeaders(null, false), routeHeaders("https", true)),
      lines: fc.option(fc.tuple(fc.constant("x-own"), value), { nil: undefined }).map((pair) => pair ?? []),
      body: fc.option(fc.string({ unit: fc.constantFrom("a", "{", '"', "é", "€", "\n"), maxLength: 3_000 })),
    })
    .map((each) => (mayHaveBody(each.status) ? each : { ...each, body: null }));
  const asked: fc.Arbitrary<Asked> = fc.record({
    method: fc.constantFrom("GET", "HEAD", "DELETE"),
    version: fc.constantFrom("1.1", "1.1", "1.1", "1.0"),
    connection: fc.constantFrom(null, null, "keep-alive"),
  });

  it("has the bytes of Node's, on connections that go on and that end", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(answer, asked), { maxLength: 5 }), answer, async (pairs, final) => {
        answers = [...pairs.map(([each]) => each), final];
        const requests = [...pairs.map(([, each]) => each), LAST];
        expect(await exchange(oursPort, requests)).toBe(await exchange(nodesPort, requests));
      }),
      { numRuns: 200 },
    );
  });

  it("is written without Node's writeHead on a connection that goes on", async () => {
    answers = [
      { status: 200, headers: { etag: '"a"' }, body: "{}" },
      { status: 304, headers: { etag: '"a"' }, body: null },
      { status: 200, headers: {}, body: "end" },
    ];
    const bytes = await exchange(oursPort, [GET, GET, LAST]);
    expect(bytes.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 200", "HTTP/1.1 304", "HTTP/1.1 200"]);
    expect(byNode).toBe(1);
  });

  it("is refused, as Node refuses it, if a value would begin a new line", async () => {
    let refusal: unknown;
    const port = await listen((request, response) => {
      try {
        write(request, response, { status: 200, headers: { etag: "a\r\nset-cookie: b" }, body: null });
      } catch (error) {
        refusal = error;
        response.destroy();
      }
    });
    expect(await exchange(port, [GET]).catch(() => "")).toBe("");
    expect(refusal).toMatchObject({ code: "ERR_INVALID_CHAR" });
  });

  it("keeps what somebody set on the response before", async () => {
    const port = await listen((request, response) => {
      response.setHeader("x-before", "kept");
      write(request, response, { status: 200, headers: { etag: '"a"' }, body: "end" });
    });
    expect((await exchange(port, [GET, LAST])).match(/x-before: kept\r\n/g)).toHaveLength(2);
  });
});
