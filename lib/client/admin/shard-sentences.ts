/** Sentences for operators about shards: what a split or a drain will do, how far it is, and how things stand. All pure. */
import type { TopicStatus } from "@/lib/wire/admin";
import { type ShardStatus, type ShardsAnswer, SplitBody } from "@/lib/wire/shards";
import { asSentence } from "../format/as-sentence";
import { counted, percent, whole } from "../format/numbers";
import { calendarDate, clockMinute, clockTime } from "../format/time";
import type { Undertaking } from "./pending-reshards";
import type { ActionWords, Tone } from "./sentences";
import { activeOf, type Group, groupName } from "./shard-groups";

/** `segment 3`, `segments 3 to 5` */
const segments = (first: number, last: number): string =>
  first === last ? `segment ${whole(first)}` : `segments ${whole(first)} to ${whole(last)}`;

const MAX_SEGMENTS = SplitBody.shape.to.maxValue ?? Number.POSITIVE_INFINITY;

/** Why nothing can be created here, and what to do about it. */
export const NO_KEY =
  "No topic can be created: this set-up has no operator key. Set HEDERA_OPERATOR_ID and HEDERA_OPERATOR_KEY, and start all instances again.";

/** What is wrong with a number of segments, as typed; null where a split can be asked for. */
export function segmentsFault(text: string, has: number, unfinished: number | null): string | null {
  const to = /^\d+$/.test(text.trim()) ? Number(text) : Number.NaN;
  if (!SplitBody.shape.to.safeParse(to).success) return `A number of segments is 1 to ${whole(MAX_SEGMENTS)}.`;
  if (to <= has)
    return `There ${has === 1 ? "is 1" : `are ${whole(has)}`} already: ask for ${whole(has + 1)} or more. To have fewer, drain the last one.`;
  if (unfinished !== null && to !== unfinished)
    return `A split into ${whole(unfinished)} is not finished: go on with that one first.`;
  return null;
}

/** What a split will do: what it creates, who moves, and what stays. */
export function splitSentences(group: Group, has: number, to: number): string {
  const price = to - has === 1 ? "at about a cent" : "at about a cent each";
  const created = `It creates ${counted(to - has, "topic")} for ${groupName(group)}, ${segments(has, to - 1)}, ${price}.`;
  return `${created} ${moving(group, has, to)} Each moves with their next message. Topics of before go on being read, so nothing is copied and nobody misses anything.`;
}

function moving({ owner, tier }: Group, has: number, to: number): string {
  if (has > 0)
    return `About ${percent((to - has) / to)} of the users who write there move to the new topics; the others stay.`;
  if (owner === null) return `All ${tier} users move to them from the standard topics.`;
  return tier === "enterprise" ? `All users of ${owner} move to them.` : `${owner} moves to them.`;
}

export function splitWords(group: Group, has: number, to: number): ActionWords {
  return {
    title: `Split ${groupName(group)} into ${whole(to)}`,
    consequence: splitSentences(group, has, to),
    confirm: "Split it",
    taken: `The split of ${groupName(group)} into ${whole(to)} has begun.`,
  };
}

/** `shards` are those of the topic that are written to, or are being drained. */
export function drainWords(topicId: string, shards: readonly ShardStatus[], answer: ShardsAnswer): ActionWords {
  const isClosed = shards.every(({ state }) => state === "draining");
  if (isClosed) {
    return {
      title: `Let ${topicId} go`,
      consequence:
        "Looks whether all of its messages are stored and the last one is ten minutes old. If so it is let go: it is read every ten minutes for a day, then not at all. If not, nothing changes and this page says when to ask again.",
      confirm: "Let it go",
      taken: `Whether ${topicId} can be let go is being looked at.`,
    };
  }
  const open = shards.filter(({ state }) => state === "active");
  return {
    title: `Drain ${topicId}`,
    consequence: `${open.map((shard) => leaving(shard, answer)).join(" ")} From then on nothing new is written to ${topicId}; it goes on being read, so nobody misses anything. It is finished in a second go, 15 minutes later at the earliest, when its last message is ten minutes old.`,
    confirm: "Drain it",
    taken: `The drain of ${topicId} has begun.`,
  };
}

function leaving(shard: ShardStatus, { shards }: ShardsAnswer): string {
  const name = groupName(shard);
  if (shard.needsSuccessor)
    return `A new topic is created, at about a cent, and takes its place as segment ${whole(shard.segment)} of ${name}: all who write here move there.`;
  return activeOf(shards, shard).length > 1
    ? `It is the last segment of ${name}: all who write here go back to the segments before it.`
    : `It is the only segment of ${name}: all who write here write to the next wider group's topics again.`;
}

/** Why a topic cannot be drained; null where it can. */
export function drainFault(shards: readonly ShardStatus[], { canCreate }: ShardsAnswer): string | null {
  if (shards.some(({ state, needsSuccessor }) => state === "active" && needsSuccessor) && !canCreate)
    return `A new topic would have to take its place. ${NO_KEY}`;
  return shards.some(({ state }) => state === "active" || state === "draining")
    ? null
    : "Nothing is written to it, so there is nothing to drain.";
}

/** A shard's state in a word or two. */
export const SHARD_STANDINGS: Readonly<Record<ShardStatus["state"], { readonly text: string; readonly tone: Tone }>> = {
  planned: { text: "Planned", tone: "plain" },
  creating: { text: "Being created", tone: "notice" },
  active: { text: "Written to", tone: "good" },
  draining: { text: "Draining", tone: "notice" },
  drained: { text: "Drained", tone: "plain" },
};

const UNDERTAKING_STANDINGS: Readonly<Record<Undertaking["standing"], { readonly text: string; readonly tone: Tone }>> =
  {
    "under-way": { text: "Under way", tone: "good" },
    interrupted: { text: "Interrupted", tone: "bad" },
    waiting: { text: "Waiting", tone: "notice" },
    ready: { text: "Can be let go", tone: "notice" },
  };

export const undertakingStanding = ({ standing }: Undertaking) => UNDERTAKING_STANDINGS[standing];

export const undertakingTitle = ({ goal }: Undertaking): string =>
  goal.name === "split" ? `Split ${groupName(goal.group)} into ${whole(goal.to)}` : `Drain ${goal.topicId}`;

/** Which of its steps it is at: a split creates and routes; a drain routes, waits, and looks. */
export function undertakingStep({ goal, step, wanted, created }: Undertaking): string {
  const creating = `${whole(created)} of ${counted(wanted, "new topic")} created`;
  if (goal.name === "split")
    return step === "create"
      ? `Step 1 of 2: ${creating}; nothing is written to them yet.`
      : `Step 2 of 2: ${wanted === 1 ? "the new topic is" : "all new topics are"} created; new messages are not routed there yet.`;
  if (step === "create" || step === "switch")
    return `Step 1 of 3: ${creating} to take its place; messages still go to the old one.`;
  return step === "wait"
    ? "Step 2 of 3: nothing more is written to it; it is read until nobody can know it any more."
    : "Step 3 of 3: nothing more is written to it; it can be let go when it is quiet.";
}

/** 0 to 1. */
export function undertakingShare({ goal, step, wanted, created }: Undertaking): number {
  if (goal.name === "split") return created / (wanted + 1);
  return { create: 0, switch: 1 / 6, wait: 1 / 3, look: 2 / 3 }[step];
}

/** What to do about it, or until when nothing can be done. */
export function undertakingAdvice({ standing, untilMs, reason }: Undertaking): string {
  const because = reason === null ? "" : `${asSentence(reason)} `;
  switch (standing) {
    case "under-way":
      return "It goes on by itself.";
    case "interrupted":
      return reason === null
        ? "Nobody is heard of who is at it. Go on with it, unless npm run shards is doing so just now; nothing is done twice."
        : `${because}Go on with it; nothing is done twice.`;
    case "waiting":
      return `${because}Ask for it again at ${clockTime(untilMs ?? 0)} or later, to let it go.`;
    case "ready":
      return `${because}Ask for it again: if all is quiet, it is let go.`;
  }
}

/** Where routing stands: since when new messages come here, or come no more. */
export function routingWords({ state, routesFrom, drainsFrom, drainedAt }: ShardStatus): string {
  switch (state) {
    case "active":
      return routesFrom === null ? "from the start" : `since ${momentOf(routesFrom)}`;
    case "draining":
      return `none since ${momentOf(drainsFrom)}`;
    case "drained":
      return `let go ${momentOf(drainedAt)}`;
    default:
      return "not yet";
  }
}

function momentOf(instant: string | null): string {
  const ms = Number(instant ?? 0) * 1_000;
  return `${calendarDate(ms)}, ${clockMinute(ms)}`;
}

/** Whom a group is, beside its name. */
export function whoseWords({ tier, owner }: Pick<Group, "tier" | "owner">, tenants: ShardsAnswer["tenants"]): string {
  const tenant = tier === "enterprise" ? tenants.find(({ tenantId }) => tenantId === owner) : undefined;
  if (tenant) return `${counted(tenant.users, "user")}: ${tenant.name}`;
  if (owner !== null) return tier === "busy" ? "a user's own" : "a tenant";
  return tier === "busy" ? "from 1,000 signals" : "everybody";
}

/** How users come to a group. */
export const TIER_MOVES =
  "Users are busy from 1,000 signals until they have fewer than 800, and move by themselves. Tenants, and who is theirs, are told with npm run shards -- tenant and assign; a user gets topics of their own by a split.";

/** The mean of the minutes that are over. */
export function perMinuteOf(topic: TopicStatus | undefined): number | null {
  const over = topic?.perMinute.slice(0, -1) ?? [];
  return over.length === 0 ? null : over.reduce((sum, count) => sum + count, 0) / over.length;
}
