import { describe, expect, it } from "vitest";
import { sourcesUnder } from "@/tests/support/repository/source";
import { sqlViolations } from "@/tests/support/repository/sql-text";

const LIB = sourcesUnder(["lib"], () => false);
const inStore = (text: string) => sqlViolations({ path: "lib/adapters/postgres/x.ts", text });

describe("SQL", () => {
  it("is written in templates only, and names tables through the schema", () => {
    // A scan that saw no templates would hold anything.
    expect(LIB.filter(({ text }) => text.includes("sql`")).length).toBeGreaterThan(15);
    expect(LIB.flatMap(sqlViolations)).toEqual([]);
  });

  it.each([
    ["a string", 'db.run("SELECT 1");', ["SELECT in a string"]],
    ["a template without a tag", "const text = `\n  INSERT INTO x VALUES (1)`;", ["INSERT INTO in a string"]],
    ["a block", "const text = `DO $x$ BEGIN END $x$`;", ["DO $ in a string"]],
    ["a table's name", "sql`SELECT * FROM topics t`;", ["names the table topics in text"]],
  ])("is found if it bypasses drizzle: %s", (_, code, found) => {
    expect(inStore(code)).toEqual(found.map((what) => expect.stringContaining(what)));
  });

  it("is fine in a template over the schema", () => {
    const fine = "sql<number>`SELECT count(*) FROM $" + "{topics}`; // SELECT is a word\nconst method = 'DELETE';";
    expect(inStore(fine)).toEqual([]);
  });
});
