/** Sentences for operators about shards: effect and progress of splits and drains. Pure. */
import type { TopicStatus } from "@/lib/wire/operators/admin";
import { MAX_SEGMENTS, type ShardStatus, type ShardsAnswer, SplitBody } from "@/lib/wire/operators/shards";
import { asSentence } from "../format/as-sentence";
import { counted, percent, whole } from "../format/numbers";
import { calendarDate, clockMinute, clockTime } from "../format/time";
import type { PendingReshard } from "./pending-reshards";
import type { ActionWords, Tone } from "./sentences";
import { activeOf, type Group, groupName } from "./shard-groups";

/** `segment 3`, `segments 3 to 5` */
const segments = (first: number, last: number): string =>
  first === last ? `segment ${whole(first)}` : `segments ${whole(first)} to ${whole(last)}`;

/** Why no topic can be created, and what to do. */
export const NO_KEY =
  "No topic can be created: this set-up has no operator key. Set HEDERA_OPERATOR_ID and HEDERA_OPERATOR_KEY, and start all instances again.";

/** The fault of a typed number of segments; null if a split can be asked for. */
export function segmentsFault(text: string, has: number, unfinished: number | null): string | null {
  const to = /^\d+$/.test(text.trim()) ? Number(text) : Number.NaN;
  if (!SplitBody.shape.to.safeParse(to).success) return `A number of segments is 1 to ${whole(MAX_SEGMENTS)}.`;
  if (to <= has)
    return `There ${has === 1 ? "is 1" : `are ${whole(has)}`} already: ask for ${whole(has + 1)} or more. To have fewer, drain the last one.`;
  if (unfinished !== null && to !== unfinished)
    return `A split into ${whole(unfinished)} is not finished: continue that one first.`;
  return null;
}

/** Effect of a split: the topics it creates and the users who move. */
export function splitSentences(group: Group, has: number, to: number): string {
  const price = to - has === 1 ? "at about a cent" : "at about a cent each";
  const created = `It creates ${counted(to - has, "topic")} for ${groupName(group)}, ${segments(has, to - 1)}, ${price}.`;
  return `${created} ${moving(group, has, to)} Users move with their next message. Old topics are still read, so nothing is copied or lost.`;
}

function moving({ owner, tier }: Group, has: number, to: number): string {
  if (has > 0) return `About ${percent((to - has) / to)} of the group's users move to the new topics.`;
  if (owner === null) return `All ${tier} users move to them from the standard topics.`;
  return tier === "enterprise" ? `All users of ${owner} move to them.` : `${owner} moves to them.`;
}

/** The dialog of a split. `has`: how many segments the group has now. */
export function splitWords(group: Group, has: number, to: number): ActionWords {
  return {
    title: `Split ${groupName(group)} into ${whole(to)}`,
    consequence: splitSentences(group, has, to),
    confirm: "Split",
    taken: `The split of ${groupName(group)} into ${whole(to)} has started.`,
  };
}

/** `shards`: the active and draining shards of the topic. */
export function drainWords(topicId: string, shards: readonly ShardStatus[], answer: ShardsAnswer): ActionWords {
  const isClosed = shards.every(({ state }) => state === "draining");
  if (isClosed) {
    return {
      title: `Finish the drain of ${topicId}`,
      consequence:
        "Checks that all messages are stored and that the last one is ten minutes old. If so, the topic is drained: it is read every ten minutes for a day, then no more. If not, nothing changes and this page says when to try again.",
      confirm: "Finish the drain",
      taken: `The last check of ${topicId} has started.`,
    };
  }
  const open = shards.filter(({ state }) => state === "active");
  return {
    title: `Drain ${topicId}`,
    consequence: `${open.map((shard) => leaving(shard, answer)).join(" ")} Then ${topicId} takes no new messages but is still read, so nothing is lost. Finish the drain 15 minutes later or when its last message is ten minutes old, whichever is later.`,
    confirm: "Drain",
    taken: `The drain of ${topicId} has started.`,
  };
}

function leaving(shard: ShardStatus, { shards }: ShardsAnswer): string {
  const name = groupName(shard);
  if (shard.needsSuccessor)
    return `A new topic replaces it as segment ${whole(shard.segment)} of ${name}, at about a cent; its users move there.`;
  return activeOf(shards, shard).length > 1
    ? `It is the last segment of ${name}: its users move to the segments before it.`
    : `It is the only segment of ${name}: its users move to the next wider group's topics.`;
}

/** Why a topic cannot be drained; null if it can. */
export function drainFault(shards: readonly ShardStatus[], { canCreate }: ShardsAnswer): string | null {
  if (shards.some(({ state, needsSuccessor }) => state === "active" && needsSuccessor) && !canCreate)
    return `It needs a new topic in its place. ${NO_KEY}`;
  return shards.some(({ state }) => state === "active" || state === "draining")
    ? null
    : "The topic takes no messages, so there is nothing to drain.";
}

/** State of a shard in a word. */
export const SHARD_STANDINGS: Readonly<Record<ShardStatus["state"], { readonly text: string; readonly tone: Tone }>> = {
  planned: { text: "Planned", tone: "plain" },
  creating: { text: "Creating", tone: "notice" },
  active: { text: "Active", tone: "good" },
  draining: { text: "Draining", tone: "notice" },
  drained: { text: "Drained", tone: "plain" },
};

const RESHARD_STANDINGS: Readonly<Record<PendingReshard["standing"], { readonly text: string; readonly tone: Tone }>> =
  {
    running: { text: "Running", tone: "good" },
    interrupted: { text: "Interrupted", tone: "bad" },
    waiting: { text: "Waiting", tone: "notice" },
    ready: { text: "Ready to finish", tone: "notice" },
  };

/** The label of a split or drain, and the colour that it is shown in. */
export const reshardStanding = ({ standing }: PendingReshard) => RESHARD_STANDINGS[standing];

/** The goal of a split or drain, such as `Drain 0.0.1005`. */
export const reshardTitle = ({ goal }: PendingReshard): string =>
  goal.name === "split" ? `Split ${groupName(goal.group)} into ${whole(goal.to)}` : `Drain ${goal.topicId}`;

/** The current step. A split creates and routes; a drain routes, waits, and checks. */
export function reshardStep({ goal, step, wanted, created }: PendingReshard): string {
  const creating = `${whole(created)} of ${counted(wanted, "new topic")} created`;
  if (goal.name === "split")
    return step === "create"
      ? `Step 1 of 2: ${creating}; no messages go there yet.`
      : `Step 2 of 2: ${wanted === 1 ? "the new topic is" : "all new topics are"} created; routing has not changed yet.`;
  if (step === "create" || step === "switch")
    return `Step 1 of 3: ${creating} to replace it; messages still go to the old topic.`;
  return step === "wait"
    ? "Step 2 of 3: the topic takes no new messages; late ones may still arrive."
    : "Step 3 of 3: the topic takes no new messages; the drain can be finished when it is quiet.";
}

/** Progress, 0 to 1. */
export function reshardProgress({ goal, step, wanted, created }: PendingReshard): number {
  if (goal.name === "split") return created / (wanted + 1);
  return { create: 0, switch: 1 / 6, wait: 1 / 3, look: 2 / 3 }[step];
}

/** Advice for a pending reshard: the next action, or when it is possible. */
export function reshardAdvice({ standing, untilMs, reason }: PendingReshard): string {
  const because = reason === null ? "" : `${asSentence(reason)} `;
  switch (standing) {
    case "running":
      return "It continues by itself.";
    case "interrupted":
      return reason === null
        ? "Nobody works on it. Continue it, unless npm run shards is doing so now; no step is repeated."
        : `${because}Continue it; no step is repeated.`;
    case "waiting":
      return `${because}Finish it at ${clockTime(untilMs ?? 0)} or later.`;
    case "ready":
      return `${because}Finish it now: it ends if the topic is quiet.`;
  }
}

/** Since when new messages go to the shard, or no longer go there. */
export function routingWords({ state, routesFrom, drainsFrom, drainedAt }: ShardStatus): string {
  switch (state) {
    case "active":
      return routesFrom === null ? "from the start" : `since ${momentOf(routesFrom)}`;
    case "draining":
      return `none since ${momentOf(drainsFrom)}`;
    case "drained":
      return `drained ${momentOf(drainedAt)}`;
    default:
      return "not yet";
  }
}

function momentOf(instant: string | null): string {
  const ms = Number(instant ?? 0) * 1_000;
  return `${calendarDate(ms)}, ${clockMinute(ms)}`;
}

/** The users of a group. */
export function whoseWords({ tier, owner }: Pick<Group, "tier" | "owner">, tenants: ShardsAnswer["tenants"]): string {
  const tenant = tier === "enterprise" ? tenants.find(({ tenantId }) => tenantId === owner) : undefined;
  if (tenant) return `${counted(tenant.users, "user")}: ${tenant.name}`;
  if (owner !== null) return tier === "busy" ? "a user's own" : "a tenant";
  return tier === "busy" ? "from 1,000 signals" : "everybody";
}

/** How users get into a group. */
export const TIER_MOVES =
  "Users are busy from 1,000 signals until they have fewer than 800, and move automatically. Add tenants with npm run shards -- tenant, their users with assign. A split gives a user topics of their own.";

/** Messages per minute, the mean of the full minutes; null without any. */
export function perMinuteOf(topic: TopicStatus | undefined): number | null {
  const over = topic?.perMinute.slice(0, -1) ?? [];
  return over.length === 0 ? null : over.reduce((sum, count) => sum + count, 0) / over.length;
}
