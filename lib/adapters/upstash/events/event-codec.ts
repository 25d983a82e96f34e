/**
 * Events on their way: short, since they are paid by the byte. `<sequence> <instance> <turn> <JSON>`: the sequence is given by
 * Redis, the turn counts what the instance has sent, and the JSON is a list that begins with the number of its form, or `null` for
 * "everything".
 */
import type { Position, TopicId, UserId } from "../../../core/ledger/ids";
import type { CommitEvent } from "../../../ports/shared/event-bus";
import type { SignOut } from "../../../ports/store/account-store";

/** A new number whenever a list changes its meaning: instances of two releases may share a channel for a while. */
const COMMIT_FORM = 1;
const SIGN_OUT_FORM = 2;
export const EVERYTHING = "null";

export interface Message {
  readonly sequence: number;
  readonly instanceId: string;
  readonly turn: number;
  /** Null where it says "everything", or says it in a way that is not known here: which comes to the same. */
  readonly event: BusEvent | null;
}

type BusEvent =
  | { readonly kind: "commit"; readonly commit: CommitEvent }
  | { readonly kind: "sign-out"; readonly signOut: SignOut };

export function encodeEvent({ topicId, cursor, users, renamed, definitionsChanged }: CommitEvent): string {
  return JSON.stringify([
    COMMIT_FORM,
    topicId,
    cursor,
    users.map(({ userId, head, added, peers }) => [userId, head, added, ...peers]),
    renamed.map(({ userId, peers }) => [userId, ...peers]),
    definitionsChanged ? 1 : 0,
  ]);
}

export const encodeSignOut = ({ subject, untilMs }: SignOut): string =>
  JSON.stringify([SIGN_OUT_FORM, subject, untilMs]);

/** Null for what is no message of ours. */
export function decodeMessage(text: string): Message | null {
  const parts = /^(\d{1,15}) ([^ ]+) (\d{1,15}) /.exec(text);
  if (!parts) return null;
  const [head, sequence = "", instanceId = "", turn = ""] = parts;
  return { sequence: Number(sequence), instanceId, turn: Number(turn), event: decodeEvent(text.slice(head.length)) };
}

type UserItem = readonly [userId: UserId, head: Position, added: number, ...peers: UserId[]];
type RenamedItem = readonly [userId: UserId, ...peers: UserId[]];

function decodeEvent(json: string): BusEvent | null {
  try {
    const list: unknown = JSON.parse(json);
    if (!Array.isArray(list)) return null;
    if (list[0] === SIGN_OUT_FORM) {
      const [, subject, untilMs] = list as [number, SignOut["subject"]?, number?];
      return subject === undefined || untilMs === undefined
        ? null
        : { kind: "sign-out", signOut: { subject, untilMs } };
    }
    if (list[0] !== COMMIT_FORM) return null;
    // Of this form only what `encodeEvent` made: whoever can publish here can write to the views as well.
    const [, topicId, cursor, users, renamed, changed] = list as [
      number,
      TopicId,
      number,
      UserItem[],
      RenamedItem[],
      number,
    ];
    const commit = {
      topicId,
      cursor,
      users: users.map(([userId, head, added, ...peers]) => ({ userId, head, added, peers })),
      renamed: renamed.map(([userId, ...peers]) => ({ userId, peers })),
      definitionsChanged: changed === 1,
    };
    return { kind: "commit", commit };
  } catch {
    return null;
  }
}
