/**
 * Decides whether the message after a hole really is the topic's. Only then may the hole be declared a gap and the cursor pass
 * it: a single forged message far ahead must not move the topic past real ones. The message after it can confirm it, by the hash
 * chain. So can another look at it, at another mirror if there is one.
 */
import type { TopicId } from "../../../core/ledger/ids";
import type { LedgerMessage } from "../../../core/ledger/message";
import { equalBytes, type Sha384 } from "../../../core/ledger/running-hash";
import { verifyNext } from "../../../core/ledger/verify";
import type { Interval } from "../../../core/sync/intervals";
import type { Ledger, MirrorName } from "../../../ports/ledger/ledger";

/**
 * A longer hole than this needs a second message, if a mirror can only confirm its own answer. A mirror that is loading, or that
 * dropped some messages, lacks a few, not thousands.
 */
const LONG_HOLE = 1_000;

interface HoleEnd {
  readonly topicId: TopicId;
  /** The mirror that answered. */
  readonly mirror: MirrorName;
  readonly hole: Interval;
  /** The messages after the hole, without holes among them. */
  readonly beyond: readonly LedgerMessage[];
}

/** The messages after the hole, the first one as it was confirmed; null if nothing confirms it. */
export async function confirmedAfter(
  { ledger, sha384 }: { readonly ledger: Pick<Ledger, "message" | "mirrors">; readonly sha384: Sha384 },
  { topicId, mirror, hole, beyond }: HoleEnd,
): Promise<readonly LedgerMessage[] | null> {
  const [first, second, ...rest] = beyond;
  if (first === undefined) return null;
  if (second && isFollowedBy(sha384, first, second)) return beyond;
  const again = await ledger.message(topicId, first.sequence, { not: mirror });
  if (!again.ok) return null;
  if (second && isFollowedBy(sha384, again.value, second)) return [again.value, second, ...rest];
  const isOther = ledger.mirrors.length > 1;
  const isLong = hole.to - hole.from + 1 > LONG_HOLE;
  return isSame(first, again.value) && (isOther || !isLong) ? beyond : null;
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
