/** `npm run migrate`: brings the tables up to date as a step of its own, before the instances of a new version start. */

import { runMigrations } from "@/lib/server/cli/migrations";
import { readEnv } from "@/lib/server/config/env";
import { command } from "../command";
import { environment } from "../environment";

const USAGE = `npm run migrate -- [options]
  --dry-run     says what is missing, and changes nothing

Applies what is missing to the database of DATABASE_URL, or to the one in DATA_DIR, and says what that was.`;

void command({ usage: USAGE, options: { "dry-run": { type: "boolean" } } }, ({ values }) =>
  runMigrations(readEnv(environment()), console.log, { isDry: values["dry-run"] ?? false }),
);
