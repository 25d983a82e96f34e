import "server-only";
import { formatConsensusTime, toMs } from "../../core/consensus-time";
import { HotTierUnavailable } from "../../ports/view-cache";
import { HcsHealthAnswer, HealthAnswer, IngestionAnswer, ReadyAnswer } from "../../wire/health";
import { alarmsOf } from "../alarms";
import type { App } from "../container";
import { defineRoute } from "../route";

const noStore = { "cache-control": "no-store" };

export const health = defineRoute({
  summary: "200 while the process lives",
  access: "public",
  answer: HealthAnswer,
  handle: async () => Response.json({ ok: true, uptimeSeconds: Math.floor(process.uptime()) }, { headers: noStore }),
});

/** A balancer should take an instance out only for a lag that users would complain of, not for one missed round. */
const READY_LAG_MS = 30_000;
/** A check that waits longer than this is itself a failure to its caller. */
const CHECK_MS = 3_000;

export const ready = defineRoute({
  summary: "503 while a tier does not answer or the data lags too far behind",
  access: "public",
  answer: ReadyAnswer,
  otherAnswers: { 503: "Not ready, for the reasons that the body gives" },
  handle: async ({ app }) => {
    const [postgres, redis, mirror] = await Promise.all([checkPostgres(app), checkRedis(app), checkLag(app)]);
    const tiers = { postgres, ...(redis === null ? {} : { redis }), mirror };
    const isReady = Object.values(tiers).every(({ ok }) => ok);
    return Response.json({ ready: isReady, tiers }, { status: isReady ? 200 : 503, headers: noStore });
  },
});

async function checkPostgres(app: App): Promise<{ ok: boolean; detail: string | null }> {
  try {
    const late = app.clock.sleep(CHECK_MS).then(() => "late" as const);
    const topics = await Promise.race([app.stores.sync.topics(), late]);
    return topics === "late"
      ? { ok: false, detail: "the database did not answer in time" }
      : { ok: true, detail: null };
  } catch {
    return { ok: false, detail: "the database does not answer" };
  }
}

/** One command. Null where no Redis is configured. */
async function checkRedis(app: App): Promise<{ ok: boolean; detail: string | null } | null> {
  if (!app.isShared) return null;
  try {
    await app.hot.passGate("health:ready", 1);
    return { ok: true, detail: null };
  } catch (cause) {
    if (!(cause instanceof HotTierUnavailable)) throw cause;
    return { ok: false, detail: "Redis does not answer; reads go to the database" };
  }
}

/** Of the slowest topic that is not paused: an operator who pauses one must not take every instance out. Null: unknown. */
function lagOfRunning({ scheduler }: App): number | null {
  const running = [...scheduler.syncs].filter(([, { state }]) => state.name !== "paused");
  const lags = running.map(([topicId]) => scheduler.lagMs(topicId));
  return lags.includes(null) ? null : Math.max(0, ...lags.map(Number));
}

/** A check is a reader too: it demands a sync, so that an idle instance is not taken for a lagging one. */
async function checkLag(app: App): Promise<{ ok: boolean; detail: string | null }> {
  await Promise.race([app.scheduler.demand(), app.clock.sleep(CHECK_MS)]);
  const lagMs = lagOfRunning(app);
  if (lagMs === null) return { ok: false, detail: "no sync has completed yet" };
  if (lagMs > READY_LAG_MS)
    return { ok: false, detail: `the data is ${Math.round(lagMs / 1_000)} s behind the ledger` };
  return { ok: true, detail: null };
}

export const ingestion = defineRoute({
  summary: "Cursor, gaps, counts and last error of each topic, and what an operator should look at",
  access: "public",
  answer: IngestionAnswer,
  handle: async ({ app }) => {
    const states = await app.stores.sync.topics();
    const topics = await Promise.all(
      states.map(async ({ topicId, kinds, cursor, counts }) => {
        const sync = app.scheduler.syncs.get(topicId);
        const gaps = (await app.stores.sync.gaps(topicId)).filter((gap) => gap.state !== "filled");
        return {
          topicId,
          kinds: [...kinds],
          cursor,
          state: sync?.state.name ?? "not kept here",
          lagMs: app.scheduler.lagMs(topicId),
          gaps: gaps.map(({ from, to, state }) => ({ from, to, state })),
          counts,
          lastError: sync?.lastError ?? null,
        };
      }),
    );
    const paused = new Map(states.map((state) => [state.topicId, state.paused]));
    const alarms = alarmsOf(
      app,
      topics.map((topic) => ({ ...topic, paused: paused.get(topic.topicId) ?? false })),
    );
    return Response.json({ ok: alarms.length === 0, alarms, topics }, { headers: noStore });
  },
});

/** Where the gate does not answer nobody asks: syncs tell of the mirror as well. */
async function mayAskHead(app: App): Promise<boolean> {
  try {
    return await app.hot.passGate("health:hcs", 1_000);
  } catch (cause) {
    if (!(cause instanceof HotTierUnavailable)) throw cause;
    return false;
  }
}

export const hcs = defineRoute({
  summary: "Whether the mirror node answers, and how fresh it is itself",
  access: "public",
  answer: HcsHealthAnswer,
  handle: async ({ app }) => {
    // A question once a second at most, whoever asks: this route must not eat the mirror budget.
    if (await mayAskHead(app)) await app.scheduler.askHead();
    const head = app.scheduler.mirrorHeadNs;
    const failing = app.ledger.states().find(({ circuit, lastError }) => circuit !== "closed" && lastError !== null);
    const lagMs = head === null ? null : Math.max(0, app.clock.now() - toMs(head));
    const mirror = {
      reachable: failing === undefined && head !== null,
      detail: failing?.lastError ?? null,
      headTime: head === null ? null : formatConsensusTime(head),
      lagMs,
    };
    const ok = mirror.reachable && lagMs !== null && lagMs <= READY_LAG_MS;
    return Response.json({ ok, network: app.env.HEDERA_NETWORK, mirror }, { headers: noStore });
  },
});
