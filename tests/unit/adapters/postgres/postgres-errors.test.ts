import { describe, expect, it } from "vitest";
import { classify } from "@/lib/adapters/postgres/drivers/database";

const fromServer = (code: string) => Object.assign(new Error("in whatever language"), { severity: "ERROR", code });

describe("errors of the database", () => {
  it.each([
    ["connection failure", "08006"],
    ["serialization failure", "40001"],
    ["deadlock", "40P01"],
    ["too many connections", "53300"],
    ["lock not available", "55P03"],
    ["cancelled by a timeout", "57014"],
    ["shutting down", "57P01"],
    ["read only after a failover", "25006"],
  ])("are worth a retry: %s (%s)", (_, code) => {
    const error = fromServer(code);
    expect(classify(error)).toMatchObject({ name: "TierUnavailable", cause: error });
  });

  it.each([
    ["unique violation", "23505"],
    ["syntax error", "42601"],
    ["division by zero", "22012"],
    ["undefined table", "42P01"],
  ])("are ours, and stay what they are: %s (%s)", (_, code) => {
    const error = fromServer(code);
    expect(classify(error)).toBe(error);
  });

  it("are the connection's where the driver reports them, with or without a code", () => {
    for (const error of [
      Object.assign(new Error("refused"), { code: "ECONNREFUSED" }),
      new Error("Connection terminated"),
    ]) {
      expect(classify(error)).toMatchObject({ name: "TierUnavailable", tier: "postgres" });
    }
  });

  it("are ours where the language reports them", () => {
    const error = new TypeError("x is not a function");
    expect(classify(error)).toBe(error);
  });
});
