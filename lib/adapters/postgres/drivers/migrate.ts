import { sql } from "drizzle-orm";
import { pgTable, text } from "drizzle-orm/pg-core";
import { MIGRATIONS, type Migration } from "../../../../drizzle/migrations/embedded";
import { template } from "../sql/template";
import type { Database } from "./database";
import { loginRefusal } from "./errors";

/** A migration may rewrite tables, and waits for another instance that does. */
const MIGRATION_MS = 600_000;

/** Any number: all instances lock the same one. */
const LOCK = 7_148_063;

/** The migrations that were applied. The first of them makes this table, so it is not part of the schema. */
const schemaMigrations = pgTable("schema_migrations", { name: text().primaryKey() });

/**
 * Brings the tables up to date. Any number of instances may call it at once: each call is one statement, which takes a lock,
 * applies what is missing and commits as a whole, so drivers without transactions can run it too.
 */
export async function migrate(db: Database, migrations: readonly Migration[] = MIGRATIONS): Promise<void> {
  // The drivers that set limits take several statements at once; the others take one, and have no limits to lift.
  const hasLimits = db.driver === "pg" || db.driver === "neon-ws";
  const lift = hasLimits ? "SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0;\n" : "";
  await db.ask((queries) => queries.execute(sql.raw(lift + script(migrations))), MIGRATION_MS);
}

/**
 * Names of the migrations that are still to be applied, in order. Changes nothing. Throws DatabaseUnusable if the server refuses the
 * login: this is the first statement of every start and every command.
 */
export async function missingMigrations(db: Database): Promise<readonly string[]> {
  const isThere = sql<boolean>`to_regclass(${"schema_migrations"}) IS NOT NULL`;
  const [found] = await db.ask(template({ isThere }, (columns) => sql`SELECT ${columns}`)).catch((error: unknown) => {
    throw loginRefusal(error);
  });
  const rows = found?.isThere ? await db.ask((queries) => queries.select().from(schemaMigrations)) : [];
  const applied = new Set(rows.map(({ name }) => name));
  return MIGRATIONS.map(({ name }) => name).filter((name) => !applied.has(name));
}

function script(migrations: readonly Migration[]): string {
  return `DO $migrate$
DECLARE
  changed text[];
  next_table text;
BEGIN
  PERFORM pg_advisory_xact_lock(${LOCK});
  CREATE TABLE IF NOT EXISTS schema_migrations (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now());
  ${lockTables(migrations)}
${migrations.map(step).join("\n")}
END $migrate$`;
}

/** A statement that changes a table, behind its comments. A function's text may name others. */
const CHANGES_TABLE = /^(?:--.*\n)*(?:ALTER TABLE|UPDATE|CREATE (?:UNIQUE )?INDEX "?\w+"? ON) "?(\w+)/;

/**
 * Locks the tables that are about to change, before the first one does. Instances that run have orders of their own in which their
 * statements lock tables, so a migration that waits must not hold a table already: both would wait for each other, and one of
 * them would fail. It waits for one table, and lets go of it if another one is in use.
 */
function lockTables(migrations: readonly Migration[]): string {
  const changes = migrations.flatMap(({ name, statements }) =>
    statements.flatMap((statement) => {
      const [, table] = CHANGES_TABLE.exec(statement) ?? [];
      return table === undefined ? [] : [`('${name}', '${table}')`];
    }),
  );
  if (changes.length === 0) return "";
  return `SELECT array_agg(DISTINCT c.tab ORDER BY c.tab) INTO changed FROM (VALUES ${changes.join(", ")}) c (migration, tab)
  WHERE to_regclass(c.tab) IS NOT NULL AND NOT EXISTS (SELECT FROM schema_migrations s WHERE s.name = c.migration);
  WHILE changed IS NOT NULL LOOP
    BEGIN
      FOREACH next_table IN ARRAY changed LOOP
        EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE %s', next_table, CASE WHEN next_table <> changed[1] THEN 'NOWAIT' END);
      END LOOP;
      EXIT;
    EXCEPTION WHEN lock_not_available THEN
      PERFORM pg_sleep(0.01);
    END;
  END LOOP;`;
}

function step({ name, statements }: Migration): string {
  return `  IF NOT EXISTS (SELECT FROM schema_migrations WHERE name = '${name}') THEN
${statements.map((statement) => `    EXECUTE $statement$${statement}$statement$;`).join("\n")}
    INSERT INTO schema_migrations (name) VALUES ('${name}');
  END IF;`;
}
