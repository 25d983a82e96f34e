import "server-only";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Database } from "../../../adapters/postgres/drivers/database";
import { missingMigrations } from "../../../adapters/postgres/drivers/migrate";
import { databaseTime } from "../../../adapters/postgres/read/server";
import { openStore } from "../../../adapters/postgres/store";
import { reasonUnreachable } from "../../../core/health/unreachable";
import type { Stores } from "../../boot/app";
import { openDatabaseOf } from "../../boot/open";
import { dataDirProblem } from "../../config/data-dir";
import type { Env } from "../../config/env";
import { clockFinding, type DoctorFinding, fine, wrong } from "./finding";
import { olderMessages } from "./older-messages";

/** The findings, and the stores that later checks read. No stores if they could not be opened. */
export interface DatabaseExam {
  readonly findings: readonly DoctorFinding[];
  readonly stores: Stores | null;
}

/** Only reads. The app makes tables and folders when it starts; with MIGRATE off, `npm run migrate` makes the tables. */
export async function examineDatabase(env: Env): Promise<DatabaseExam> {
  if (env.DATABASE_URL === undefined) return { findings: [embedded(env)], stores: null };
  let db: Database | null = null;
  try {
    db = await openDatabaseOf(env);
    const clock = await clockOf(db);
    const missing = await missingMigrations(db);
    if (missing.length > 0) {
      await db.close();
      return { findings: [behind(env, missing), clock], stores: null };
    }
    const stores = await openStore(db, env.HEDERA_NETWORK, { isStrict: env.isStrict, onlyReads: true });
    const topics = await stores.sync.topics();
    const sentence = `Postgres answers, its migrations are applied, and it stores ${topics.length} topics.`;
    const [packAgeMs, dropAgeMs] = [await stores.sync.packAgeMs(), await stores.sync.dropAgeMs()];
    const older = olderMessages(env, { topics, packAgeMs, dropAgeMs, nowMs: Date.now() });
    return { findings: [fine("database", sentence), clock, ...older], stores };
  } catch (cause) {
    await db?.close().catch(() => {});
    const reason = reasonUnreachable(cause) ?? (cause instanceof Error ? cause.message : String(cause));
    const mend = "Check DATABASE_URL, and that the server can be reached from here.";
    return {
      findings: [wrong("database", `Postgres cannot be used: ${reason.replace(/\.$/, "")}. ${mend}`)],
      stores: null,
    };
  }
}

function embedded(env: Env): DoctorFinding {
  const problem = dataDirProblem(env);
  if (problem !== null) return wrong("database", problem);
  const folder = join(env.DATA_DIR, "postgres");
  const is = existsSync(folder) ? "is" : "will be made";
  return fine(
    "database",
    `The embedded Postgres ${is} in ${folder}. Only the app opens it, so what it holds is not checked here.`,
  );
}

function behind({ MIGRATE }: Env, missing: readonly string[]): DoctorFinding {
  const lacks = `Postgres answers, and lacks ${missing.join(", ")}`;
  return MIGRATE === "on"
    ? fine("database", `${lacks}. The app applies it at its next start, or run \`npm run migrate\`.`)
    : wrong("database", `${lacks}, and MIGRATE is off. Run \`npm run migrate\` with a role that may alter tables.`);
}

async function clockOf(db: Database): Promise<DoctorFinding> {
  const beforeMs = Date.now();
  const nowMs = await databaseTime(db);
  return clockFinding("the database's", nowMs, beforeMs, Date.now());
}
