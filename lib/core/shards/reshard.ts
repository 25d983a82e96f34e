/**
 * The next step towards an operator's goal, decided from the registry alone. The process that carries the steps out may die
 * after any of them, or be one of several: asking again goes on from where the registry is.
 *
 *   grow   plan ─► (intend ─► create) for each new segment ─► switch
 *   drain  [the same for a successor, where the segment must stay] ─► switch ─► wait ─► look ─► drained
 *
 * `switch` is one change of the registry, so that new messages take the new way from one instant on.
 */
import {
  activeShards,
  isOfGroup,
  isSameShard,
  nextInSegment,
  type Registry,
  type Shard,
  type ShardGroup,
} from "./shards";

type ShardRef = ShardGroup & Pick<Shard, "segment" | "generation">;

/** The state of a group that an operator wants. It says nothing about how far the work is. */
export type Goal =
  /** Make the group have `to` segments. */
  | { readonly name: "grow"; readonly group: ShardGroup; readonly to: number }
  /** Stop all writes to this shard, and end it when its topic is quiet. */
  | { readonly name: "drain"; readonly shard: ShardRef };

/** The next thing to do towards a goal. Each can be repeated without harm. */
export type Step =
  /** Change these shards in one go. */
  | { readonly name: "plan" | "switch"; readonly put: readonly Shard[] }
  /** Choose the transaction that creates the topic. Sent twice, it takes effect once. */
  | { readonly name: "intend"; readonly shard: Shard }
  | { readonly name: "create"; readonly shard: Shard }
  /** Nothing can be done before `untilNs`: nanoseconds since 1970, by the ledger's clock. */
  | { readonly name: "wait"; readonly untilNs: bigint }
  /** See whether the topic is quiet (QUIET_NS). If it is, mark its shard as drained. */
  | { readonly name: "look"; readonly shard: Shard; readonly isShared: boolean }
  | { readonly name: "done" }
  | { readonly name: "impossible"; readonly reason: string };

/** A topic costs mirror requests in every round, however quiet it is, so a useful number of segments is far smaller. */
export const MAX_SEGMENTS = 1_024;

/**
 * The shortest drain of a topic: registry answers that a wallet may keep (330 s), the longest life of a transaction (180 s),
 * and as much again.
 */
export const DRAIN_AT_LEAST_NS = 900n * 1_000_000_000n;
/** A topic is quiet when its last message is this old. */
export const QUIET_NS = 600n * 1_000_000_000n;

/** The next step towards the goal at `nowNs`. Pure: the same registry gives the same step. */
export function nextStep(registry: Registry, goal: Goal, nowNs: bigint): Step {
  return goal.name === "grow" ? grow(registry, goal.group, goal.to, nowNs) : drain(registry, goal.shard, nowNs);
}

function grow(registry: Registry, group: ShardGroup, to: number, nowNs: bigint): Step {
  const count = activeShards(registry, group).length;
  if (!Number.isInteger(to) || to < 1 || to > MAX_SEGMENTS)
    return { name: "impossible", reason: `a number of segments is 1 to ${MAX_SEGMENTS.toLocaleString("en")}` };
  if (to < count) return { name: "impossible", reason: `there are ${count} segments already: drain the last ones` };
  const segments = Array.from({ length: to - count }, (_, i) => count + i);
  const upcoming = segments.map((segment) => upcomingOf(registry, group, segment));
  return bring(upcoming, (ready) => ({
    name: "switch",
    put: ready.map((shard) => ({ ...shard, state: "active", routesFromNs: nowNs })),
  }));
}

/** Takes shards from planned to ready; then `andThen` gives the next step. */
function bring(
  upcoming: readonly { shard: Shard; isNew: boolean }[],
  andThen: (ready: readonly Shard[]) => Step,
): Step {
  if (upcoming.length === 0) return { name: "done" };
  const unplanned = upcoming.filter(({ isNew }) => isNew);
  if (unplanned.length > 0) return { name: "plan", put: unplanned.map(({ shard }) => shard) };
  const shards = upcoming.map(({ shard }) => shard);
  const without = shards.find(({ topicId }) => topicId === null);
  if (without) return { name: without.attempt === null ? "intend" : "create", shard: without };
  return andThen(shards);
}

/** The shard that is being prepared for a segment; a new one if there is none. */
function upcomingOf(registry: Registry, group: ShardGroup, segment: number): { shard: Shard; isNew: boolean } {
  const known = registry.shards.filter((shard) => isOfGroup(shard, group) && shard.segment === segment);
  const onItsWay = known.find(({ state }) => state === "planned" || state === "creating");
  return onItsWay ? { shard: onItsWay, isNew: false } : { shard: nextInSegment(registry, group, segment), isNew: true };
}

function drain(registry: Registry, ref: ShardRef, nowNs: bigint): Step {
  const shard = registry.shards.find((each) => isSameShard(each, ref));
  if (!shard) return { name: "impossible", reason: "there is no such shard" };
  switch (shard.state) {
    case "planned":
    case "creating":
      return { name: "impossible", reason: "nothing is written to this shard yet" };
    case "drained":
      return { name: "done" };
    case "draining": {
      const untilNs = (shard.drainsFromNs ?? nowNs) + DRAIN_AT_LEAST_NS;
      if (nowNs < untilNs) return { name: "wait", untilNs };
      const isShared = registry.shards.some((each) => each.topicId === shard.topicId && each.state === "active");
      return { name: "look", shard, isShared };
    }
    case "active": {
      const closed: Shard = { ...shard, state: "draining", drainsFromNs: nowNs };
      if (canLeave(shard, activeShards(registry, shard).length)) return { name: "switch", put: [closed] };
      return bring([upcomingOf(registry, shard, shard.segment)], (ready) => ({
        name: "switch",
        put: [...ready.map((each): Shard => ({ ...each, state: "active", routesFromNs: nowNs })), closed],
      }));
    }
  }
}

/**
 * Whether a shard can go without a successor, if its group has `count` active ones. The jump hash can only shrink at its end, so
 * it must be the last segment. Everybody needs a topic, so the last shard of `standard` stays.
 */
export function canLeave(shard: Shard, count: number): boolean {
  return shard.segment === count - 1 && (count > 1 || shard.tier !== "standard");
}
