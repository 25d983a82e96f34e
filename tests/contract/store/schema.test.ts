/** drizzle/schema.ts, the migrations and the embedded copy of them say the same. */

import { readFileSync } from "node:fs";
import { generateDrizzleJson, generateMigration } from "drizzle-kit/api";
import { getTableName, is } from "drizzle-orm";
import { getTableConfig, PgTable } from "drizzle-orm/pg-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { embeddedModule } from "@/drizzle/embed";
import { MIGRATIONS } from "@/drizzle/migrations/embedded";
import * as schema from "@/drizzle/schema";
import type { Database } from "@/lib/adapters/postgres/drivers/database";
import { migrate } from "@/lib/adapters/postgres/drivers/migrate";
import { openPglite } from "@/lib/adapters/postgres/drivers/pglite";
import { rawQuery } from "@/tests/support/stores/raw-query";

const FOLDER = "drizzle/migrations";
const tables: PgTable[] = Object.values(schema).flatMap((value: unknown) => (is(value, PgTable) ? [value] : []));

describe("schema", () => {
  let db: Database;
  beforeAll(async () => {
    db = await openPglite({ memory: true });
    await migrate(db);
  });
  afterAll(() => db.close());

  it("has a migration for each part (else run npm run db:generate)", async () => {
    const { entries } = JSON.parse(readFileSync(`${FOLDER}/meta/_journal.json`, "utf8")) as {
      entries: { idx: number }[];
    };
    const last = String(entries.at(-1)?.idx).padStart(4, "0");
    const snapshot = JSON.parse(readFileSync(`${FOLDER}/meta/${last}_snapshot.json`, "utf8"));
    expect(await generateMigration(snapshot, generateDrizzleJson(schema, snapshot.id))).toEqual([]);
  });

  it("is embedded unchanged from its files (else run npm run db:generate)", () => {
    expect(readFileSync(`${FOLDER}/embedded.ts`, "utf8")).toBe(embeddedModule());
  });

  it("equals the result of the migrations, with columns in an order without padding", async () => {
    const rows = await rawQuery(
      db,
      `SELECT c.relname AS table, a.attname AS column, a.attnotnull AS required
      FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
      WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> 'schema_migrations'
      ORDER BY c.relname, a.attnum`,
    );
    const declared = tables
      .map((table) => ({ name: getTableName(table), columns: getTableConfig(table).columns }))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .flatMap(({ name, columns }) =>
        columns.map((c) => ({ table: name, column: c.name, required: c.notNull || c.primary })),
      );
    const keyed = new Set(
      tables.flatMap((table) =>
        getTableConfig(table).primaryKeys.flatMap((key) => key.columns.map((c) => `${getTableName(table)}.${c.name}`)),
      ),
    );
    expect(rows).toEqual(declared.map((c) => ({ ...c, required: c.required || keyed.has(`${c.table}.${c.column}`) })));
  });

  it("spreads rows and edges over 16 partitions by user, each with its indexes", async () => {
    const rows = await rawQuery(
      db,
      `SELECT p.relname AS parent, pg_get_partkeydef(p.oid) AS key, count(DISTINCT i.inhrelid)::integer AS partitions,
        count(x.indexrelid)::integer AS indexes
      FROM pg_class p JOIN pg_inherits i ON i.inhparent = p.oid JOIN pg_index x ON x.indrelid = i.inhrelid
      WHERE p.relkind = 'p' GROUP BY p.oid, p.relname ORDER BY 1`,
    );
    expect(rows).toEqual([
      { parent: "contact_edges", key: "HASH (user_no)", partitions: 16, indexes: 16 },
      { parent: "hcs_messages", key: "HASH (user_no)", partitions: 16, indexes: 16 },
    ]);
  });
});

it("the migration gives older accepts the side that sent them", async () => {
  const db = await openPglite({ memory: true });
  const at = MIGRATIONS.findIndex(({ name }) => name.endsWith("_access"));
  await migrate(db, MIGRATIONS.slice(0, at));
  await rawQuery(
    db,
    "INSERT INTO contact_edges (user_no, peer_no, accept_ns) VALUES (1, 2, 30), (2, 1, 30), (1, 3, NULL)",
  );
  // Users 1 and 2 have both accepted, at 20 and 30; flags of 4 and more are the actor's rows, type 2 is an accept.
  await rawQuery(
    db,
    `INSERT INTO hcs_messages (consensus_ns, ref, user_no, n, peer_no, type_no, flags) VALUES
    (10, 1, 1, 1, 2, 1, 4), (10, 1, 2, 1, 1, 1, 0),
    (15, 2, 1, 2, 2, 2, 4), (15, 2, 2, 2, 1, 2, 0),
    (20, 3, 1, 3, 2, 2, 5), (20, 3, 2, 3, 1, 2, 1),
    (30, 4, 2, 4, 1, 2, 4), (30, 4, 1, 4, 2, 2, 0)`,
  );
  await migrate(db);
  const rows = await rawQuery(
    db,
    "SELECT user_no, peer_no, accept_out_ns, accept_in_ns FROM contact_edges ORDER BY user_no, peer_no",
  );
  expect(rows.map((row) => Object.values(row).map((value) => (value === null ? null : Number(value))))).toEqual([
    [1, 2, 20, 30],
    [1, 3, null, null],
    [2, 1, 30, 20],
  ]);
  await db.close();
});
