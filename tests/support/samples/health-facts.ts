/** Health facts of an instance without incidents, and for each incident code facts that cause it. */

import type { HealthFacts, StoredFacts, SyncFacts } from "@/lib/core/health/health-facts";
import type { IncidentCode } from "@/lib/core/health/incident";
import type { JUDGED_CODES } from "@/lib/core/health/judgement";

export const NOW_MS = Date.UTC(2026, 10, 23, 9, 30);
const TOPIC = "0.0.7";

const tier = { circuit: "closed", answers: true, lastError: null, calls: { sent: 100, failed: 0, meanMs: 4 } } as const;
const mirror = { ...tier, origin: "https://mirror.test", clockAheadMs: -700 };

const sync: SyncFacts = {
  topicId: TOPIC,
  state: { name: "idle" },
  lastError: null,
  isNamedElsewhere: false,
  lagMs: 3_000,
  asOfMs: NOW_MS - 3_000,
  isSyncingAgain: false,
};

const stored: StoredFacts = {
  topicId: TOPIC,
  failed: 0,
  failedSequences: [],
  gaps: [],
  gapCount: 0,
  unproven: 0,
  work: null,
  paused: null,
};

export const HEALTHY: HealthFacts = {
  nowMs: NOW_MS,
  postgres: tier,
  redis: { ...tier, deafMs: 0, persistence: null },
  unknownTopics: [],
  keysUnknown: null,
  mirrors: [mirror],
  doorbellDown: null,
  mirrorHeadMs: NOW_MS - 3_000,
  budgetRefused: 0,
  devnetEnded: null,
  isStarting: false,
  isSettling: false,
  topics: [sync],
  stored: [stored],
  failedWrite: null,
  isAnyPayerTrusted: false,
  isBondingLoose: false,
  busyShare: 0.4,
  memory: { heapShare: 0.4, rssShare: 0.4 },
  clocksAhead: [{ instanceId: "b", aheadMs: -2_000 }],
};

const topic = (more: Partial<SyncFacts>): Partial<HealthFacts> => ({ topics: [{ ...sync, ...more }] });
const known = (more: Partial<StoredFacts>): Partial<HealthFacts> => ({ stored: [{ ...stored, ...more }] });
const hole = { from: 4, to: 6, firstSeenMs: NOW_MS - 9_000 };

interface IncidentSample {
  readonly facts: Partial<HealthFacts>;
  readonly subject: string | null;
  readonly says: string;
}

/** Facts that cause each incident. If a code is missing here, this does not compile. */
export const INCIDENT_SAMPLES: Readonly<Record<Extract<IncidentCode, (typeof JUDGED_CODES)[number]>, IncidentSample>> =
  {
    starting: {
      facts: {
        isStarting: true,
        ...topic({ asOfMs: null, state: { name: "pulling", hole: null, attempt: 0, declare: false } }),
      },
      subject: null,
      says: "The first sync is under way: 1 of 1 topics have not been read to the end.",
    },
    "postgres-down": {
      facts: { postgres: { ...tier, answers: false } },
      subject: null,
      says: "The database does not answer.",
    },
    "postgres-failing": {
      facts: { postgres: { ...tier, calls: { sent: 40, failed: 12, meanMs: 5 } } },
      subject: null,
      says: "The database fails some of the calls.",
    },
    "redis-down": {
      facts: { redis: { ...tier, persistence: null, deafMs: 60_000, circuit: "open" } },
      subject: null,
      says: "Redis does not answer.",
    },
    "redis-failing": {
      facts: { redis: { ...tier, persistence: null, deafMs: 0, calls: { sent: 6, failed: 3, meanMs: 300 } } },
      subject: null,
      says: "Redis fails some of the calls.",
    },
    "devnet-ended": {
      // Its mirror and its node ended with it, so they are no incidents of their own.
      facts: {
        devnetEnded: "it was ended by SIGKILL",
        mirrors: [{ ...mirror, circuit: "open", lastError: "nothing listens there" }],
        failedWrite: { topicId: "0.0.7", reason: "No node answers.", sinceMs: NOW_MS - 1_000 },
      },
      subject: null,
      says: "The local Hedera (devnet) has ended: it was ended by SIGKILL. Nothing new arrives, and nobody can write.",
    },
    "mirror-down": {
      facts: {
        mirrors: [
          { ...mirror, circuit: "half-open", lastError: "the mirror answered 503" },
          { ...mirror, origin: "https://b.test" },
        ],
      },
      subject: "https://mirror.test",
      says: "Mirror https://mirror.test has failed several times in a row: the mirror answered 503. It is asked again within a minute.",
    },
    "mirror-failing": {
      facts: { mirrors: [{ ...mirror, calls: { sent: 8, failed: 0, meanMs: 2_000 } }] },
      subject: "https://mirror.test",
      says: "Mirror https://mirror.test is slow: an answer takes over a second.",
    },
    "doorbell-down": {
      facts: { doorbellDown: { name: "mirror.test:443", reason: "the mirror cannot be reached by gRPC" } },
      subject: "mirror.test:443",
      says: "Mirror mirror.test:443 does not tell when topics move: the mirror cannot be reached by gRPC. Open pages poll instead.",
    },
    "budget-exhausted": {
      facts: { budgetRefused: 1 },
      subject: null,
      says: "The rate limit of mirror requests is used up: topics wait for their turn.",
    },
    "topics-behind": {
      facts: { ...topic({ lagMs: 38_000 }), mirrorHeadMs: NOW_MS - 38_000 },
      subject: null,
      says: "Topic 0.0.7 is behind the ledger: the mirror has nothing newer than 2026-11-23 09:29:22 UTC.",
    },
    "topics-incomplete": {
      facts: { ...known({ work: "dropping" }), ...topic({ isSyncingAgain: true }) },
      subject: null,
      says: "Contacts, trust and profiles may be incomplete, and answers are marked stale: topic 0.0.7 starts over.",
    },
    "topic-unknown": {
      facts: { unknownTopics: ["0.0.99"] },
      subject: "0.0.99",
      says: "The mirror does not know topic 0.0.99: nothing can ever come from it.",
    },
    "redis-forgets": {
      facts: { redis: { ...tier, deafMs: 0, persistence: { persists: true, evicts: "allkeys-lru" } } },
      subject: "eviction",
      says: "Redis forgets keys when its memory is full: its policy is allkeys-lru.",
    },
    "topic-stuck": {
      facts: topic({
        state: {
          name: "backing-off",
          hole: null,
          attempt: 3,
          retryAtMs: NOW_MS,
          reason: "the mirror answered with another topic",
        },
      }),
      subject: TOPIC,
      says: "Topic 0.0.7 is not synced for now: the mirror answered with another topic.",
    },
    "topic-hole": {
      facts: topic({ state: { name: "hole", hole, attempt: 1, retryAtMs: NOW_MS } }),
      subject: TOPIC,
      says: "Topic 0.0.7 waits for messages 4 to 6, which the mirror does not have yet.",
    },
    "topic-gap": {
      facts: known({
        gaps: [
          { from: 4, to: 6 },
          { from: 9, to: 9 },
        ],
        gapCount: 2,
      }),
      subject: TOPIC,
      says: "Topic 0.0.7 has a gap: the mirror does not have messages 4 to 6, message 9.",
    },
    "keys-unknown": {
      facts: {
        ...known({ unproven: 2 }),
        keysUnknown: { reason: "the mirror answered 400" },
      },
      subject: null,
      says: "No mirror says which key an account had at a time: the mirror answered 400. 2 signed messages wait, and nobody sees them.",
    },
    "topic-paused": {
      facts: known({ paused: { by: "0.0.2", sinceMs: NOW_MS - 60_000 } }),
      subject: TOPIC,
      says: "Topic 0.0.7 is paused by 0.0.2 since 2026-11-23 09:29:00 UTC: it shows nothing new and takes no writes until it is resumed.",
    },
    "message-failed": {
      facts: known({ failed: 5, failedSequences: [3, 4, 8, 9, 11] }),
      subject: TOPIC,
      says: "Messages 3, 4, 8 and 2 more of topic 0.0.7 do not match the ledger's hash chain and are kept out of every view.",
    },
    "events-unheard": {
      facts: { redis: { ...tier, persistence: null, deafMs: 11_000 } },
      subject: null,
      says: "This instance gets no commit events, so it learns of other instances' commits late.",
    },
    "writes-failing": {
      facts: {
        failedWrite: {
          reason: "The ledger refused this message (INVALID_SIGNATURE).",
          topicId: "0.0.7",
          sinceMs: NOW_MS - 1_000,
        },
      },
      subject: null,
      says: "Writes to the ledger fail, the last one to topic 0.0.7: The ledger refused this message (INVALID_SIGNATURE).",
    },
    "payers-open": {
      facts: { isAnyPayerTrusted: true },
      subject: null,
      says: "TRUSTED_PAYERS is *: anybody can write in anybody's name.",
    },
    "bonding-not-strict": {
      facts: { isBondingLoose: true },
      subject: null,
      says: "STRICT_BONDING is off: one accept alone makes a bond, and anybody can then see what only contacts may see.",
    },
    "process-busy": {
      facts: { busyShare: 0.97 },
      subject: null,
      says: "This instance is busy, so its answers are late. No tier is slow.",
    },
    "memory-full": {
      facts: { memory: { heapShare: 0.2, rssShare: 0.95 } },
      subject: null,
      says: "This instance has used more than nine tenths of the memory it may use.",
    },
    "clock-off": {
      facts: { clocksAhead: [{ instanceId: "b", aheadMs: 300_000 }] },
      subject: "b",
      says: "The clock of instance b is ahead of this instance's clock.",
    },
  };
