/** Whether the server is there, as a page asks before another page takes its place. */
import { afterEach, expect, it, vi } from "vitest";
import { isServerThere } from "@/lib/client/api/http";

afterEach(() => vi.unstubAllGlobals());

it.each([
  ["the server answers", () => Promise.resolve(new Response("{}")), true],
  ["a proxy answers in its place", () => Promise.resolve(new Response("Bad Gateway", { status: 502 })), false],
  ["nobody answers", () => Promise.reject(new TypeError("fetch failed")), false],
])("is told when %s", async (_, answer, isThere) => {
  vi.stubGlobal("fetch", answer);
  expect(await isServerThere()).toBe(isThere);
});
