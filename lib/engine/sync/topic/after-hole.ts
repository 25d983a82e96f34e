/**
 * Decides whether the message after a hole really is the topic's. Only then may the hole be declared a gap and the cursor pass
 * it: a single forged message far ahead must not move the topic past real ones. The next message can confirm it, by the hash
 * chain. A second request can confirm it too, at another mirror if there is one. If the mirror then denies the message, the message
 * belongs to the hole, provided that the chain confirms a later one.
 */
import type { TopicId } from "../../../core/ledger/ids";
import type { LedgerMessage } from "../../../core/ledger/message";
import { equalBytes, type Sha384 } from "../../../core/ledger/running-hash";
import { verifyNext } from "../../../core/ledger/verify";
import type { Interval } from "../../../core/sync/intervals";
import type { Ledger, LedgerError, MirrorName } from "../../../ports/ledger/ledger";

/**
 * If there is only one mirror, which can only confirm its own answer, a hole longer than this needs a second message. A mirror that is
 * loading, or that dropped some messages, lacks a few of them, not thousands.
 */
const LONG_HOLE = 1_000;

/** The mirror says that it has no such message. Any other error may be gone at the next look. */
const DENIALS: readonly LedgerError["code"][] = ["not-found", "malformed"];

interface HoleEnd {
  readonly topicId: TopicId;
  /** The mirror that answered. */
  readonly mirror: MirrorName;
  readonly hole: Interval;
  /** The messages after the hole, without holes among them. */
  readonly beyond: readonly LedgerMessage[];
}

/** The messages after the hole, beginning with the first confirmed one, in its confirmed form. Null if none is confirmed. */
export async function confirmedAfter(
  { ledger, sha384 }: { readonly ledger: Pick<Ledger, "message" | "mirrors">; readonly sha384: Sha384 },
  { topicId, mirror, hole, beyond }: HoleEnd,
): Promise<readonly LedgerMessage[] | null> {
  const [first, second, ...rest] = beyond;
  if (first === undefined) return null;
  if (second && isFollowedBy(sha384, first, second)) return beyond;
  const again = await ledger.message(topicId, first.sequence, { not: mirror });
  if (!again.ok) return DENIALS.includes(again.error.code) ? confirmedLater(sha384, beyond) : null;
  if (second && isFollowedBy(sha384, again.value, second)) return [again.value, second, ...rest];
  const isOther = ledger.mirrors.length > 1;
  const isLong = hole.to - hole.from + 1 > LONG_HOLE;
  if (!isSame(first, again.value)) return confirmedLater(sha384, beyond);
  return isOther || !isLong ? beyond : null;
}

function confirmedLater(sha384: Sha384, beyond: readonly LedgerMessage[]): readonly LedgerMessage[] | null {
  const place = beyond.findIndex((message, i) => {
    const next = beyond[i + 1];
    return i > 0 && next !== undefined && isFollowedBy(sha384, message, next);
  });
  return place === -1 ? null : beyond.slice(place);
}

function isFollowedBy(sha384: Sha384, first: LedgerMessage, second: LedgerMessage): boolean {
  const head = { sequence: first.sequence, hash: first.runningHash, consensusNs: first.consensusNs };
  return verifyNext(sha384, head, second).verification === "verified";
}

function isSame(a: LedgerMessage, b: LedgerMessage): boolean {
  const isSameHash =
    a.runningHash === null || b.runningHash === null
      ? a.runningHash === b.runningHash
      : equalBytes(a.runningHash, b.runningHash);
  return isSameHash && a.consensusNs === b.consensusNs && equalBytes(a.message, b.message);
}
