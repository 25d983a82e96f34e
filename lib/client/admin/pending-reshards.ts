/** Splits and drains that are not finished. All pure. */
import type { AuditEntry } from "@/lib/wire/admin";
import { DRAIN_AT_LEAST_MS, ReshardDetail, type ShardStatus, type ShardsAnswer } from "@/lib/wire/shards";
import { activeOf, type Group, groupKey, isOf, parseSplit } from "./shard-groups";

/** Instances tell of each step; one that has died leaves its entry running. */
const SILENT_MS = 60_000;

/** `ready`: a drained topic can be let go now, by asking once more. */
type UndertakingStanding = "under-way" | "interrupted" | "waiting" | "ready";

/** A split or a drain that is not finished. */
export interface Undertaking {
  readonly key: string;
  readonly goal:
    | { readonly name: "split"; readonly group: Group; readonly to: number }
    | { readonly name: "drain"; readonly topicId: string };
  readonly step: "create" | "switch" | "wait" | "look";
  /** New topics that it wants, and those that are there. */
  readonly wanted: number;
  readonly created: number;
  readonly standing: UndertakingStanding;
  readonly untilMs: number | null;
  /** What the last one who was at it said. */
  readonly reason: string | null;
}

/** What is not finished, as the registry has it; `entries` are the newest of the audit log, which tell who is at it. */
export function undertakings(
  { shards }: ShardsAnswer,
  entries: readonly AuditEntry[],
  nowMs: number,
): readonly Undertaking[] {
  return [...creations(shards, entries, nowMs), ...drains(shards, entries, nowMs)];
}

const isUpcoming = ({ state }: ShardStatus): boolean => state === "planned" || state === "creating";

function creations(shards: readonly ShardStatus[], entries: readonly AuditEntry[], nowMs: number): Undertaking[] {
  const upcoming = shards.filter(isUpcoming);
  const groups = [...new Map(upcoming.map((shard) => [groupKey(shard), shard])).values()];
  return groups.flatMap((group) => {
    const active = activeOf(shards, group);
    const ofGroup = upcoming.filter((shard) => isOf(shard, group));
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

const splitOf = ({ tier, kind, owner }: ShardStatus, grown: readonly ShardStatus[]): Undertaking["goal"] => ({
  name: "split",
  group: { tier, kind, owner },
  to: Math.max(...grown.map(({ segment }) => segment)) + 1,
});

function creation(
  goal: Undertaking["goal"],
  wanted: readonly ShardStatus[],
  entries: readonly AuditEntry[],
  nowMs: number,
): Undertaking {
  const entry = lastEntry(goal, entries);
  const created = wanted.filter(({ topicId }) => topicId !== null).length;
  return {
    ...{ key: keyOf(goal), goal, wanted: wanted.length, created },
    step: created < wanted.length ? "create" : "switch",
    standing: isAlive(entry, nowMs) ? "under-way" : "interrupted",
    untilMs: null,
    reason: reasonOf(entry),
  };
}

function drains(shards: readonly ShardStatus[], entries: readonly AuditEntry[], nowMs: number): Undertaking[] {
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
      standing: isAlive(entry, nowMs) ? "under-way" : isOver ? "ready" : "waiting",
      reason: reasonOf(entry),
    } satisfies Undertaking;
  });
}

const keyOf = (goal: Undertaking["goal"]): string =>
  goal.name === "split" ? `split ${groupKey(goal.group)}` : `drain ${goal.topicId}`;

/** The newest entry of whoever worked towards it. */
function lastEntry(goal: Undertaking["goal"], entries: readonly AuditEntry[]): AuditEntry | undefined {
  return entries.find(({ action, target, state }) => {
    if (action !== `shards.${goal.name}` || state === "refused") return false;
    if (goal.name === "drain") return target === goal.topicId;
    const split = parseSplit(target);
    return split !== null && groupKey(split.group) === groupKey(goal.group);
  });
}

const isAlive = (entry: AuditEntry | undefined, nowMs: number): boolean =>
  entry?.state === "running" && nowMs - entry.updatedMs <= SILENT_MS;

function reasonOf(entry: AuditEntry | undefined): string | null {
  const reason = entry?.detail?.error ?? entry?.detail?.reason;
  return typeof reason === "string" ? reason : null;
}
