import { MIGRATIONS, type Migration } from "../../../../drizzle/migrations/embedded";
import type { Database } from "./database";

/** A migration may rewrite tables, and waits for another instance that does. */
const MIGRATION_MS = 600_000;

/** Any number: what all instances agree on to lock. */
const LOCK = 7_148_063;

/**
 * Brings the tables up to date. Any number of instances may call it at once: each call is one statement, which takes a lock,
 * applies what is missing and commits as a whole, so the drivers that know no transaction can run it too.
 */
export async function migrate(db: Database, migrations: readonly Migration[] = MIGRATIONS): Promise<void> {
  // Neon over HTTP takes one statement at a time, and sets no limits that would have to be lifted.
  const lift = db.driver === "neon-http" ? "" : "SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0;\n";
  await db.query(lift + script(migrations), [], MIGRATION_MS);
}

/** Names of what is yet to be applied, in order. Changes nothing. */
export async function missingMigrations(db: Database): Promise<readonly string[]> {
  const [found] = await db.query("SELECT to_regclass('schema_migrations') IS NOT NULL AS there");
  const rows = found?.there ? await db.query("SELECT name FROM schema_migrations") : [];
  const applied = new Set(rows.map(({ name }) => String(name)));
  return MIGRATIONS.map(({ name }) => name).filter((name) => !applied.has(name));
}

function script(migrations: readonly Migration[]): string {
  return `DO $migrate$ BEGIN
  PERFORM pg_advisory_xact_lock(${LOCK});
  CREATE TABLE IF NOT EXISTS schema_migrations (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now());
${migrations.map(step).join("\n")}
END $migrate$`;
}

function step({ name, statements }: Migration): string {
  return `  IF NOT EXISTS (SELECT FROM schema_migrations WHERE name = '${name}') THEN
${statements.map((statement) => `    EXECUTE $statement$${statement}$statement$;`).join("\n")}
    INSERT INTO schema_migrations (name) VALUES ('${name}');
  END IF;`;
}
