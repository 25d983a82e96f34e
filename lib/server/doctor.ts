import "server-only";
/** Checks a configuration piece by piece, and says in sentences what is wrong and how to mend it. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../adapters/memory/system-clock";
import { MirrorLedger } from "../adapters/mirror/mirror-ledger";
import { toMs } from "../core/consensus-time";
import { NoDevnet } from "../devnet/spawn";
import { type Env, EnvError, NETWORK_MIRRORS, readEnv } from "./env";
import { createLog } from "./log";
import { openShared, openStores } from "./open";

export interface Finding {
  readonly what: string;
  readonly ok: boolean;
  readonly sentence: string;
}

/** A mirror that is further behind than this has stalled (hedera.md §1: normally about 5 s). */
const MIRROR_LAG_MS = 60_000;

/** Looks at everything that the environment names. Starts nothing that is not there: the devnet and PGlite need no doctor. */
export async function* examine(source: Readonly<Record<string, string | undefined>>): AsyncGenerator<Finding> {
  let env: Env;
  try {
    env = readEnv(source);
  } catch (cause) {
    if (!(cause instanceof EnvError)) throw cause;
    yield { what: "configuration", ok: false, sentence: cause.message };
    return;
  }
  yield { what: "configuration", ok: true, sentence: `The configuration is complete for ${env.HEDERA_NETWORK}.` };
  yield await database(env);
  yield await redis(env);
  if (env.isDevnet) {
    yield devnet();
    return;
  }
  yield* mirror(env);
  const canWrite = env.HEDERA_OPERATOR_ID !== undefined;
  const writes = canWrite
    ? `Messages are paid for by ${env.HEDERA_OPERATOR_ID}.`
    : "There is no operator key: the app will only read.";
  yield { what: "operator", ok: true, sentence: writes };
  const trust =
    env.TRUSTED_PAYERS === "*"
      ? "TRUSTED_PAYERS is *: anybody can write in anybody's name."
      : "TRUSTED_PAYERS is not set: only what people paid for themselves will show.";
  if (env.TRUSTED_PAYERS === "*" || env.TRUSTED_PAYERS === null)
    yield { what: "trusted payers", ok: false, sentence: `${trust} Set it to the accounts that may write for others.` };
}

/** It runs from the repository, by tsx. */
function devnet(): Finding {
  const what = "ledger";
  return existsSync(join("node_modules", "tsx"))
    ? { what, ok: true, sentence: "The embedded devnet starts with the app; there is nothing to reach." }
    : { what, ok: false, sentence: new NoDevnet().message };
}

async function database(env: Env): Promise<Finding> {
  const what = "database";
  if (env.DATABASE_URL === undefined)
    return { what, ok: true, sentence: `The embedded Postgres will be used, in ${env.DATA_DIR}.` };
  try {
    const stores = await openStores(
      env,
      createLog(() => {}, false),
    );
    const topics = await stores.sync.topics();
    await stores.close();
    return {
      what,
      ok: true,
      sentence: `Postgres answers, its migrations are applied, and it keeps ${topics.length} topics.`,
    };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return {
      what,
      ok: false,
      sentence: `Postgres cannot be used: ${reason}. Check DATABASE_URL, and that the server can be reached from here.`,
    };
  }
}

async function redis(env: Env): Promise<Finding> {
  const what = "redis";
  const tier = openShared(
    env,
    createLog(() => {}, false),
  );
  if (tier === null) return { what, ok: true, sentence: "No Redis is configured: one instance only." };
  try {
    // Each kind of script once: what a plan does not allow shows here, not under load.
    await tier.hot.passGate("doctor", 1);
    await tier.hot.reserve("doctor", { perSecond: 1_000, burst: 1_000, maxWaitMs: 0 });
    await tier.hot.round([], 1, 0);
    return { what, ok: true, sentence: "Redis answers, and runs our scripts." };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return {
      what,
      ok: false,
      sentence: `Redis cannot be used: ${reason}. Check UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN.`,
    };
  } finally {
    await tier.close();
  }
}

async function* mirror(env: Env): AsyncGenerator<Finding> {
  const urls = env.MIRROR_URL ?? NETWORK_MIRRORS[env.HEDERA_NETWORK] ?? [];
  for (const url of urls) {
    const ledger = new MirrorLedger({ urls: [url], clock: systemClock, reserve: async () => 0 });
    const { origin } = new URL(url);
    const head = await ledger.head();
    if (!head.ok) {
      yield {
        what: "mirror",
        ok: false,
        sentence: `${origin}: ${head.error.message}. Check MIRROR_URL, or take another mirror.`,
      };
      continue;
    }
    if (head.value.throughNs === null) {
      yield { what: "mirror", ok: true, sentence: `${origin} answers, and has no blocks yet: the ledger is quiet.` };
      continue;
    }
    const lagMs = Date.now() - toMs(head.value.throughNs);
    const isFresh = lagMs <= MIRROR_LAG_MS;
    yield {
      what: "mirror",
      ok: isFresh,
      sentence: `${origin} answers, and is ${Math.max(0, Math.round(lagMs / 1_000))} s behind.${isFresh ? "" : " It has stalled: take another mirror first."}`,
    };
    const topics = new Set(
      [env.TOPIC_CONTACT, env.TOPIC_TRUST, env.TOPIC_RECOGNITION, env.TOPIC_PROFILE].flatMap((ids) => ids ?? []),
    );
    for (const topicId of topics) {
      const page = await ledger.page({ topicId, after: 0, limit: 1 });
      const isThere = page.ok && page.value.length > 0;
      const problem = page.ok
        ? "has no messages: a wrong id looks just like that, so compare it"
        : `cannot be read: ${page.error.message}`;
      yield { what: "topic", ok: isThere, sentence: `Topic ${topicId} ${isThere ? "is there" : problem}.` };
    }
  }
}
