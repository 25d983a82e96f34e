import { expect, it } from "vitest";
import { err, ok, unwrap } from "@/lib/core/result";

it("unwraps a value", () => {
  expect(unwrap(ok(5))).toBe(5);
});

it("throws the very error that a failure carries, so that no cause is dropped", () => {
  const cause = new Error("why");
  expect(() => unwrap(err(cause))).toThrow(cause);
});

it("throws an error that names the failure, if the failure is not an error", () => {
  expect(() => unwrap(err({ code: "timeout" }))).toThrow('{"code":"timeout"}');
});
