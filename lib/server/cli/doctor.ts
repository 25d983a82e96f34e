import "server-only";
/** Checks a configuration part by part. Says in sentences what is wrong and how to fix it. Changes nothing anywhere. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { NoDevnet } from "../../devnet/spawn";
import { doubtfulSettings, type Env, EnvError, readEnv } from "../config/env";
import { examineDatabase } from "./doctor/database";
import { examineDoorbell } from "./doctor/doorbell";
import { type DoctorFinding, fine, wrong } from "./doctor/finding";
import { MirrorExam } from "./doctor/mirrors";
import { examineOperator } from "./doctor/operator";
import { examineRedis } from "./doctor/redis";
import { examineUi } from "./doctor/ui-origin";

export type { DoctorFinding } from "./doctor/finding";

/** Checks everything that the environment names. Starts nothing: the embedded devnet and PGlite need no check. */
export async function* examine(source: Readonly<Record<string, string | undefined>>): AsyncGenerator<DoctorFinding> {
  for (const doubt of doubtfulSettings(source)) yield wrong("configuration", doubt);
  let env: Env;
  try {
    env = readEnv(source);
  } catch (cause) {
    if (!(cause instanceof EnvError)) throw cause;
    yield wrong("configuration", cause.message);
    return;
  }
  yield fine("configuration", `The configuration is complete for ${env.HEDERA_NETWORK}.`);
  const { findings, stores } = await examineDatabase(env);
  try {
    yield* findings;
    yield* examineRedis(env);
    yield* examineUi(env);
    if (env.isDevnet) {
      yield devnet();
      return;
    }
    const mirrors = new MirrorExam(env);
    yield* mirrors.mirrors();
    yield* mirrors.topics(stores);
    yield* examineDoorbell(env);
    yield* examineOperator(env, mirrors.ledger);
    yield* mirrors.keys();
    yield* trust(env);
  } finally {
    await stores?.close();
  }
}

/** It runs from the repository, by tsx. */
function devnet(): DoctorFinding {
  const isThere = existsSync(join("node_modules", "tsx"));
  return isThere
    ? fine("ledger", "The embedded devnet starts with the app, so there is nothing to check.")
    : wrong("ledger", new NoDevnet().message);
}

function* trust(env: Env): Generator<DoctorFinding> {
  const set = "Set it to the accounts that may write for others.";
  if (env.TRUSTED_PAYERS === "*")
    yield wrong("trusted payers", `TRUSTED_PAYERS is *, so anybody can write in anybody's name. ${set}`);
  if (env.TRUSTED_PAYERS === null)
    yield wrong(
      "trusted payers",
      `TRUSTED_PAYERS is not set: only messages that people paid for themselves are shown. ${set}`,
    );
  if (!env.isStrict && env.HEDERA_NETWORK !== "custom")
    yield wrong(
      "bonding",
      "STRICT_BONDING is off, so one person's accept makes a bond, even if the other never asked. Set STRICT_BONDING=on on a public network.",
    );
}
