/** The heads of requests: what Node parses, and shared by equal heads only. */
import { createServer, IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { Socket } from "node:net";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SOCKET_HEADER } from "@/lib/server/access/client-address";
import { headOf, type RequestHead } from "@/lib/server/front/admission/request-head";
import { RawConnection } from "../../../support/servers/raw-http";

interface Seen {
  readonly head: RequestHead;
  readonly request: IncomingMessage;
  readonly headers: IncomingMessage["headers"];
}

const seen: Seen[] = [];
const server = createServer((request, response) => {
  const head = headOf(request);
  seen.push({ head, request, headers: { ...request.headers } });
  // The framework does such things.
  request.headers.host = "changed.test";
  request.url = "/changed";
  response.end();
});
let connection: RawConnection;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  connection = await RawConnection.open((server.address() as AddressInfo).port);
});
afterAll(() => {
  connection.destroy();
  server.close();
});

async function say(...lines: string[]): Promise<Seen> {
  connection.send(`${lines.join("\r\n")}\r\n\r\n`);
  expect((await connection.answer()).status).toBe(200);
  return seen.at(-1) as Seen;
}

const PAGE = [
  "GET /api/contacts?a=%41 HTTP/1.1",
  "Host: app.test",
  "Cookie: a=1",
  "cookie: b=2",
  "X-Two: 1",
  "x-two: 2",
];

describe("the head of a request", () => {
  it("is its request line and its headers, as Node parses them", async () => {
    const { head, headers } = await say(...PAGE);
    expect(head).toMatchObject({ method: "GET", target: "/api/contacts?a=%41", headerCount: 5 });
    expect(head).toMatchObject({ hasBody: false, isBodyLong: false });
    for (const name of Object.keys(headers)) expect(head.get(name)).toBe(String(headers[name]));
    expect([head.get("cookie"), head.get("x-two"), head.get("absent")]).toEqual(["a=1; b=2", "1, 2", null]);
    for (const name of ["constructor", "__proto__", "toString"]) expect(head.get(name)).toBeNull();
  });

  it("is that of the request on its way, whatever the framework made of the one before", async () => {
    await say("GET /first HTTP/1.1", "Host: app.test");
    expect((await say("GET /changed HTTP/1.1", "Host: app.test")).head.target).toBe("/changed");
    expect((await say("GET /first HTTP/1.1", "Host: app.test")).head.target).toBe("/first");
  });

  it("is parsed once for equal heads, on any connection", async () => {
    const first = await say(...PAGE);
    const second = await say(...PAGE);
    expect(second.request).not.toBe(first.request);
    expect(second.head).toBe(first.head);
    expect(second.head.get("host")).toBe("app.test");
    expect((await say(PAGE[0] as string, "Host: app.test", "Cookie: a=2")).head).not.toBe(first.head);
  });

  it("names the socket's address, whatever the client writes there", async () => {
    const { head } = await say("GET / HTTP/1.1", "Host: app.test", `${SOCKET_HEADER}: 9.9.9.9`);
    expect(head.get(SOCKET_HEADER)).toBe("127.0.0.1");
  });

  it("is not kept if it is long", async () => {
    const long = ["GET / HTTP/1.1", "Host: app.test", `x-long: ${"x".repeat(4_000)}`];
    expect((await say(...long)).head).not.toBe((await say(...long)).head);
  });
});

describe("two requests", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", " ", ",", ":", "\t", "ü"), maxLength: 3 });
  const asked = fc.record({
    method: fc.constantFrom("GET", "HEAD", "POST"),
    url: fc.constantFrom("/", "/a", "/b"),
    rawHeaders: fc.array(text, { maxLength: 6 }).map((all) => all.slice(0, all.length - (all.length % 2))),
  });
  type Asked = { method: string; url: string; rawHeaders: string[] };
  const requestOf = ({ method, url, rawHeaders }: Asked, socket = new Socket()) =>
    Object.assign(new IncomingMessage(socket), { method, url, rawHeaders });

  it("share a head only if theirs are equal, on one connection or on two", () => {
    fc.assert(
      fc.property(asked, asked, (one, other) => {
        const isSame = JSON.stringify(one) === JSON.stringify(other);
        expect(headOf(requestOf(one)) === headOf(requestOf(other))).toBe(isSame);
        const socket = new Socket();
        expect(headOf(requestOf(one, socket)) === headOf(requestOf(other, socket))).toBe(isSame);
      }),
      {
        examples: [", ", "\n", "\r\n", ": "].map((between) => [
          { method: "GET", url: "/", rawHeaders: ["x", "a", "y", "b"] },
          { method: "GET", url: "/", rawHeaders: ["x", ["a", "y", "b"].join(between)] },
        ]),
      },
    );
  });
});
