/**
 * The one judgement of health, from an instance's facts. The operators' page, the health routes, the metrics, the alarms and
 * the log all read its result. Pure: the caller gathers the facts.
 */
import type { HealthFacts, StoredFacts, SyncFacts, TierFacts } from "./health-facts";
import type { Finding, IncidentCode } from "./incident";
import {
  BONDING_LOOSE,
  because,
  behindWords,
  doorbellDownWords,
  failedWords,
  firstFew,
  incompleteWords,
  keysUnknownWords,
  messageRange,
  pausedWords,
  redisDownWords,
  utcTime,
  withReason,
} from "./reasons";

/** All codes that `judge` reports. Other codes come from the parts that notice the condition. */
export const JUDGED_CODES = [
  "starting",
  "postgres-down",
  "postgres-failing",
  "redis-down",
  "redis-failing",
  "redis-forgets",
  "devnet-ended",
  "mirror-down",
  "mirror-failing",
  "doorbell-down",
  "budget-exhausted",
  "topics-behind",
  "topics-incomplete",
  "topic-unknown",
  "topic-stuck",
  "topic-hole",
  "topic-gap",
  "keys-unknown",
  "topic-paused",
  "message-failed",
  "events-unheard",
  "writes-failing",
  "payers-open",
  "bonding-not-strict",
  "process-busy",
  "memory-full",
  "clock-off",
] as const satisfies readonly IncidentCode[];

/** A public mirror is up to 20 s behind at bad times. The lag counts only what exceeds ten seconds (engine/sync/sync-scheduler). */
export const BEHIND_MS = 15_000;
/** A broken subscription is made again within moments. A longer silence is worth a report. */
const DEAF_MS = 10_000;
/** A tier fails if one of ten calls fails, and at least three. One lost connection is nothing. */
const FAILING = { share: 0.1, calls: 3 };
/** Ten times what a statement or a request takes. */
const SLOW_MS = 1_000;
/** Requests wait most of the time if the event loop rests less than this. */
const BUSY_SHARE = 0.95;
/** Somewhere above this share, garbage collection takes over the processor. */
const FULL_SHARE = 0.9;
/** A network's head and our clock differ by less, and so do two machines that ask a time server. */
const CLOCK_MS = 10_000;
/** One lost answer is asked for again within moments. Only after this many attempts is it worth a report. */
const STUCK_ATTEMPTS = 3;

/** All conditions of which operators must know, each with a sentence. Pure. */
export function judge(facts: HealthFacts): readonly Finding[] {
  return [...ofTiers(facts), ...ofMirrors(facts), ...ofTopics(facts), ...ofStored(facts), ...ofProcess(facts)];
}

const found = (code: IncidentCode, subject: string | null, summary: string, sinceMs?: number | null): Finding => ({
  ...{ code, subject, summary },
  ...(sinceMs == null ? {} : { sinceMs }),
});

/** A half-open breaker counts as down: only its next call will show. */
const isDown = ({ circuit, answers }: Pick<TierFacts, "circuit" | "answers">) => circuit !== "closed" || !answers;

function ofTiers({ postgres, redis }: HealthFacts): readonly Finding[] {
  const findings: Finding[] = [];
  if (isDown(postgres))
    findings.push(found("postgres-down", null, withReason("The database does not answer", postgres.lastError)));
  else if (troubleOf(postgres)) findings.push(found("postgres-failing", null, `The database ${troubleOf(postgres)}.`));
  if (redis === null) return findings;
  const { persists = null, evicts = null } = redis.persistence ?? {};
  if (persists === false)
    findings.push(
      found("redis-forgets", "persistence", "Redis forgets everything in a restart: it has no append-only file."),
    );
  if (evicts !== null)
    findings.push(
      found("redis-forgets", "eviction", `Redis forgets keys when its memory is full: its policy is ${evicts}.`),
    );
  if (isDown(redis)) findings.push(found("redis-down", null, redisDownWords(redis.lastError)));
  else {
    if (troubleOf(redis)) findings.push(found("redis-failing", null, `Redis ${troubleOf(redis)}.`));
    if (redis.deafMs > DEAF_MS)
      findings.push(
        found(
          "events-unheard",
          null,
          "This instance gets no commit events, so it learns of other instances' commits late.",
        ),
      );
  }
  return findings;
}

function ofMirrors({
  mirrors,
  doorbellDown,
  budgetRefused,
  devnetEnded,
  keysUnknown,
  stored,
}: HealthFacts): readonly Finding[] {
  // The devnet was the mirror and the node too, so there is nothing else to say.
  if (devnetEnded !== null)
    return [
      found(
        "devnet-ended",
        null,
        `The local Hedera (devnet) has ended${because(devnetEnded)}. Nothing new arrives, and nobody can write.`,
      ),
    ];
  const findings = mirrors.flatMap(({ origin, circuit, calls, lastError }) => {
    const trouble = troubleOf({ calls, lastError });
    if (circuit !== "closed")
      return [
        found(
          "mirror-down",
          origin,
          `Mirror ${origin} has failed several times in a row${because(lastError)}. It is asked again within a minute.`,
        ),
      ];
    return trouble ? [found("mirror-failing", origin, `Mirror ${origin} ${trouble}.`)] : [];
  });
  if (doorbellDown !== null)
    findings.push(found("doorbell-down", doorbellDown.name, doorbellDownWords(doorbellDown.name, doorbellDown.reason)));
  if (keysUnknown !== null) {
    const waiting = stored.reduce((sum, { unproven }) => sum + unproven, 0);
    findings.push(found("keys-unknown", null, keysUnknownWords(keysUnknown.reason, waiting)));
  }
  if (budgetRefused > 0)
    findings.push(
      found("budget-exhausted", null, "The rate limit of mirror requests is used up: topics wait for their turn."),
    );
  return findings;
}

/** The trouble as a verb and the rest of a sentence; null if all is well. */
function troubleOf({ calls, lastError }: Pick<TierFacts, "calls" | "lastError">): string | null {
  if (calls === null) return null;
  if (calls.failed >= FAILING.calls && calls.failed >= calls.sent * FAILING.share)
    return withReason("fails some of the calls", lastError).replace(/\.$/, "");
  if (calls.sent >= FAILING.calls && (calls.meanMs ?? 0) > SLOW_MS) return "is slow: an answer takes over a second";
  return null;
}

function ofTopics(facts: HealthFacts): readonly Finding[] {
  const { topics, stored, isStarting } = facts;
  const isPaused = (topic: SyncFacts) =>
    topic.state.name === "paused" || stored.some(({ topicId, paused }) => topicId === topic.topicId && paused !== null);
  const running = topics.filter((topic) => !isPaused(topic));
  const findings: Finding[] = [];
  const waiting = running.filter(({ asOfMs }) => asOfMs === null);
  if (isStarting && waiting.length > 0)
    findings.push(
      found(
        "starting",
        null,
        `The first sync is under way: ${waiting.length} of ${topics.length} topics have not been read to the end.`,
      ),
    );
  const behind = running.filter((topic) => topic.lagMs > BEHIND_MS && !isLateByStartOver(topic, stored));
  if (behind.length > 0)
    findings.push(found("topics-behind", null, `${behindWords(behind, topics.length)}${why(behind, facts)}.`));
  const incomplete = incompleteWords(facts.stored, topics);
  if (incomplete !== null) findings.push(found("topics-incomplete", null, incomplete));
  for (const topicId of facts.unknownTopics)
    findings.push(
      found("topic-unknown", topicId, `The mirror does not know topic ${topicId}: nothing can ever come from it.`),
    );
  const isExplained = facts.isSettling || commonCause(facts) !== null;
  for (const { topicId, state, isNamedElsewhere } of running) {
    const hole = "hole" in state ? state.hole : null;
    if (hole !== null)
      findings.push(
        found(
          "topic-hole",
          topicId,
          `Topic ${topicId} waits for ${messageRange(hole)}, which the mirror does not have yet.`,
          hole.firstSeenMs,
        ),
      );
    else if (state.name === "backing-off" && state.attempt >= STUCK_ATTEMPTS && !isExplained && !isNamedElsewhere)
      findings.push(found("topic-stuck", topicId, `Topic ${topicId} is not synced for now${because(state.reason)}.`));
  }
  return findings;
}

/**
 * Whether a topic is late only because it, or another topic, starts over, which `topics-incomplete` reports. If a fault holds it
 * up, it is behind like any other topic.
 */
const isLateByStartOver = (topic: SyncFacts, stored: readonly StoredFacts[]): boolean =>
  isHeldUpByNothing(topic) &&
  (topic.isSyncingAgain || stored.some(({ topicId, work }) => topicId === topic.topicId && work !== null));

const isHeldUpByNothing = ({ state, lastError }: SyncFacts) =>
  state.name === "pulling" || (state.name === "idle" && lastError === null);

/** The one reason why no topic can be synced; null if each has its own. */
function commonCause({ postgres, mirrors, devnetEnded }: HealthFacts): string | null {
  if (isDown(postgres)) return ": the database does not answer";
  if (devnetEnded !== null) return ": the local Hedera (devnet) has ended";
  if (mirrors.length > 0 && mirrors.every(({ circuit }) => circuit !== "closed"))
    return `${because(mirrors[0]?.lastError ?? "no mirror answers")}`;
  return null;
}

function why(behind: readonly SyncFacts[], facts: HealthFacts): string {
  const common = commonCause(facts);
  if (common !== null) return common;
  const failing = behind.find(({ state, lastError }) => state.name !== "pulling" && lastError !== null);
  if (failing) return because(failing.lastError);
  const { mirrorHeadMs, nowMs } = facts;
  if (mirrorHeadMs !== null && nowMs - mirrorHeadMs > BEHIND_MS)
    return `: the mirror has nothing newer than ${utcTime(mirrorHeadMs)}`;
  return behind.some(({ state }) => state.name === "pulling") ? ": a backlog is being read" : "";
}

function ofStored({ stored }: HealthFacts): readonly Finding[] {
  return stored.flatMap(({ topicId, failed, failedSequences, gaps, gapCount, paused }) => {
    const findings: Finding[] = [];
    if (failed > 0) findings.push(found("message-failed", topicId, failedWords(topicId, failed, failedSequences)));
    if (gaps.length > 0)
      findings.push(
        found(
          "topic-gap",
          topicId,
          `Topic ${topicId} has a gap: the mirror does not have ${firstFew(gaps.map(messageRange), gapCount)}.`,
        ),
      );
    if (paused !== null)
      findings.push(
        found(
          "topic-paused",
          topicId,
          `Topic ${topicId} is ${pausedWords(paused)}: it shows nothing new and takes no writes until it is resumed.`,
          paused.sinceMs,
        ),
      );
    return findings;
  });
}

function ofProcess(facts: HealthFacts) {
  const {
    failedWrite,
    isAnyPayerTrusted,
    isBondingLoose,
    busyShare,
    memory,
    clocksAhead,
    mirrors,
    postgres,
    devnetEnded,
  } = facts;
  const findings: Finding[] = [];
  if (failedWrite !== null && devnetEnded === null)
    findings.push(
      found(
        "writes-failing",
        null,
        `Writes to the ledger fail, the last one to topic ${failedWrite.topicId}${because(failedWrite.reason)}.`,
        failedWrite.sinceMs,
      ),
    );
  if (isAnyPayerTrusted)
    findings.push(found("payers-open", null, "TRUSTED_PAYERS is *: anybody can write in anybody's name."));
  if (isBondingLoose) findings.push(found("bonding-not-strict", null, BONDING_LOOSE));
  if (busyShare !== null && busyShare > BUSY_SHARE)
    findings.push(found("process-busy", null, "This instance is busy, so its answers are late. No tier is slow."));
  if (memory.heapShare > FULL_SHARE || memory.rssShare > FULL_SHARE)
    findings.push(found("memory-full", null, "This instance has used more than nine tenths of the memory it may use."));
  for (const { instanceId, aheadMs } of clocksAhead)
    if (aheadMs > CLOCK_MS)
      findings.push(
        found("clock-off", instanceId, `The clock of instance ${instanceId} is ahead of this instance's clock.`),
      );
  const others = [
    { subject: "database", name: "the database", aheadMs: postgres.clockAheadMs },
    ...mirrors.map(({ origin, clockAheadMs }) => ({
      subject: origin,
      name: `mirror ${origin}`,
      aheadMs: clockAheadMs,
    })),
  ];
  for (const { subject, name, aheadMs } of others)
    if (aheadMs != null && Math.abs(aheadMs) > CLOCK_MS)
      findings.push(
        found("clock-off", subject, `This instance's clock is ${aheadMs > 0 ? "behind" : "ahead of"} that of ${name}.`),
      );
  return findings;
}
