/**
 * Commit events on their way: short, since they are paid by the byte. `<sequence> <instance> <turn> <JSON>`: the sequence is
 * given by Redis, the turn counts what the instance has sent, and the JSON is a list that begins with the number of its form, or
 * `null` for "everything".
 */
import type { Position, TopicId, UserId } from "../../core/ids";
import type { CommitEvent } from "../../ports/event-bus";

/** Raised whenever the list changes its meaning: instances of two releases may share a channel for a while. */
const FORM = 1;
export const EVERYTHING = "null";

export interface Message {
  readonly sequence: number;
  readonly instanceId: string;
  readonly turn: number;
  /** Null where it says "everything", or says it in a way that is not known here: which comes to the same. */
  readonly event: CommitEvent | null;
}

export function encodeEvent({ topicId, cursor, users, renamed, definitionsChanged }: CommitEvent): string {
  return JSON.stringify([
    FORM,
    topicId,
    cursor,
    users.map(({ userId, head, added, peers }) => [userId, head, added, ...peers]),
    renamed.map(({ userId, peers }) => [userId, ...peers]),
    definitionsChanged ? 1 : 0,
  ]);
}

/** Null for what is no message of ours. */
export function decodeMessage(text: string): Message | null {
  const parts = /^(\d{1,15}) ([^ ]+) (\d{1,15}) /.exec(text);
  if (!parts) return null;
  const [head, sequence = "", instanceId = "", turn = ""] = parts;
  return { sequence: Number(sequence), instanceId, turn: Number(turn), event: decodeEvent(text.slice(head.length)) };
}

type UserItem = readonly [userId: UserId, head: Position, added: number, ...peers: UserId[]];
type RenamedItem = readonly [userId: UserId, ...peers: UserId[]];

function decodeEvent(json: string): CommitEvent | null {
  try {
    const list: unknown = JSON.parse(json);
    if (!Array.isArray(list) || list[0] !== FORM) return null;
    // Of this form only what `encodeEvent` made: whoever can publish here can write to the views as well.
    const [, topicId, cursor, users, renamed, changed] = list as [
      number,
      TopicId,
      number,
      UserItem[],
      RenamedItem[],
      number,
    ];
    return {
      topicId,
      cursor,
      users: users.map(([userId, head, added, ...peers]) => ({ userId, head, added, peers })),
      renamed: renamed.map(([userId, ...peers]) => ({ userId, peers })),
      definitionsChanged: changed === 1,
    };
  } catch {
    return null;
  }
}
