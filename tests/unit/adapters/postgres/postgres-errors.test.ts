import { inspect } from "node:util";
import { DrizzleQueryError } from "drizzle-orm/errors";
import { describe, expect, it } from "vitest";
import { translateError } from "@/lib/adapters/postgres/drivers/errors";

const fromServer = (code: string) => Object.assign(new Error("in whatever language"), { severity: "ERROR", code });

describe("errors of the database", () => {
  it("lose what drizzle quotes of them: the statement and its values", () => {
    for (const cause of [fromServer("57P01"), fromServer("23505"), new Error("Connection terminated")]) {
      const failure = new DrizzleQueryError("SELECT $1", ["tm-secret"], cause);
      expect(String(failure)).toContain("tm-secret");
      for (let error: unknown = translateError(failure); error instanceof Error; error = error.cause) {
        expect(inspect(error)).not.toContain("tm-secret");
        expect(error).not.toBeInstanceOf(DrizzleQueryError);
      }
    }
  });

  it.each([
    ["connection failure", "08006"],
    ["serialization failure", "40001"],
    ["deadlock", "40P01"],
    ["too many connections", "53300"],
    ["lock not available", "55P03"],
    ["cancelled by a timeout", "57014"],
    ["shutting down", "57P01"],
    ["read only after a failover", "25006"],
    ["password changed", "28P01"],
    ["database renamed", "3D000"],
  ])("are worth a retry: %s (%s)", (_, code) => {
    const error = fromServer(code);
    expect(translateError(error)).toMatchObject({ name: "TierUnavailable", cause: error });
  });

  it.each([
    ["unique violation", "23505"],
    ["syntax error", "42601"],
    ["division by zero", "22012"],
    ["undefined table", "42P01"],
  ])("are mistakes of ours, and stay unchanged: %s (%s)", (_, code) => {
    const error = fromServer(code);
    expect(translateError(error)).toBe(error);
  });

  it("are failures of the connection if the driver reports them, with or without a code", () => {
    for (const error of [
      Object.assign(new Error("refused"), { code: "ECONNREFUSED" }),
      new Error("Connection terminated"),
    ]) {
      expect(translateError(error)).toMatchObject({ name: "TierUnavailable", tier: "postgres" });
    }
  });

  it("are mistakes of ours if JavaScript reports them", () => {
    const error = new TypeError("x is not a function");
    expect(translateError(error)).toBe(error);
  });
});
