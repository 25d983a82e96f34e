import "server-only";
/** `npm run migrate`: brings the tables of the configured database up to date, and says what that took. */
import { migrate, missingMigrations } from "../adapters/postgres/migrate";
import type { Env } from "./env";
import { openDatabaseOf } from "./open";

/** Says nothing of what another process applied at the same time: that was not this one's doing. */
export async function runMigrations(env: Env, say: (line: string) => void): Promise<void> {
  const db = await openDatabaseOf(env);
  try {
    const missing = await missingMigrations(db);
    await migrate(db);
    for (const name of missing) say(`applied ${name}`);
    say(
      missing.length === 0
        ? "The database is up to date."
        : `The database is up to date now (${missing.length} applied).`,
    );
  } finally {
    await db.close();
  }
}
