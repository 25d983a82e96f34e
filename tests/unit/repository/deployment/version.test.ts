import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { VERSION } from "@/lib/server/observe/version";

it("is the one that package.json says", () => {
  expect(VERSION).toBe((JSON.parse(readFileSync("package.json", "utf8")) as { version: string }).version);
});
