import { describe, expect, it } from "vitest";
import type { Database, Row } from "@/lib/adapters/postgres/database";
import { STATEMENT_PURPOSES, type StatementSample } from "@/lib/adapters/postgres/statement-stats";
import { Statements } from "@/lib/adapters/postgres/statements";
import { StoreUnavailable } from "@/lib/ports/sync-store";

/** A database that answers what the test puts here: rows, or what it fails with. */
function scripted(...answers: readonly (readonly Row[] | Error)[]) {
  const left = [...answers];
  const db: Database = {
    driver: "pg",
    query: async () => {
      const next = left.shift() ?? [];
      if (next instanceof Error) throw next;
      return next;
    },
    close: async () => {},
  };
  return db;
}

describe("statements", () => {
  it("are counted by purpose, with rows, errors and times, and told one by one", async () => {
    const samples: StatementSample[] = [];
    const statements = new Statements(scripted([{}, {}], new StoreUnavailable("the database answered 57P01"), [{}]), {
      onStatement: (sample) => samples.push(sample),
    });
    await statements.run("contacts", "SELECT 1");
    await expect(statements.run("commit", "SELECT 2")).rejects.toBeInstanceOf(StoreUnavailable);
    await statements.run("contacts", "SELECT 3");
    const { byPurpose, lastError, driver } = statements.stats();
    expect(byPurpose.contacts).toMatchObject({ statements: 2, errors: 0, refused: 0, rows: 3 });
    expect(byPurpose.commit).toMatchObject({ statements: 1, errors: 1, rows: 0 });
    expect(byPurpose.contacts.totalMs).toBeGreaterThanOrEqual(byPurpose.contacts.maxMs);
    expect(samples.map(({ purpose, isError }) => [purpose, isError])).toEqual([
      ["contacts", false],
      ["commit", true],
      ["contacts", false],
    ]);
    expect([driver, lastError]).toEqual(["pg", "the database answered 57P01"]);
    expect(Object.keys(byPurpose)).toEqual([...STATEMENT_PURPOSES]);
  });

  it("say of a failure nothing but what kind it was", async () => {
    const server = Object.assign(new Error('duplicate key "tm-secret"'), { severity: "ERROR", code: "23505" });
    const statements = new Statements(scripted(server, new TypeError("tm-secret is not a function")));
    await expect(statements.run("commit", "x")).rejects.toBe(server);
    expect(statements.stats().lastError).toBe("the database answered 23505");
    await expect(statements.run("commit", "x")).rejects.toThrow(TypeError);
    expect(statements.stats().lastError).toBe("TypeError");
  });
});
