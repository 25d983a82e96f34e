import "server-only";
import { cappedAt, fittingPrefix, MAX_ANSWER_BYTES } from "../../../core/bounds";
import type { Incident, IncidentCode } from "../../../core/health/incident";
import { formatConsensusTime, toMs } from "../../../core/ledger/consensus-time";
import { ifDown } from "../../../ports/tier-unavailable";
import { HcsHealthAnswer, HealthAnswer, IngestionAnswer, ReadyAnswer } from "../../../wire/operators/health";
import { droppedCounts, droppedMessages } from "../../admin/dropped";
import type { App } from "../../boot/app";
import { mergeIncidents } from "../../health/merge-incidents";
import { json } from "../../http/answers/answer";
import { defineRoute } from "../../http/route";
import { reportsOf } from "../../observe/instance-report";

/** The tiers are probed at most once a second, however many checks come, so that checks do not load a database. */
const HEALTH_MS = 1_000;
const noStore = { "cache-control": "no-store" };

export const health = defineRoute({
  summary: "200 while the process runs",
  access: "public",
  limit: "health",
  rememberMs: HEALTH_MS,
  answer: HealthAnswer,
  handle: () => json({ ok: true, uptimeSeconds: Math.floor(process.uptime()) }, noStore),
});

export const ready = defineRoute({
  summary: "503 while this instance cannot serve; 200 with `degraded` while it serves although something is wrong",
  access: "public",
  limit: "health",
  rememberMs: HEALTH_MS,
  answer: ReadyAnswer,
  otherAnswers: { 503: "Not ready; the body gives the reasons" },
  handle: async ({ app }) => {
    // A check counts as a reader, so an instance without other readers stays current.
    await app.health.examineAsReader();
    const incidents = app.incidents.current();
    const isReady = app.health.canServe();
    return json(
      {
        ready: isReady,
        degraded: incidents.length > 0,
        incidents,
        progress: app.firstSync.progress,
        tiers: {
          postgres: tier(incidents, ["postgres-down"]),
          ...(app.isShared ? { redis: tier(incidents, ["redis-down"]) } : {}),
          mirror: tier(incidents, ["devnet-ended", "mirror-down", "topics-behind", "starting"]),
        },
      },
      noStore,
      isReady ? 200 : 503,
    );
  },
});

function tier(incidents: readonly Incident[], codes: readonly IncidentCode[]) {
  const wrong = incidents.find(({ code }) => codes.includes(code));
  return { ok: wrong === undefined, detail: wrong?.summary ?? null };
}

export const ingestion = defineRoute({
  summary: "Cursor, gaps, counts and last error of each topic, and all incidents",
  access: "public",
  limit: "health",
  rememberMs: HEALTH_MS,
  answer: IngestionAnswer,
  handle: async ({ app }) => {
    await app.health.examine();
    const known = app.adminReads.topics.last;
    const droppedOf = await droppedCounts(app);
    const topics = (known?.value ?? []).map(({ topicId, kinds, cursor, counts, gaps, dropped }) => {
      const sync = app.scheduler.syncs.get(topicId);
      return {
        topicId,
        kinds: [...kinds],
        cursor,
        state: sync?.state.name ?? "not kept here",
        lagMs: sync === undefined ? null : app.scheduler.lagMs(topicId),
        gaps: gaps.map(({ from, to, state }) => ({ from, to, state })),
        counts,
        ...droppedMessages(dropped, droppedOf.get(topicId)),
        lastError: sync?.lastError ?? null,
      };
    });
    const incidents = mergeIncidents(await reportsOf(app), app.clock.now()).map(({ instances: _, ...each }) => each);
    const alarms = incidents.map(({ summary }) => summary);
    const asOfMs = known?.readMs ?? null;
    const listed = fittingPrefix(topics, MAX_ANSWER_BYTES * 0.6);
    const cut = cappedAt({ topics: [listed.length, topics.length] });
    const answer = { ok: incidents.length === 0, incidents, alarms, asOfMs, topics: listed, ...cut };
    return json(answer, noStore);
  },
});

/** Nobody asks while Redis is down. Syncs report on the mirror as well. */
const mayAskHead = (app: App): Promise<boolean> =>
  app.hot.passGate("health:hcs", 1_000).catch(ifDown("redis", () => false));

const DOWN_CODES: readonly IncidentCode[] = ["devnet-ended", "mirror-down"];
const LEDGER_CODES: readonly IncidentCode[] = [...DOWN_CODES, "mirror-failing", "budget-exhausted", "topics-behind"];

export const hcs = defineRoute({
  summary: "Whether the mirror node answers, and how fresh it is",
  access: "public",
  limit: "health",
  rememberMs: HEALTH_MS,
  answer: HcsHealthAnswer,
  handle: async ({ app }) => {
    // At most one request a second, so that checks do not use up the mirror budget.
    if (await mayAskHead(app)) await app.scheduler.askHead();
    app.health.look();
    const incidents = app.incidents.current().filter(({ code }) => LEDGER_CODES.includes(code));
    const head = app.scheduler.mirrorHeadNs;
    const down = incidents.find(({ code }) => DOWN_CODES.includes(code));
    const mirror = {
      reachable: down === undefined && head !== null,
      detail: down?.summary ?? null,
      headTime: head === null ? null : formatConsensusTime(head),
      lagMs: head === null ? null : Math.max(0, app.clock.now() - toMs(head)),
    };
    const ok = mirror.reachable && incidents.length === 0;
    return json({ ok, network: app.env.HEDERA_NETWORK, incidents, mirror }, noStore);
  },
});
