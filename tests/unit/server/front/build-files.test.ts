/** Compressed copies of the build's files, out of a folder as the build makes it. */
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, it } from "vitest";
import { buildFiles } from "@/lib/server/front/answers/build-files";
import { compressFiles } from "@/scripts/build/compressed-files";
import { RawConnection } from "../../../support/servers/raw-http";

const SCRIPT = "export const words = ['one','two','three'];\n".repeat(200);
const ADDRESS = "/trustmesh-edge/_next/static/chunks/a.js";
const build = mkdtempSync(join(tmpdir(), "tm-files-"));
let server: Server;
let connection: RawConnection;

beforeAll(async () => {
  mkdirSync(join(build, "static", "chunks"), { recursive: true });
  writeFileSync(join(build, "static", "chunks", "a.js"), SCRIPT);
  writeFileSync(join(build, "static", "chunks", "b.css"), "a{color:red}");
  writeFileSync(join(build, "static", "chunks", "c.svg"), "<svg/>");
  await compressFiles(build);
  server = createServer(buildFiles(build, (_, response) => void response.end("the framework")) as () => void);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  connection = await RawConnection.open((server.address() as AddressInfo).port);
});
afterAll(() => {
  connection.destroy();
  server.close();
  rmSync(build, { recursive: true });
});

const ask = (address: string, headers: Record<string, string>) => {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  connection.send(`GET ${address} HTTP/1.1\r\nhost: a.test\r\n${lines.join("")}\r\n`);
  return connection.answer();
};

it("sends the copy that the client prefers, with a length, for good", async () => {
  const brotli = await ask(ADDRESS, { "accept-encoding": "gzip, deflate, br, zstd" });
  expect(brotli).toMatchObject({
    status: 200,
    headers: {
      "content-encoding": "br",
      "content-type": "application/javascript; charset=UTF-8",
      "cache-control": "public, max-age=31536000, immutable",
      vary: "Accept-Encoding",
      "content-length": String(statSync(join(build, "compressed", "chunks", "a.js.br")).size),
    },
  });
  expect(brotliDecompressSync(Buffer.from(brotli.body, "latin1")).toString()).toBe(SCRIPT);
  const gzipped = await ask(ADDRESS, { "accept-encoding": "gzip, br;q=0.5" });
  expect(gzipped.headers["content-encoding"]).toBe("gzip");
  expect(gunzipSync(Buffer.from(gzipped.body, "latin1")).toString()).toBe(SCRIPT);
  const style = await ask(ADDRESS.replace("a.js", "b.css"), { "accept-encoding": "br" });
  expect(style.headers["content-type"]).toBe("text/css; charset=UTF-8");
});

it("leaves everything else to the framework", async () => {
  const br = { "accept-encoding": "br" };
  for (const [address, headers] of [
    [ADDRESS, {}],
    [ADDRESS, { "accept-encoding": "identity, br;q=0" }],
    [ADDRESS, { ...br, range: "bytes=0-9" }],
    [ADDRESS, { ...br, "if-none-match": 'W/"1"' }],
    [ADDRESS, { ...br, "if-modified-since": "Sun, 29 Nov 2026 01:47:09 GMT" }],
    [`${ADDRESS}?a=1`, br],
    [ADDRESS.replace("a.js", "none.js"), br],
    [ADDRESS.replace("a.js", "c.svg"), br],
    [ADDRESS.replace("a.js", "../../../server.js"), br],
    ["/sign-in", br],
  ] as const)
    expect(await ask(address, headers), address).toMatchObject({ body: "the framework" });
});

it("has the framework's tag, so that the framework knows whether a copy is still the same", async () => {
  const { size, mtime } = statSync(join(build, "static", "chunks", "a.js"));
  const { headers } = await ask(ADDRESS, { "accept-encoding": "br" });
  expect(headers.etag).toBe(`W/"${size.toString(16)}-${mtime.getTime().toString(16)}"`);
  expect(headers["last-modified"]).toBe(mtime.toUTCString());
});
