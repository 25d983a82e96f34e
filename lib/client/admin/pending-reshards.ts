/** Pending reshards: splits and drains that are not finished. Pure. */
import type { OperatorLogEntry } from "@/lib/wire/operators/admin";
import { DRAIN_AT_LEAST_MS, ReshardDetail, type ShardStatus, type ShardsAnswer } from "@/lib/wire/operators/shards";
import { activeOf, type Group, groupKey, isInGroup, parseSplit } from "./shard-groups";

/** Instances record each step. An entry this old belongs to an instance that ended. */
const SILENT_MS = 60_000;

/** `ready`: the drain can be finished now. */
type ReshardStanding = "running" | "interrupted" | "waiting" | "ready";

/** A split or a drain that is not finished. */
export interface PendingReshard {
  readonly key: string;
  readonly goal:
    | { readonly name: "split"; readonly group: Group; readonly to: number }
    | { readonly name: "drain"; readonly topicId: string };
  readonly step: "create" | "switch" | "wait" | "look";
  /** New topics: how many it needs, and how many exist. */
  readonly wanted: number;
  readonly created: number;
  readonly standing: ReshardStanding;
  readonly untilMs: number | null;
  /** Reason of the last stop or wait, from the operator log. */
  readonly reason: string | null;
}

/**
 * The pending reshards of a registry. `entries` are the newest operator log entries, which show whether an instance works on
 * them.
 */
export function pendingReshards(
  { shards }: ShardsAnswer,
  entries: readonly OperatorLogEntry[],
  nowMs: number,
): readonly PendingReshard[] {
  return [...creations(shards, entries, nowMs), ...drains(shards, entries, nowMs)];
}

const isUpcoming = ({ state }: ShardStatus): boolean => state === "planned" || state === "creating";

function creations(
  shards: readonly ShardStatus[],
  entries: readonly OperatorLogEntry[],
  nowMs: number,
): PendingReshard[] {
  const upcoming = shards.filter(isUpcoming);
  const groups = [...new Map(upcoming.map((shard) => [groupKey(shard), shard])).values()];
  return groups.flatMap((group) => {
    const active = activeOf(shards, group);
    const ofGroup = upcoming.filter((shard) => isInGroup(shard, group));
    const grown = ofGroup.filter(({ segment }) => segment >= active.length);
    const successors = ofGroup.filter(({ segment }) => segment < active.length);
    return [
      ...(grown.length > 0 ? [creation(splitOf(group, grown), grown, entries, nowMs)] : []),
      ...successors.flatMap((successor) => {
        const topicId = active.find(({ segment }) => segment === successor.segment)?.topicId;
        return topicId ? [creation({ name: "drain", topicId }, [successor], entries, nowMs)] : [];
      }),
    ];
  });
}

const splitOf = ({ tier, kind, owner }: ShardStatus, grown: readonly ShardStatus[]): PendingReshard["goal"] => ({
  name: "split",
  group: { tier, kind, owner },
  to: Math.max(...grown.map(({ segment }) => segment)) + 1,
});

function creation(
  goal: PendingReshard["goal"],
  wanted: readonly ShardStatus[],
  entries: readonly OperatorLogEntry[],
  nowMs: number,
): PendingReshard {
  const entry = lastEntry(goal, entries);
  const created = wanted.filter(({ topicId }) => topicId !== null).length;
  return {
    ...{ key: keyOf(goal), goal, wanted: wanted.length, created },
    step: created < wanted.length ? "create" : "switch",
    standing: isAlive(entry, nowMs) ? "running" : "interrupted",
    untilMs: null,
    reason: reasonOf(entry),
  };
}

function drains(shards: readonly ShardStatus[], entries: readonly OperatorLogEntry[], nowMs: number): PendingReshard[] {
  const draining = shards.filter(({ state }) => state === "draining");
  return [...new Set(draining.map(({ topicId }) => topicId))].flatMap((topicId) => {
    if (topicId === null) return [];
    const goal = { name: "drain", topicId } as const;
    const entry = lastEntry(goal, entries);
    const detail = ReshardDetail.safeParse(entry?.detail).data;
    const asked = detail && "waitingUntilMs" in detail ? detail.waitingUntilMs : 0;
    const began = draining
      .filter((shard) => shard.topicId === topicId)
      .map(({ drainsFrom }) => Number(drainsFrom ?? 0));
    const untilMs = Math.max(asked, Math.max(...began) * 1_000 + DRAIN_AT_LEAST_MS);
    const isOver = untilMs <= nowMs;
    return {
      ...{ key: keyOf(goal), goal, wanted: 0, created: 0, untilMs },
      step: isOver ? "look" : "wait",
      standing: isAlive(entry, nowMs) ? "running" : isOver ? "ready" : "waiting",
      reason: reasonOf(entry),
    } satisfies PendingReshard;
  });
}

const keyOf = (goal: PendingReshard["goal"]): string =>
  goal.name === "split" ? `split ${groupKey(goal.group)}` : `drain ${goal.topicId}`;

/** The newest log entry for this goal. */
function lastEntry(goal: PendingReshard["goal"], entries: readonly OperatorLogEntry[]): OperatorLogEntry | undefined {
  return entries.find(({ action, target, state }) => {
    if (action !== `shards.${goal.name}` || state === "refused") return false;
    if (goal.name === "drain") return target === goal.topicId;
    const split = parseSplit(target);
    return split !== null && groupKey(split.group) === groupKey(goal.group);
  });
}

const isAlive = (entry: OperatorLogEntry | undefined, nowMs: number): boolean =>
  entry?.state === "running" && nowMs - entry.updatedMs <= SILENT_MS;

function reasonOf(entry: OperatorLogEntry | undefined): string | null {
  const reason = entry?.detail?.error ?? entry?.detail?.reason;
  return typeof reason === "string" ? reason : null;
}
