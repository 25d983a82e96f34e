/** Requests to mirrors over HTTP, with a server that answers as mirrors and gateways do. */
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readText, TOO_LARGE } from "@/lib/adapters/mirror/bounded-json";
import { send } from "@/lib/adapters/mirror/send";

let server: Server;
let answer: RequestListener;
let asked: { readonly url: string | undefined; readonly headers: Readonly<Record<string, unknown>> }[];
beforeEach(async () => {
  asked = [];
  server = createServer((request, response) => {
    asked.push({ url: request.url, headers: request.headers });
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1/blocks`;
const ask = (signal = AbortSignal.timeout(10_000)) =>
  send(url(), { headers: { accept: "application/json" }, signal, redirect: "manual", cache: "no-store" });

describe("an answer", () => {
  it("comes with its status, its headers and its text, compressed or not", async () => {
    for (const isGzip of [false, true]) {
      answer = (_, response) => {
        const text = JSON.stringify({ name: "Ünï".repeat(50_000) });
        response.writeHead(200, isGzip ? { "content-encoding": "gzip", "x-a": "1" } : { "x-a": "1" });
        response.end(isGzip ? gzipSync(text) : text);
      };
      const given = await ask();
      expect([given.status, given.headers.get("x-a"), given.headers.get("x-b")]).toEqual([200, "1", null]);
      expect(JSON.parse((await readText(given, 1_000_000)) as string)).toEqual({ name: "Ünï".repeat(50_000) });
    }
    expect(asked[0]?.headers).toMatchObject({ accept: "application/json", "accept-encoding": "gzip" });
  });

  it("that unpacks to more than the limit is left, and its connection ends", async () => {
    let isClosed = false;
    answer = (_, response) => {
      response.on("close", () => (isClosed = true)).writeHead(200, { "content-encoding": "gzip" });
      response.write(gzipSync(Buffer.alloc(10_000_000)));
    };
    expect(await readText(await ask(), 1_000_000)).toBe(TOO_LARGE);
    await expect.poll(() => isClosed).toBe(true);
  });

  it("that is broken off ends the connection, and no error is left without a reader", async () => {
    let isClosed = false;
    answer = (_, response) =>
      void response
        .on("close", () => (isClosed = true))
        .writeHead(500)
        .write("x");
    await (await ask()).body?.cancel();
    await expect.poll(() => isClosed).toBe(true);
  });

  it("with several Retry-After headers gives them all", async () => {
    answer = (_, response) => void response.writeHead(429, ["retry-after", "3", "retry-after", "7"]).end();
    expect((await ask()).headers.get("retry-after")?.split(/,\s*/)).toEqual(["3", "7"]);
  });

  it("with a redirect is not followed", async () => {
    answer = (_, response) => void response.writeHead(302, { location: "/elsewhere" }).end();
    expect((await ask()).status).toBe(302);
    expect(asked).toHaveLength(1);
  });

  it.each([
    ["is cut", (socket: { destroy(): void }) => socket.destroy()],
    ["does not end in time", () => {}],
  ])("that %s rejects for its reader", async (_, then) => {
    answer = (request, response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("begun", () => then(request.socket));
    };
    await expect(readText(await ask(AbortSignal.timeout(500)), 1_000)).rejects.toThrow();
  });
});

describe("no answer", () => {
  it("rejects when the signal aborts, with its reason", async () => {
    answer = () => {};
    await expect(ask(AbortSignal.timeout(100))).rejects.toMatchObject({ name: "TimeoutError" });
  });

  it("rejects with the connection's error", async () => {
    const gone = url();
    await new Promise((resolve) => server.close(resolve));
    const sent = { headers: {}, signal: AbortSignal.timeout(5_000), redirect: "manual", cache: "no-store" } as const;
    await expect(send(gone, sent)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });
});
