/** `npm run pack`: packs older messages and drops old ones at once, instead of in the background. */
import { runPacking } from "@/lib/server/cli/pack";
import { readEnv } from "@/lib/server/config/env";
import { command } from "../command";
import { environment } from "../environment";

const USAGE = `npm run pack
  Packs the messages that are older than HOT_HOURS, and drops those that are older than KEEP_MONTHS, in the database of
  DATABASE_URL or in the one in DATA_DIR. With DATABASE_URL it may run beside instances of this version. You can stop it at
  any moment: the next run continues.
  From the first packed message on, no earlier version can read this database. Only a backup undoes that. Only the ledger
  still has dropped messages.`;

void command({ usage: USAGE }, () => {
  const ending = new AbortController();
  process.once("SIGINT", () => ending.abort()).once("SIGTERM", () => ending.abort());
  return runPacking(readEnv(environment()), console.log, ending.signal);
});
