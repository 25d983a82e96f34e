/** Rows of tables that the server has no estimate for, on a database of the chosen set-up. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Database } from "@/lib/adapters/postgres/drivers/database";
import { countRows } from "@/lib/adapters/postgres/read/server";
import { openTestDatabase } from "../../support/servers/set-up";
import { rawQuery } from "../../support/stores/raw-query";

const ROWS = 20_000;
let db: Database;

beforeAll(async () => {
  db = await openTestDatabase();
  await rawQuery(db, `CREATE TABLE "of many" AS SELECT n, repeat('x', 100) AS text FROM generate_series(1, ${ROWS}) n`);
  await rawQuery(db, "CREATE TABLE none (n integer)");
});
afterAll(() => db.close());

const sizeOf = async (name: string) => {
  const [row] = await rawQuery(db, "SELECT pg_relation_size(format('%I', $1::text)::regclass) AS bytes", [name]);
  return { name, heapBytes: Number(row?.bytes) };
};
const rowsOf = async (countedBytes?: number) => {
  const tables = await Promise.all(["of many", "none"].map(sizeOf));
  const counts = await db.ask(countRows(tables, countedBytes));
  return new Map(counts.map(({ name, rows }) => [name, rows]));
};

describe("rows of tables", () => {
  it("are counted, in one statement for all", async () => {
    expect(await rowsOf()).toEqual(
      new Map([
        ["of many", ROWS],
        ["none", 0],
      ]),
    );
  });

  it("are counted by a sample if a table is large", async () => {
    const rows = (await rowsOf(500_000)).get("of many") ?? 0;
    expect(rows).toBeGreaterThan(ROWS * 0.5);
    expect(rows).toBeLessThan(ROWS * 1.5);
  });
});
