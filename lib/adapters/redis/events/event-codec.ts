/**
 * Events as text. They are short, because Redis is billed by the byte: `<sequence> <instance> <turn> <JSON>`. If the event has numbers in
 * other partitions (`lib/adapters/redis/client/keys.ts`), then `<partition>:<number>:<mark>,…` stands before the JSON. Redis gives the
 * sequence, the turn counts what the instance has sent, and the JSON is a list that begins with the number of its form. `null` instead of a
 * list says "everything may have changed".
 *
 * Instances of two releases may share a channel for a while. A list that changes its meaning gets a new form number, and an instance treats
 * a form that it does not know as `null`: it reads everything again, and misses nothing. Items may be added at the end of a list, where
 * older releases do not look.
 */
import type { Position, TopicId, UserId } from "../../../core/ledger/ids";
import type { BusEvent, CommitEvent } from "../../../ports/shared/event-bus";
import type { SignOut } from "../../../ports/store/account-store";
import type { Head } from "../history";

const FORM = { commit: 1, "sign-out": 2, "topic-changed": 3, "views-invalidated": 4, "registry-changed": 5 } as const;
/** Stands for an event that does not say what changed. */
export const EVERYTHING = "null";

/** A message of the channel, with its event decoded. */
export interface Message {
  /** The numbers of the event in other partitions. */
  readonly heads: readonly Head[];
  readonly sequence: number;
  readonly instanceId: string;
  readonly turn: number;
  /** Null if everything may have changed. */
  readonly event: BusEvent | null;
}

/** The JSON of an event, a list that begins with the number of its form. `busMessage` puts it into a message. */
export function encodeEvent(event: BusEvent): string {
  return JSON.stringify([FORM[event.type], ...itemsOf(event)]);
}

/** An event as Redis gets it, which puts the sequence before it. */
export function busMessage(instanceId: string, turn: number, heads: readonly Head[], json: string): string {
  const numbers = heads.map(({ partition, sequence, mark }) => `${partition}:${sequence}:${mark}`).join(",");
  return `${instanceId} ${turn} ${numbers === "" ? "" : `${numbers} `}${json}`;
}

/** Null if the text is not a message of ours. */
export function parseBusMessage(text: string): Message | null {
  // JSON begins with a bracket, or is null, which no space follows.
  const parts = /^(\d{1,15}) ([^ ]+) (\d{1,15}) (?:([\w:,-]+) )?/.exec(text);
  if (!parts) return null;
  const [head, sequence = "", instanceId = "", turn = "", numbers = ""] = parts;
  return {
    ...{ sequence: Number(sequence), instanceId, turn: Number(turn) },
    heads: [...numbers.matchAll(/(\d+):(\d+):([^,]+)/g)].map(([, partition, number, mark = ""]) => ({
      ...{ partition: Number(partition), sequence: Number(number), mark },
    })),
    event: decodeEvent(text.slice(head.length)),
  };
}

type UserItem = readonly [userId: UserId, head: Position, added: number, ...peers: UserId[]];
type RenamedItem = readonly [userId: UserId, ...peers: UserId[]];
type CommitItems = readonly [
  topicId: TopicId,
  /** 0 for messages behind the cursor. */
  cursor: number,
  users: readonly UserItem[],
  renamed: readonly RenamedItem[],
  definitionsChanged: 0 | 1,
  /** The cursor before the commit. The release before did not send this item. */
  from?: number | null,
];

function itemsOf(event: BusEvent): readonly unknown[] {
  switch (event.type) {
    case "commit":
      return commitItems(event);
    case "sign-out":
      return [event.subject, event.untilMs];
    case "topic-changed":
      return [event.topicId];
    case "views-invalidated":
      return event.userIds;
    case "registry-changed":
      return [event.version];
  }
}

function commitItems({ topicId, cursor, users, renamed, definitionsChanged }: CommitEvent): CommitItems {
  return [
    topicId,
    cursor?.to ?? 0,
    users.map(({ userId, head, added, peers }) => [userId, head, added, ...peers]),
    renamed.map(({ userId, peers }) => [userId, ...peers]),
    definitionsChanged ? 1 : 0,
    cursor?.from ?? null,
  ];
}

function decodeEvent(json: string): BusEvent | null {
  try {
    const list: unknown = JSON.parse(json);
    if (!Array.isArray(list)) return null;
    // A list with a known form was made by `encodeEvent`: whoever can publish here can write to the views as well.
    const [form, ...items] = list as [number, ...unknown[]];
    switch (form) {
      case FORM.commit:
        return commitOf(...(items as unknown as CommitItems));
      case FORM["sign-out"]: {
        const [subject, untilMs] = items as [SignOut["subject"]?, number?];
        return subject === undefined || untilMs === undefined ? null : { type: "sign-out", subject, untilMs };
      }
      case FORM["topic-changed"]: {
        const [topicId] = items as [TopicId?];
        return topicId === undefined ? null : { type: "topic-changed", topicId };
      }
      case FORM["views-invalidated"]:
        return { type: "views-invalidated", userIds: items as readonly UserId[] };
      case FORM["registry-changed"]: {
        const [version] = items as [number?];
        return version === undefined ? null : { type: "registry-changed", version };
      }
      default:
        return null;
    }
  } catch {
    return null;
  }
}

function commitOf(...[topicId, cursor, users, renamed, definitionsChanged, from]: CommitItems): BusEvent {
  // The release before said "paused or resumed" with a commit of nobody, behind the cursor.
  const isFromReleaseBefore = from === undefined;
  if (isFromReleaseBefore && cursor === 0 && users.length === 0 && renamed.length === 0)
    return { type: "topic-changed", topicId };
  return {
    type: "commit",
    topicId,
    cursor: cursor === 0 ? null : { from: from ?? null, to: cursor },
    users: users.map(([userId, head, added, ...peers]) => ({ userId, head, added, peers })),
    renamed: renamed.map(([userId, ...peers]) => ({ userId, peers })),
    definitionsChanged: definitionsChanged === 1,
  };
}
