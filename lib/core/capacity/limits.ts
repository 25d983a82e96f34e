/**
 * Which limit breaks at how many users, in the busiest minute. There are two kinds of limits. More of the same (another instance,
 * a larger plan, another segment) lifts a limit of kind `grow`. A `wall` needs another contract or another design.
 */

import { PAGE } from "../sync/pages";
import { capacity, STREAMS_PER_INSTANCE } from "./capacity";
import { type CurrentPlan, currentPlan } from "./current";
import type { CapacityInputs } from "./inputs";
import type { Capacity } from "./need";
import { LIMITS } from "./prices";
import { WINDOW } from "./sync-runs";
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

export interface LimitAt extends LimitUse {
  /** The number of users at which it breaks, with all other inputs as given. */
  readonly breaksAtUsers: number;
}

const GB = 1e9;

function usesOf({ inputs, messages, peak, storage, postgres, redis }: Capacity): readonly LimitUse[] {
  const { settings, kindShares, segments, mirrorMs } = inputs;
  return [
    {
      name: "Streams of one instance, by its file descriptors",
      kind: "grow",
      used: peak.openStreams,
      limit: STREAMS_PER_INSTANCE,
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
      name: "Commands of one Upstash database",
      kind: "grow",
      used: redis.peakCommandsPerS,
      limit: LIMITS.redisCommandsPerS.value,
      unit: "commands/s",
      remedy: `Take the largest fixed plan (${LIMITS.redisLargestPlanCommandsPerS.value.toLocaleString("en")} commands/s), then a Redis Cluster (REDIS_URL).`,
    },
    {
      name: "Messages of one topic",
      kind: "grow",
      used: (messages.peakPerS * Math.max(...Object.values(kindShares))) / segments,
      // A topic has one window in flight, and no other request meanwhile.
      limit: WINDOW / (mirrorMs / 1_000),
      unit: "messages/s",
      remedy: "Split the kind into more segments: npm run shards -- split.",
    },
    {
      name: "Messages through the public mirror from one address",
      kind: "wall",
      used: messages.peakPerS,
      // One request a second is for the head.
      limit: (LIMITS.publicMirrorRequestsPerS.value - 1) * PAGE,
      unit: "messages/s",
      remedy: "Take a commercial mirror or run one: pages of 100 carry no more.",
    },
    {
      name: "Storage of one Neon branch",
      kind: "wall",
      used: storage.keptBytes / GB,
      limit: LIMITS.postgresBranchTb.value * 1_000,
      unit: "GB",
      remedy:
        "Keep messages for a shorter time (older ones stay on the ledger), or spread the hash partitions over servers.",
    },
    {
      name: "Compute of one Neon branch",
      kind: "wall",
      used: postgres.peakComputeUnits,
      limit: LIMITS.postgresFixedUnits.value,
      unit: "compute units",
      remedy: "Read from replicas, then spread the hash partitions over servers.",
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
      used: messages.peakPerS,
      limit: LIMITS.hcsTransactionsPerS.value,
      unit: "transactions/s",
      remedy: "Put several signals into one message: the network takes no more, from everybody together.",
    },
  ];
}

function currentUsesOf(plan: CurrentPlan, { settings }: CapacityInputs): readonly LimitUse[] {
  return [
    {
      name: "Public mirror, requests of one address",
      kind: "wall",
      used: plan.peakMirrorRequestsPerS,
      limit: LIMITS.publicMirrorRequestsPerS.value,
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

/** The limits of the plan's starting point, the first to break first. */
export function currentLimitsOf(inputs: CapacityInputs): readonly LimitAt[] {
  return located(inputs, (at) => currentUsesOf(currentPlan(at), at));
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
