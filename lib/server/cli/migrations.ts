import "server-only";
/** `npm run migrate`: brings the tables of the configured database up to date, and reports what it did. */
import { PostgresAdminStore } from "../../adapters/postgres/admin-store";
import { migrate, missingMigrations } from "../../adapters/postgres/drivers/migrate";
import { Statements } from "../../adapters/postgres/drivers/statements";
import { RowReader } from "../../adapters/postgres/read/row-reader";
import { recordCommand } from "../admin/record-command";
import { openDatabaseOf } from "../boot/open";
import type { Env } from "../config/env";

/**
 * Reports only the migrations that this run applied, not those that another process applied meanwhile. `isDry` changes nothing.
 */
export async function runMigrations(
  env: Env,
  say: (line: string) => void,
  { isDry = false }: { readonly isDry?: boolean } = {},
): Promise<void> {
  const db = await openDatabaseOf(env);
  try {
    const missing = await missingMigrations(db);
    if (missing.length === 0) return say("The database is up to date.");
    if (isDry) return say(`The database lacks ${missing.join(", ")}. Nothing was changed.`);
    await migrate(db);
    // The operator log exists only after the migrations.
    const admin = new PostgresAdminStore(new Statements(db), new RowReader());
    await recordCommand(admin, { action: "database.migrate", target: null }, async () => ({ applied: missing }));
    for (const name of missing) say(`applied ${name}`);
    say(`The database is up to date now (${missing.length} applied).`);
  } finally {
    await db.close();
  }
}
