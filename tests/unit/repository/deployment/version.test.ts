import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { VERSION } from "@/lib/server/observe/version";

it("the app's version is that of package.json", () => {
  expect(VERSION).toBe((JSON.parse(readFileSync("package.json", "utf8")) as { version: string }).version);
});
