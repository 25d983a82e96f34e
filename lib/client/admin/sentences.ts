/** Sentences for operators: what an action will do, what it came to, and how things stand. All pure. */
import { type AdminStatus, type AuditEntry, TopicCheck, type TopicStatus } from "@/lib/wire/admin";
import { ReshardDetail } from "@/lib/wire/shards";
import { asSentence } from "../format/as-sentence";
import { counted, lasting, whole } from "../format/numbers";
import { clockTime } from "../format/time";
import { groupName, parseSplit } from "./shard-groups";
import type { TopicAction } from "./status";

export interface ActionWords {
  /** The button, and the title of the dialog. */
  readonly title: string;
  readonly consequence: string;
  /** What the button says that sends it. */
  readonly confirm: string;
  /** Said when the server has taken it. */
  readonly taken: string;
}

export function topicActionWords(action: TopicAction, topicId: string): ActionWords {
  const words: Record<TopicAction, Omit<ActionWords, "title"> & { readonly verb: string }> = {
    audit: {
      verb: "Audit",
      consequence:
        "Reads every message of the topic from the mirror again and compares it with what is stored. Nothing is changed; it costs mirror requests out of the shared budget.",
      confirm: "Begin the audit",
      taken: `The audit of ${topicId} has begun.`,
    },
    resync: {
      verb: "Resync",
      consequence:
        "Reads every message of the topic from the mirror again and writes what is missing or was stored worse. Nobody's positions change; it costs mirror requests out of the shared budget.",
      confirm: "Begin the resync",
      taken: `The resync of ${topicId} has begun.`,
    },
    "start-over": {
      verb: "Start over",
      consequence:
        "Drops everything that is stored of the topic and reads it from the mirror again. Use it after a reset of the network, or when a mirror lied. Until it is done, all data is marked stale, and open pages reload their data.",
      confirm: "Drop it and start over",
      taken: `${topicId} is read from the ledger again.`,
    },
    pause: {
      verb: "Pause",
      consequence: "On every instance, nothing new of the topic is pulled or shown until somebody resumes it.",
      confirm: "Pause it",
      taken: `${topicId} is paused on every instance.`,
    },
    resume: {
      verb: "Resume",
      consequence: "On every instance, the topic is pulled again from where it stands.",
      confirm: "Resume it",
      taken: `${topicId} is resumed on every instance.`,
    },
  };
  const { verb, ...rest } = words[action];
  return { title: `${verb} ${topicId}`, ...rest };
}

/** `userId` null: everybody. */
export function invalidateWords(userId: string | null): ActionWords {
  return userId === null
    ? {
        title: "Invalidate everything",
        consequence:
          "Every cached view of everybody is loaded from the database again when it is next read. For a while the database answers what the caches did.",
        confirm: "Invalidate everything",
        taken: "Every cached view is read from the database again.",
      }
    : {
        title: `Invalidate ${userId}`,
        consequence: "This person's cached views are loaded from the database again when they are next read.",
        confirm: "Invalidate",
        taken: `The views of ${userId} are read from the database again.`,
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
};

/** `Audit of 0.0.1001`, `Split contact (standard) into 4`, `Invalidate everything` */
export function entryTitle({ action, target }: AuditEntry): string {
  const name = ACTIONS[action] ?? action;
  if (action === "cache.invalidate") return `${name} ${target ?? "everything"}`;
  const split = action === "shards.split" ? parseSplit(target) : null;
  if (split) return `${name} ${groupName(split.group)} into ${whole(split.to)}`;
  const of = name === "Audit" || name === "Resync" ? "of " : "";
  return target === null ? name : `${name} ${of}${target}`;
}

export const checkOf = (entry: AuditEntry | null): TopicCheck | null => {
  const check = TopicCheck.safeParse(entry?.detail);
  return check.success ? check.data : null;
};

/** Share of a running check that is done, 0 to 1. */
export const progressOf = ({ through, to }: TopicCheck): number => (to === 0 ? 1 : Math.min(1, through / to));

/** Instances beat while they work; one that has died leaves its entry running, to be taken up by asking again. */
const SILENT_MS = 60_000;

/** What an entry of the audit log came to, or how far it is. */
export function outcomeOf(entry: AuditEntry, nowMs: number): string {
  const check = checkOf(entry);
  if (entry.state === "failed" || entry.state === "refused") {
    const error = entry.detail?.error;
    return typeof error === "string"
      ? asSentence(error)
      : `It was ${entry.state === "failed" ? "tried and failed" : "refused"}; the server's log says more.`;
  }
  if (entry.state === "running") {
    const silentMs = nowMs - entry.updatedMs;
    const silence =
      silentMs > SILENT_MS ? ` Nothing was heard of it for ${lasting(silentMs)}: ask for it again to go on.` : "";
    if (check === null) return `Under way${stepOf(entry)}.${silence}`;
    return `Under way: message ${whole(check.through)} of ${whole(check.to)}. ${findings(check, false)}${silence}`;
  }
  return check === null ? endOf(entry) : findings(check, true);
}

const STEPS: Readonly<Record<string, string>> = {
  plan: ": planning",
  intend: ": creating topics",
  create: ": creating topics",
  switch: ": routing new messages the new way",
  look: ": looking whether the topic is quiet",
};

function stepOf({ detail }: AuditEntry): string {
  const { data } = ReshardDetail.safeParse(detail);
  return (data && "step" in data && STEPS[data.step]) || "";
}

/** What a split or a drain came to; of everything else, that it is done. */
function endOf({ action, detail }: AuditEntry): string {
  const { data } = ReshardDetail.safeParse(detail);
  if (data && "waitingUntilMs" in data)
    return `Nothing more is written to it. Ask for it again at ${clockTime(data.waitingUntilMs)} to let it go: ${data.reason}.`;
  if (action === "shards.split") return "Done: new messages go the new way.";
  return action === "shards.drain" ? "Done: it is let go." : "Done.";
}

function findings(check: TopicCheck, isOver: boolean): string {
  const odd = [
    [check.differing.count, "stored otherwise than the mirror tells"],
    [check.missing.count, "missing here"],
    [check.unconfirmed.count, "stored here but not told by the mirror"],
    [check.broken.count, "whose running hash does not follow"],
  ] as const;
  const found = odd.filter(([count]) => count > 0).map(([count, what]) => `${whole(count)} ${what}`);
  const restored = check.restored > 0 ? ` ${counted(check.restored, "message")} written.` : "";
  const looked = `${counted(check.checked, "message")} compared`;
  if (found.length > 0) return `${looked}: ${found.join(", ")}.${restored}`;
  return `${looked}: ${isOver ? "all match the ledger" : "all match so far"}.${restored}`;
}

export type Tone = "good" | "notice" | "bad" | "plain";

/** How a topic stands, in a word or two. */
export function standingOf(topic: TopicStatus): { readonly text: string; readonly tone: Tone } {
  if (topic.paused) return { text: "Paused", tone: "notice" };
  switch (topic.state) {
    case "hole":
      return { text: "Waiting for a hole", tone: "bad" };
    case "backing-off":
      return { text: "Backing off", tone: "bad" };
    case "pulling":
      return { text: "Pulling", tone: "good" };
    case "not-kept":
      return { text: "Not kept", tone: "plain" };
    default:
      return { text: "In step", tone: "good" };
  }
}

/** Why a topic does not move, and when it is tried again; null where there is nothing to say. */
export function troubleOf({ lastError, retryAtMs }: TopicStatus, nowMs: number): string | null {
  if (lastError === null) return null;
  const again = retryAtMs === null || retryAtMs <= nowMs ? "" : ` Tried again in ${lasting(retryAtMs - nowMs)}.`;
  return `${asSentence(lastError)}${again}`;
}

/** What a coverage bar shows. */
export function coverageWords({ cursor, verifiedThrough, gaps, gapCount }: TopicStatus): string {
  if (cursor === 0) return "Nothing stored yet.";
  const missing = gaps.reduce((sum, { from, to }) => sum + to - from + 1, 0);
  const gapped =
    gapCount === 0 ? "no gaps" : `${counted(gapCount, "gap")}${missing > 0 ? ` (${counted(missing, "message")})` : ""}`;
  const verified = verifiedThrough >= cursor ? "all verified" : `verified through ${whole(verifiedThrough)}`;
  return `Stored through ${whole(cursor)}, ${verified}, ${gapped}.`;
}

/** While the database does not answer: what is shown all the same, and how old it is; null where it answers. */
export function databaseWords({
  database,
  atMs,
  storage,
}: Pick<AdminStatus, "database" | "atMs" | "storage">): string | null {
  if (database.answers) return null;
  const topics =
    database.topicsReadMs === null
      ? "Topics are shown as this instance knows them: gaps and stored counts are missing."
      : `Topics were read from the database ${lasting(Math.max(0, atMs - database.topicsReadMs))} ago.`;
  const messages =
    database.messagesReadMs === null
      ? "Odd messages are missing."
      : `Odd messages were read ${lasting(Math.max(0, atMs - database.messagesReadMs))} ago.`;
  const sizes =
    storage === null ? "Storage is missing." : `Storage was read ${lasting(Math.max(0, atMs - storage.readMs))} ago.`;
  return `${topics} ${messages} ${sizes} Instances, tiers and mirrors are current. Actions have to wait for the database.`;
}

export interface IncidentPlace {
  readonly href: string;
  readonly label: string;
}

/** The part of the operators' page that shows an incident in detail; null where there is none. */
export function placeOf({
  code,
  subject,
}: Pick<AdminStatus["incidents"][number], "code" | "subject">): IncidentPlace | null {
  if (code === "message-failed" && subject !== null)
    return { href: `/admin/messages?q=${encodeURIComponent(`failed ${subject}/`)}`, label: "See the messages" };
  if (code.startsWith("topic-") && subject !== null)
    return { href: `/admin/topics?topic=${encodeURIComponent(subject)}`, label: "See the topic" };
  if (code === "topics-behind") return { href: "/admin/topics?sort=lag.desc", label: "See the topics" };
  if (code.startsWith("mirror-") || code === "budget-exhausted")
    return { href: "/admin/mirror", label: "See the mirrors" };
  if (code.startsWith("postgres-") || code.startsWith("redis-"))
    return { href: "/admin/tiers", label: "See the tiers" };
  return null;
}
