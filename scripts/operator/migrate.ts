/** `npm run migrate`: brings the tables up to date in a separate step, before instances of a new version start. */

import { runMigrations } from "@/lib/server/cli/migrations";
import { readEnv } from "@/lib/server/config/env";
import { command } from "../command";
import { environment } from "../environment";

const USAGE = `npm run migrate -- [options]
  --dry-run     prints the missing migrations and changes nothing

Applies the missing migrations to the database of DATABASE_URL, or to the one in DATA_DIR, and prints them.`;

void command({ usage: USAGE, options: { "dry-run": { type: "boolean" } } }, ({ values }) =>
  runMigrations(readEnv(environment()), console.log, { isDry: values["dry-run"] ?? false }),
);
