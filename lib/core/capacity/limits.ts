/**
 * Which limit breaks at how many users, in the busiest minute. There are two kinds of limits. More of the same (another instance,
 * a larger plan, another segment) lifts a limit of kind `grow`. A `wall` needs another contract or another design.
 */

import { PAGE } from "../sync/pages";
import { capacity } from "./capacity";
import { type CapacityInputs, GB } from "./inputs";
import type { Capacity } from "./outputs";
import { VENDOR_LIMITS } from "./prices";
import { SET_UPS } from "./set-ups/set-ups";
import { CACHE_MACHINES, CACHE_MEMORY_SHARE, CORE_SHARE } from "./set-ups/sizes";
import { WINDOW } from "./sync-runs";
import { type UncachedDesign, uncachedDesign } from "./uncached";
import { figure } from "./unit-figures";

interface LimitUse {
  readonly name: string;
  readonly kind: "grow" | "wall";
  readonly used: number;
  readonly limit: number;
  readonly unit: string;
  /** One sentence: what to do when it breaks. */
  readonly remedy: string;
}

/** A limit, and when it breaks. */
export interface LimitAt extends LimitUse {
  /** The number of users at which it breaks, with all other inputs as given. */
  readonly breaksAtUsers: number;
}

const usesOf = (needs: Capacity): readonly LimitUse[] => [
  ...everywhere(needs),
  ...(needs.inputs.setUp === "aws" ? onAws(needs) : onVercel(needs)),
];

function everywhere({ inputs, messages, peak }: Capacity): readonly LimitUse[] {
  const { settings, kindShares, segments, mirrorMs } = inputs;
  const isLingering = settings.lingerMs > 0;
  const { streams } = SET_UPS[inputs.setUp];
  return [
    {
      name: inputs.setUp === "aws" ? "Streams of one instance" : "Streams of one instance, by its file descriptors",
      kind: "grow",
      used: peak.openStreams,
      limit: streams,
      unit: "streams",
      remedy: "Run more instances: they share views and events through Redis.",
    },
    {
      name: "Mirror budget, to be fresh within the target",
      kind: "grow",
      used: peak.mirror.demanded,
      limit: settings.mirrorRps,
      unit: "requests/s",
      remedy:
        "Nothing is lost, data gets older: raise MIRROR_RPS with a mirror that allows more, or the freshness target.",
    },
    {
      name: "Messages of one topic",
      kind: "grow",
      used: (peak.ledger.messages * Math.max(...Object.values(kindShares))) / segments,
      // A topic has one window in flight, and no other request meanwhile.
      limit: WINDOW / (mirrorMs / 1_000),
      unit: "messages/s",
      remedy: "Split the kind into more segments: npm run shards -- split.",
    },
    {
      name: "Messages through the public mirror from one address",
      kind: "wall",
      used: peak.ledger.messages,
      // One request a second is for the head.
      limit: (VENDOR_LIMITS.publicMirrorRequestsPerS.value - 1) * PAGE,
      unit: "messages/s",
      remedy: isLingering
        ? "Take a commercial mirror or run one: pages of 100 carry no more."
        : "Let signals share a message (SUBMIT_LINGER_MS), or take a commercial mirror: pages of 100 carry no more.",
    },
    {
      name: "Commits of one Postgres",
      kind: "wall",
      used: messages.peakPerS,
      limit: figure("commitMessagesPerS"),
      unit: "messages/s",
      remedy: "Spread the hash partitions over servers.",
    },
    {
      name: "Transactions of all of Hedera",
      kind: "wall",
      used: peak.ledger.messages,
      limit: VENDOR_LIMITS.hcsTransactionsPerS.value,
      unit: "transactions/s",
      remedy: isLingering
        ? "Let signals wait longer for each other, on fewer instances: the network takes no more, from everybody together."
        : "Let signals share a message (SUBMIT_LINGER_MS): the network takes no more, from everybody together.",
    },
  ];
}

const KEEP_LESS =
  "Keep messages for a shorter time (KEEP_MONTHS; the ledger has the others), or spread the hash partitions over servers.";

function onVercel({ storage, postgres, redis }: Capacity): readonly LimitUse[] {
  return [
    {
      name: "Commands of a small Upstash database",
      kind: "grow",
      used: redis.peakCommandsPerS,
      limit: VENDOR_LIMITS.redisCommandsPerS.value,
      unit: "commands/s",
      remedy: `Take the largest fixed plan (${VENDOR_LIMITS.redisLargestPlanCommandsPerS.value.toLocaleString("en")} commands/s).`,
    },
    {
      name: "Commands of the largest Upstash plan",
      kind: "wall",
      used: redis.peakCommandsPerS,
      limit: VENDOR_LIMITS.redisLargestPlanCommandsPerS.value,
      unit: "commands/s",
      remedy: "Take a Redis Cluster elsewhere (REDIS_URL), or an enterprise contract of Upstash.",
    },
    {
      name: "Storage of one Neon branch",
      kind: "wall",
      used: storage.keptBytes / GB,
      limit: VENDOR_LIMITS.postgresBranchTb.value * 1_000,
      unit: "GB",
      remedy: KEEP_LESS,
    },
    {
      name: "Compute of one Neon branch",
      kind: "wall",
      used: postgres.peakComputeUnits,
      limit: VENDOR_LIMITS.postgresFixedUnits.value,
      unit: "compute units",
      remedy: "Read from replicas, then spread the hash partitions over servers.",
    },
  ];
}

const GB_OF_TIB = 1_024 ** 4 / GB;

function onAws({ storage, postgres, redis }: Capacity): readonly LimitUse[] {
  return [
    {
      name: "Commands of one cache node",
      kind: "grow",
      used: redis.peakCommandsPerS,
      // Redis runs its commands on one core.
      limit: (CORE_SHARE * 1e6) / figure("redisUsPerCommand"),
      unit: "commands/s",
      remedy: "Add nodes: REDIS_URL reaches a Redis Cluster, whose nodes share the keys.",
    },
    {
      name: "Memory of one cache node",
      kind: "grow",
      used: redis.storedBytes / GB,
      limit: Math.max(...CACHE_MACHINES.map(({ gb }) => gb)) * CACHE_MEMORY_SHARE,
      unit: "GB",
      remedy: "Add nodes, or shorten CACHE_TTL_S: a view that is missing costs one statement.",
    },
    {
      name: "Storage of one RDS server",
      kind: "wall",
      used: storage.keptBytes / GB,
      limit: VENDOR_LIMITS.databaseTib.value * GB_OF_TIB,
      unit: "GB",
      remedy: KEEP_LESS,
    },
    {
      name: "Cores of one RDS server",
      kind: "wall",
      used: postgres.peakComputeUnits,
      limit: VENDOR_LIMITS.databaseCores.value,
      unit: "cores",
      remedy: "Read from replicas, then spread the hash partitions over servers.",
    },
  ];
}

function uncachedUsesOf(plan: UncachedDesign, { settings }: CapacityInputs): readonly LimitUse[] {
  return [
    {
      name: "Public mirror, requests of one address",
      kind: "wall",
      used: plan.peakMirrorRequestsPerS,
      limit: VENDOR_LIMITS.publicMirrorRequestsPerS.value,
      unit: "requests/s",
      remedy: "Pay for every call of a commercial mirror, or cache.",
    },
    {
      name: "Memory of one instance",
      kind: "grow",
      used: plan.memoryBytes / GB,
      limit: settings.instanceMemoryGb,
      unit: "GB",
      remedy: "Run more instances, each with a part of the users.",
    },
  ];
}

/** The limits of our design, the first to break first. */
export function limitsOf(inputs: CapacityInputs): readonly LimitAt[] {
  return located(inputs, (at) => usesOf(capacity(at)));
}

/** The limits of the design without a cache, the first to break first. */
export function uncachedLimitsOf(inputs: CapacityInputs): readonly LimitAt[] {
  return located(inputs, (at) => uncachedUsesOf(uncachedDesign(at), at));
}

type UsesAt = (inputs: CapacityInputs) => readonly LimitUse[];

function located(inputs: CapacityInputs, usesAt: UsesAt): readonly LimitAt[] {
  const known = new Map<number, readonly LimitUse[]>();
  const usesOfUsers = (users: number) => {
    const uses = known.get(users) ?? usesAt({ ...inputs, users });
    known.set(users, uses);
    return uses;
  };
  return usesOfUsers(inputs.users)
    .map((use, i) => ({ ...use, breaksAtUsers: breaksAt((users) => isPassed(usesOfUsers(users)[i])) }))
    .sort((a, b) => a.breaksAtUsers - b.breaksAtUsers);
}

const isPassed = (use: LimitUse | undefined): boolean => use !== undefined && use.used > use.limit;

/** More users than there are people. */
const MOST_USERS = 1e11;
/** The inputs are known to fewer than three digits. */
const PRECISION = 1.001;

/** The smallest number of users at which the limit is broken; infinite if there is none. Once broken it must stay broken. */
function breaksAt(isBroken: (users: number) => boolean): number {
  if (!isBroken(MOST_USERS)) return Number.POSITIVE_INFINITY;
  let [low, high] = [1, MOST_USERS];
  while (high > low * PRECISION && high - low > 1) {
    const middle = Math.round(Math.sqrt(low * high));
    if (isBroken(middle)) high = middle;
    else low = middle;
  }
  return high;
}
