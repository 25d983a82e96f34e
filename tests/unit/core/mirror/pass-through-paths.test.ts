import { expect, it } from "vitest";
import { isPassed } from "@/lib/core/mirror/pass-through-paths";

const passed = (path: string) => isPassed(path.split("/"));

it.each([
  ["accounts"],
  ["accounts/0.0.2"],
  ["accounts/0x00000000000000000000000000000000000003e8"],
  ["accounts/0.0.2/tokens"],
  ["balances"],
  ["tokens"],
  ["tokens/0.0.5/nfts"],
  ["blocks"],
  ["blocks/77"],
  ["network/exchangerate"],
  ["transactions"],
  ["transactions/0.0.2-1795392000-000000001"],
  ["contracts/0.0.7"],
  ["contracts/0x00000000000000000000000000000000000003e8"],
  ["schedules/0.0.7"],
])("hands %s on", (path) => {
  expect(passed(path)).toBe(true);
});

it.each([
  [""],
  ["contracts"],
  ["contracts/call"],
  ["contracts/results"],
  ["contracts/0.0.7/results"],
  ["schedules"],
  ["transactions/0.0.2-1-1/stateproof"],
  ["network"],
  ["network/other"],
  ["topics/0.0.7"],
  ["accounts/.."],
  ["accounts/0.0.2?a=b"],
  ["accounts/a#b"],
  ["accounts/0.0.2/tokens/more"],
  [`accounts/${"a".repeat(101)}`],
  ["balances/0.0.2"],
])("keeps %s here", (path) => {
  expect(passed(path)).toBe(false);
});
