/** Sentences for operators about actions, their results, and the state of topics. Pure. */
import {
  type AdminStatus,
  type OperatorLogEntry,
  PackResult,
  StartOverResult,
  TopicCheck,
  type TopicStatus,
} from "@/lib/wire/operators/admin";
import { ReshardDetail } from "@/lib/wire/operators/shards";
import { asSentence } from "../format/as-sentence";
import { ago, counted, durationText, whole } from "../format/numbers";
import { clockTime } from "../format/time";
import { groupName, parseSplit } from "./shard-groups";
import type { TopicAction } from "./status";

/** Shown where a typed text cannot be a user's id. */
export const USER_ID_FAULT = "An id has 1 to 50 characters without spaces: 0.0.7226146 or tm-alex-chen.";

export interface ActionWords {
  /** Title of the dialog. */
  readonly title: string;
  readonly consequence: string;
  /** Label of the button that sends the action. */
  readonly confirm: string;
  /** Notice after the server accepted the action. */
  readonly taken: string;
}

/** The words of the dialog for an action on a topic. */
export function topicActionWords(action: TopicAction, topicId: string): ActionWords {
  const words: Record<TopicAction, Omit<ActionWords, "title"> & { readonly verb: string }> = {
    audit: {
      verb: "Audit",
      consequence:
        "Reads the topic from the mirror and compares each message with the stored one, from the first that is kept. It changes nothing. It uses mirror requests of the shared budget.",
      confirm: "Start the audit",
      taken: `The audit of ${topicId} has started.`,
    },
    resync: {
      verb: "Resync",
      consequence:
        "Reads the topic from the mirror, from the first message that is kept, and writes the missing and unverified ones. Positions do not change. It uses mirror requests of the shared budget.",
      confirm: "Start the resync",
      taken: `The resync of ${topicId} has started.`,
    },
    "start-over": {
      verb: "Start over",
      consequence:
        "Deletes what this server stored of the topic and reads it from the mirror again. The ledger keeps every message. Until it ends, pages lack what is not read yet and say that they are behind. Use it after a network reset, or if a mirror sent false messages. With KEEP_MONTHS, every topic with dropped messages starts over too.",
      confirm: "Delete and start over",
      taken: `${topicId} starts over.`,
    },
    pause: {
      verb: "Pause",
      consequence: "Stops the sync of the topic on every instance until somebody resumes it.",
      confirm: "Pause topic",
      taken: `${topicId} is paused on every instance.`,
    },
    resume: {
      verb: "Resume",
      consequence: "Continues the sync of the topic on every instance, from its cursor.",
      confirm: "Resume topic",
      taken: `${topicId} is resumed on every instance.`,
    },
  };
  const { verb, ...rest } = words[action];
  return { title: `${verb} ${topicId}`, ...rest };
}

/** `userId`: null for everybody. */
export function invalidateWords(userId: string | null): ActionWords {
  return userId === null
    ? {
        title: "Invalidate everything",
        consequence:
          "The next read of every view goes to the database. Expect more database load until the caches are full again.",
        confirm: "Invalidate everything",
        taken: "All cached views are invalidated.",
      }
    : {
        title: `Invalidate ${userId}`,
        consequence: "The next read of this person's views goes to the database.",
        confirm: "Invalidate",
        taken: `The cached views of ${userId} are invalidated.`,
      };
}

const ACTIONS: Readonly<Record<string, string>> = {
  "cache.invalidate": "Invalidate",
  "topic.audit": "Audit",
  "topic.resync": "Resync",
  "topic.start-over": "Start over",
  "topic.pause": "Pause",
  "topic.resume": "Resume",
  "shards.split": "Split",
  "shards.drain": "Drain",
  "shards.create": "Create topics",
  "shards.tenant": "Name tenant",
  "shards.assign": "Assign to tenant",
  "shards.publish": "Publish the registry",
  "accounts.bind": "Bind account",
  "accounts.unbind": "Unbind account",
  "database.migrate": "Migrate the database",
  "database.pack": "Pack and drop old messages",
};

/** `Audit of 0.0.1001`, `Split contact (standard) into 4`, `Invalidate everything` */
export function entryTitle({ action, target }: OperatorLogEntry): string {
  const name = ACTIONS[action] ?? action;
  if (action === "cache.invalidate") return `${name} ${target ?? "everything"}`;
  const split = action === "shards.split" ? parseSplit(target) : null;
  if (split) return `${name} ${groupName(split.group)} into ${whole(split.to)}`;
  const of = name === "Audit" || name === "Resync" ? "of " : "";
  return target === null ? name : `${name} ${of}${target}`;
}

/** The progress or the result of a topic check. Null if the entry belongs to another action, or another release wrote it. */
export const checkOf = (entry: OperatorLogEntry | null): TopicCheck | null => {
  const check = TopicCheck.safeParse(entry?.detail);
  return check.success ? check.data : null;
};

/** Progress of a running check or of a start over, 0 to 1. */
export const progressOf = ({ through, to }: Pick<TopicCheck, "through" | "to">): number =>
  to === 0 ? 1 : Math.min(1, through / to);

/**
 * A running check updates its entry every five seconds. An older entry belongs to an instance that ended; the next request continues the
 * check.
 */
const SILENT_MS = 60_000;

/** Result or progress of an operator log entry. */
export function outcomeOf(entry: OperatorLogEntry, nowMs: number): string {
  const check = checkOf(entry);
  if (entry.state === "failed" || entry.state === "refused") {
    const error = entry.detail?.error;
    return typeof error === "string"
      ? asSentence(error)
      : `It ${entry.state === "failed" ? "failed" : "was refused"}. See the server's log.`;
  }
  if (entry.state === "running") {
    const silentMs = nowMs - entry.updatedMs;
    const silence = silentMs > SILENT_MS ? ` No update for ${durationText(silentMs)}: start it again to continue.` : "";
    if (check === null) return `Running${stepOf(entry)}.${silence}`;
    return `Running: message ${whole(check.through)} of ${whole(check.to)}. ${findings(check, false)}${silence}`;
  }
  return check === null ? endOf(entry) : findings(check, true);
}

const STEPS: Readonly<Record<string, string>> = {
  plan: ": planning",
  intend: ": creating topics",
  create: ": creating topics",
  switch: ": routing new messages",
  look: ": checking that the topic is quiet",
};

function stepOf({ detail }: OperatorLogEntry): string {
  const { data } = ReshardDetail.safeParse(detail);
  return (data && "step" in data && STEPS[data.step]) || "";
}

/** Result of an action that is done. */
function endOf({ action, detail }: OperatorLogEntry): string {
  const { data } = ReshardDetail.safeParse(detail);
  if (data && "waitingUntilMs" in data)
    return `The topic takes no new messages. Finish the drain after ${clockTime(data.waitingUntilMs)}: ${data.reason}.`;
  if (action === "shards.split") return "Done: new messages use the new topics.";
  if (action === "database.pack") return packed(detail);
  if (action === "topic.start-over") return startedOver(detail);
  return action === "shards.drain" ? "Done: the topic is drained." : "Done.";
}

function startedOver(detail: OperatorLogEntry["detail"]): string {
  const { data } = StartOverResult.safeParse(detail);
  if (data === undefined) return "Done.";
  const { dropped, alongside = [] } = data;
  const sentences = ["The topic starts over."];
  if (dropped > 0)
    sentences.push(`${counted(dropped, "stored message")} ${dropped === 1 ? "is" : "are"} read from the ledger again.`);
  if (alongside.length === 1)
    sentences.push(`Topic ${alongside[0]} starts over with it, because messages of it were dropped.`);
  if (alongside.length > 1)
    sentences.push(
      `Topics ${alongside.slice(0, -1).join(", ")} and ${alongside.at(-1)} start over with it, because messages of them were dropped.`,
    );
  return sentences.join(" ");
}

function packed(detail: OperatorLogEntry["detail"]): string {
  const { data } = PackResult.safeParse(detail);
  // Earlier versions recorded nothing where nothing was found.
  if (data === undefined || (data.messages + data.rows === 0 && data.dropped === undefined))
    return "Done: there was nothing to pack.";
  const { dropped } = data;
  const words = ({ messages, rows }: { readonly messages: number; readonly rows: number }) =>
    `${counted(messages, "message")} and ${counted(rows, "row")} of people.`;
  return `Packed ${words(data)}${dropped === undefined ? "" : ` Dropped ${words(dropped)}`}`;
}

function findings(check: TopicCheck, isOver: boolean): string {
  const counts = [
    [check.differing.count, "stored differently"],
    [check.missing.count, "missing"],
    [check.unconfirmed.count, "not on the mirror"],
    [check.broken.count, "with a wrong running hash"],
  ] as const;
  const found = counts.filter(([count]) => count > 0).map(([count, what]) => `${whole(count)} ${what}`);
  const restored = check.restored > 0 ? ` ${counted(check.restored, "message")} written.` : "";
  const looked = `${counted(check.checked, "message")} compared`;
  if (found.length > 0) return `${looked}: ${found.join(", ")}.${restored}`;
  return `${looked}: ${isOver ? "all match the ledger" : "all match so far"}.${restored}`;
}

export type Tone = "good" | "notice" | "bad" | "plain";

/** State of a topic in a word or two. */
export function standingOf(topic: TopicStatus): { readonly text: string; readonly tone: Tone } {
  if (topic.paused) return { text: "Paused", tone: "notice" };
  switch (topic.state) {
    case "hole":
      return { text: "Hole", tone: "bad" };
    case "backing-off":
      return { text: "Backing off", tone: "bad" };
    case "not-kept":
      return { text: "Not synced here", tone: "plain" };
    default:
      if (topic.startOver) return { text: STARTING_OVER[topic.startOver.work], tone: "notice" };
      return { text: topic.state === "pulling" ? "Pulling" : "In sync", tone: "good" };
  }
}

const STARTING_OVER = { dropping: "Starting over", folding: "Folding again", reading: "Reading again" } as const;

/** A start over as a sentence: its work on a topic, and how far that is. */
export function startOverWords({ work, through, to }: NonNullable<TopicStatus["startOver"]>): string {
  const far = `message ${whole(through)} of ${whole(to)}`;
  const words = {
    dropping: "It starts over: its stored messages are being deleted. Then it is read again.",
    folding: `Another topic starts over, so its messages are folded again: ${far}. Its views may lack something.`,
    reading: `It started over and is read from the ledger again: ${far}. Views lack what is not read yet.`,
  };
  return words[work];
}

/**
 * How many messages of a topic are stored now, and how many are no longer kept; null if that is not known. All dropped ones were
 * verified (lib/core/signals/packable).
 */
export function storedOf({ counts, dropped }: Pick<TopicStatus, "counts" | "dropped">) {
  const gone = dropped === undefined ? 0 : (dropped.messages ?? null);
  const left = (count: number) => (gone === null ? null : Math.max(0, count - gone));
  return { messages: left(counts.messages), verified: left(counts.verified), dropped: gone };
}

/** Why the sync of a topic fails and when it retries; null while it works. */
export function troubleOf({ lastError, retryAtMs }: TopicStatus, nowMs: number): string | null {
  if (lastError === null) return null;
  const again = retryAtMs === null || retryAtMs <= nowMs ? "" : ` Retry in ${durationText(retryAtMs - nowMs)}.`;
  return `${asSentence(lastError)}${again}`;
}

/** The coverage bar in words. */
export function coverageWords({ cursor, verifiedThrough, dropped, gaps, gapCount }: TopicStatus): string {
  if (cursor === 0) return "Nothing stored yet.";
  const missing = gaps.reduce((sum, { from, to }) => sum + to - from + 1, 0);
  const gapped =
    gapCount === 0 ? "no gaps" : `${counted(gapCount, "gap")}${missing > 0 ? ` (${counted(missing, "message")})` : ""}`;
  const verified = verifiedThrough >= cursor ? "all verified" : `verified through ${whole(verifiedThrough)}`;
  const kept = dropped === undefined ? "" : `kept from ${whole(dropped.through + 1)} on, `;
  return `Stored through ${whole(cursor)}, ${kept}${verified}, ${gapped}.`;
}

/** Says which numbers the page still shows while the database is down, and their age; null while the database answers. */
export function databaseWords({
  database,
  atMs,
  storage,
}: Pick<AdminStatus, "database" | "atMs" | "storage">): string | null {
  if (database.answers) return null;
  const topics =
    database.topicsReadMs === null
      ? "Topics come from this instance's memory, without gaps and counts."
      : `Topics are from ${ago(atMs - database.topicsReadMs)}.`;
  const messages =
    database.messagesReadMs === null
      ? "Rejected messages are missing."
      : `Rejected messages are from ${ago(atMs - database.messagesReadMs)}.`;
  const sizes = storage === null ? "Storage is missing." : `Storage is from ${ago(atMs - storage.readMs)}.`;
  return `${topics} ${messages} ${sizes} Instances, tiers and mirrors are current. Actions need the database.`;
}

export interface IncidentPlace {
  readonly href: string;
  readonly label: string;
}

/** The severity of an incident and its age: `Warning, for 4 min`, `Critical, just now`. */
export function standingSince(
  { severity, sinceMs }: Pick<AdminStatus["incidents"][number], "severity" | "sinceMs">,
  atMs: number,
): string {
  const ageMs = atMs - sinceMs;
  return `${severity === "critical" ? "Critical" : "Warning"}, ${ageMs < 1_000 ? "just now" : `for ${durationText(ageMs)}`}`;
}

/** The operators' page that shows an incident in detail; null if there is none. */
export function incidentPlace({
  code,
  subject,
}: Pick<AdminStatus["incidents"][number], "code" | "subject">): IncidentPlace | null {
  if (code === "message-failed" && subject !== null)
    return { href: `/admin/messages?q=${encodeURIComponent(`failed ${subject}/`)}`, label: "See the messages" };
  if (code.startsWith("topic-") && subject !== null)
    return { href: `/admin/topics?topic=${encodeURIComponent(subject)}`, label: "See the topic" };
  if (code === "topics-behind") return { href: "/admin/topics?sort=lag.desc", label: "See the topics" };
  if (code === "topics-incomplete") return { href: "/admin/topics?sort=state.desc", label: "See the topics" };
  if (code.startsWith("mirror-") || code === "devnet-ended" || code === "budget-exhausted")
    return { href: "/admin/mirror", label: "See the mirrors" };
  if (code.startsWith("postgres-") || code.startsWith("redis-"))
    return { href: "/admin/tiers", label: "See the tiers" };
  return null;
}
