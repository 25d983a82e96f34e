/**
 * Turns messages into one committed batch and the event that announces it. Everything between the two is pure
 * (core/signals/interpret). The earlier chunks that are read here lie behind the cursor that the commit swaps, so they cannot
 * have changed if the swap succeeds.
 */

import { groupsIn } from "../../../core/ledger/chunks";
import { type Position, type TopicId, toPosition, type UserId } from "../../../core/ledger/ids";
import type { LedgerMessage } from "../../../core/ledger/message";
import type { Sha384 } from "../../../core/ledger/running-hash";
import type { ChainHead } from "../../../core/ledger/verify";
import type { Batch, LogEntry, NextBatch } from "../../../core/signals/batch";
import { type Interpretation, interpret, type TrustedPayers } from "../../../core/signals/interpret";
import type { SignatureVerdict } from "../../../core/signals/signal";
import type { Ledger } from "../../../ports/ledger/ledger";
import type { CommitEvent, EventBus } from "../../../ports/shared/event-bus";
import type { CommittedRow } from "../../../ports/store/sync/batch-store";
import type { SyncStore } from "../../../ports/store/sync/sync-store";
import { ifDown } from "../../../ports/tier-unavailable";
import type { MissedEvents } from "../../live/missed-events";
import type { Signatures } from "./signatures";

export interface CommitDeps {
  readonly store: SyncStore;
  readonly ledger: Ledger;
  readonly bus: EventBus;
  readonly sha384: Sha384;
  readonly trustedPayers: TrustedPayers;
  readonly signatures: Pick<Signatures, "settled">;
  /** Takes over commits that could not be published. */
  readonly missed: Pick<MissedEvents, "unpublished">;
  /** Users whose views show these people's profiles. Their views change without their positions. */
  readonly renamedBy: (profiles: readonly UserId[]) => Promise<CommitEvent["renamed"]>;
}

/** At most this many failed messages of a batch are asked for again: a wholly forged page must not use up the budget. */
const SECOND_LOOKS = 8;

/**
 * The attempt numbers that ask each mirror once (ports/ledger), the preferred one last. A mirror that is behind must not decide
 * alone about the wrong answer of another one.
 */
export const attemptsAtEachMirror = ({ mirrors }: Pick<Ledger, "mirrors">): readonly number[] =>
  mirrors.map((_, i) => i + 1);

/**
 * Interprets a run of messages after `head`. Asks each mirror again, the preferred one last, for messages that fail verification, and
 * keeps the copies with which fewer fail. Then judges the signatures whose keys can be looked up now. Rejects as the store does.
 */
export async function interpretChecked(
  deps: CommitDeps,
  topicId: TopicId,
  head: ChainHead,
  messages: readonly LedgerMessage[],
): Promise<Interpretation> {
  const { store, ledger, trustedPayers, sha384 } = deps;
  const priorParts = await storedParts(store, topicId, messages);
  const look = (run: readonly LedgerMessage[], judged?: ReadonlyMap<number, SignatureVerdict>) =>
    interpret({ topicId, head, messages: run, priorParts, trustedPayers, sha384, judged });
  // The store refuses a `not-storable` message, however often the mirror is asked.
  const isSuspect = ({ verification, reason }: LogEntry) => verification === "failed" && reason !== "not-storable";
  let run = messages;
  let best = look(run);
  for (const attempt of attemptsAtEachMirror(ledger)) {
    const suspects = best.entries.filter(isSuspect).slice(0, SECOND_LOOKS);
    if (suspects.length === 0) break;
    const copies = new Map<number, LedgerMessage>();
    for (const { sequence } of suspects) {
      const again = await ledger.message(topicId, sequence, { attempt });
      if (again.ok) copies.set(sequence, again.value);
    }
    const corrected = run.map((message) => copies.get(message.sequence) ?? message);
    const next = look(corrected);
    if (failures(next) >= failures(best)) continue;
    run = corrected;
    best = next;
  }
  return deps.signatures.settled(best, (judged) => look(run, judged));
}

const failures = ({ entries }: Interpretation): number =>
  entries.filter(({ verification }) => verification === "failed").length;

/** Stored chunks of the groups that occur in `messages`. */
export async function storedParts(
  store: SyncStore,
  topicId: TopicId,
  messages: readonly LedgerMessage[],
): Promise<readonly LogEntry[]> {
  const keys = groupsIn(messages);
  return keys.length === 0 ? [] : store.parts(topicId, keys);
}

/** Announces a committed batch to the streams and caches of all instances. While Redis is down, the event is kept and sent later. */
export async function announce(
  deps: CommitDeps,
  batch: Batch | NextBatch,
  rows: readonly CommittedRow[],
): Promise<void> {
  const renamed = await deps.renamedBy(batch.profiles.map((profile) => profile.userId));
  const event = commitEvent(batch, rows, renamed);
  const published = deps.bus.publish(event);
  await published.catch(ifDown("redis", () => deps.missed.unpublished(batch.topicId, event.cursor?.to ?? null)));
}

function commitEvent(
  batch: Batch | NextBatch,
  rows: readonly CommittedRow[],
  renamed: CommitEvent["renamed"],
): CommitEvent {
  const users = new Map<UserId, { head: Position; added: number; peers: Set<UserId> }>();
  const userOf = (userId: UserId) => {
    const known = users.get(userId) ?? { head: toPosition(0), added: 0, peers: new Set<UserId>() };
    users.set(userId, known);
    return known;
  };
  for (const { userId, position } of rows) {
    const user = userOf(userId);
    user.added += 1;
    if (position > user.head) user.head = position;
  }
  for (const edge of batch.edges) if (users.has(edge.userId)) userOf(edge.userId).peers.add(edge.peerId);
  return {
    type: "commit",
    topicId: batch.topicId,
    cursor: "advance" in batch ? { from: batch.advance.from, to: batch.advance.to.sequence } : null,
    users: [...users].map(([userId, { head, added, peers }]) => ({ userId, head, added, peers: [...peers] })),
    renamed,
    definitionsChanged: batch.definitions.length > 0,
  };
}
