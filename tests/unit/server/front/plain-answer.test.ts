/** Answers as they arrive at a client, byte for byte. */

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { write } from "@/lib/server/front/answers/plain-answer";

let shared = Buffer.alloc(0);
let end = "";
let server: Server;
let url: string;
beforeAll(async () => {
  server = createServer((request, response) =>
    write(request, response, { status: 200, headers: { "x-name": "é" }, body: { shared, end } }),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

it("arrive as they are, short or long, whatever bytes they have", async () => {
  const anyLength = fc.oneof(fc.nat(40), fc.integer({ min: 1_000, max: 1_050 }), fc.constantFrom(1_024, 1_025, 70_000));
  await fc.assert(
    fc.asyncProperty(anyLength, fc.nat(255), fc.constantFrom("", "}", ',"é":1}'), async (length, first, ending) => {
      shared = Buffer.from(Array.from({ length }, (_, i) => (first + i * 7) % 256));
      end = ending;
      const response = await fetch(url);
      const bytes = Buffer.from(await response.arrayBuffer());
      expect(bytes).toEqual(Buffer.concat([shared, Buffer.from(end, "latin1")]));
      expect([response.headers.get("content-length"), response.headers.get("x-name")]).toEqual([
        String(bytes.length),
        "é",
      ]);
      const { status, headers } = await fetch(url, { method: "HEAD" });
      expect([status, headers.get("content-length")]).toEqual([200, String(bytes.length)]);
    }),
    { numRuns: 60 },
  );
});
