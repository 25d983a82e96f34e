/**
 * Repairs behind the cursor: messages inside declared gaps, and failed messages, are asked for again; signatures that could not be
 * judged are judged. A message that is found takes effect as if it had been there in time, since projections do not depend on the
 * order.
 */

import { groupsIn } from "../../core/ledger/chunks";
import type { TopicId } from "../../core/ledger/ids";

import { defectIn, type LedgerMessage } from "../../core/ledger/message";
import {
  advance,
  CHAIN_START,
  type ChainHead,
  type CheckedMessage,
  type Verdict,
  verifyNext,
} from "../../core/ledger/verify";
import type { Batch, LogEntry } from "../../core/signals/batch";
import { interpret, ledgerMessageOf } from "../../core/signals/interpret";
import type { SignatureVerdict } from "../../core/signals/signal";
import { PAGE } from "../../core/sync/pages";
import type { Repaired } from "../../core/sync/repair-timer";
import type { PageRequest } from "../../ports/ledger/ledger";
import { BatchRefused } from "../../ports/store/sync/batch-store";
import { announce, attemptsAtEachMirror, type CommitDeps, storedParts } from "../sync/topic/commit";
import { headAt } from "./head-at";

/** Failed and unproven messages per round: a forged history is alarming, but not urgent. */
const OPEN_AT_ONCE = 8;
/** Pages per round: a mirror that has its history back fills the gaps without holding up the topic for long. */
const PAGES_AT_ONCE = 10;

/** Tries to fill the topic's gaps, and to settle some of its failed and unproven messages after `failedAfter`. */
export async function repairTopic(deps: CommitDeps, topicId: TopicId, failedAfter: number): Promise<Repaired> {
  const filled = await fillGaps(deps, topicId);
  const open = await deps.store.unsettled(topicId, OPEN_AT_ONCE, failedAfter);
  let settled = 0;
  for (const entry of open) {
    const settle = entry.disposition === "unproven" ? prove : replace;
    if (await settle(deps, topicId, entry)) settled += 1;
  }
  const isMore = open.length === OPEN_AT_ONCE;
  return {
    mended: filled.found + settled,
    left: filled.left + open.length - settled + (isMore || failedAfter > 0 ? 1 : 0),
    failedThrough: isMore ? (open.at(-1)?.sequence ?? 0) : 0,
  };
}

/** Asks each mirror for a failed message, until one has it as the ledger has. True if one does. */
async function replace(deps: CommitDeps, topicId: TopicId, entry: LogEntry): Promise<boolean> {
  const mode = isUnjudged(entry) ? "unless-failed" : "only-verified";
  for (const attempt of attemptsAtEachMirror(deps.ledger)) {
    const again = await deps.ledger.message(topicId, entry.sequence, { attempt });
    if (again.ok && (await backfill(deps, topicId, [again.value], mode))) return true;
  }
  return false;
}

/** Judges the signature of a stored message, whose key could not be looked up before. True if it is judged now. */
async function prove(deps: CommitDeps, topicId: TopicId, entry: LogEntry): Promise<boolean> {
  const { trustedPayers, sha384 } = deps;
  const parts = await storedParts(deps.store, topicId, [ledgerMessageOf(topicId, entry)]);
  const look = (judged?: ReadonlyMap<number, SignatureVerdict>) =>
    interpret({
      ...{ topicId, head: CHAIN_START, trustedPayers, sha384, judged },
      messages: [{ ...ledgerMessageOf(topicId, entry), verdict: keptVerdict(entry) }],
      priorParts: parts.filter(({ sequence }) => sequence < entry.sequence),
    });
  const { head: _, ...batch } = await deps.signatures.settled(look(), look);
  return batch.entries.every(({ disposition }) => disposition !== "unproven") && written(deps, batch);
}

/** Whether the hash of a failed message is no evidence against it, because it could not be read or is missing. */
const isUnjudged = ({ reason, runningHash }: LogEntry) => defectIn(reason) !== null || runningHash?.length === 0;

async function fillGaps(
  deps: CommitDeps,
  topicId: TopicId,
): Promise<{ readonly found: number; readonly left: number }> {
  const gaps = (await deps.store.gaps(topicId)).filter((gap) => gap.state === "declared");
  const missing = gaps.reduce((sum, { from, to }) => sum + to - from + 1, 0);
  let [found, pages] = [0, 0];
  for (const { from, to } of gaps) {
    let after = from - 1;
    while (after < to && pages < PAGES_AT_ONCE) {
      pages += 1;
      const page = await missingPage(deps, { topicId, after, upTo: to });
      if (page.length === 0) break;
      if (await backfill(deps, topicId, page)) found += page.length;
      // However many messages a page holds, the next page begins after the last of them.
      after = Math.max(...page.map(({ sequence }) => sequence));
    }
  }
  return { found, left: missing - found };
}

/** The page of the first mirror that has any of its messages; empty if none has. */
async function missingPage(
  { ledger }: CommitDeps,
  asked: Pick<PageRequest, "topicId" | "after" | "upTo">,
): Promise<readonly LedgerMessage[]> {
  for (const attempt of attemptsAtEachMirror(ledger)) {
    const page = await ledger.page({ ...asked, limit: PAGE, attempt });
    if (page.ok && page.value.length > 0) return page.value;
  }
  return [];
}

/**
 * Commits messages behind the cursor, together with stored entries that they change: chunks that are complete now, and the
 * message after them, which has a predecessor again. True if something was written.
 */
async function backfill(
  deps: CommitDeps,
  topicId: TopicId,
  messages: readonly LedgerMessage[],
  mode: "all" | "unless-failed" | "only-verified" = "all",
): Promise<boolean> {
  const sorted = [...messages].sort((a, b) => a.sequence - b.sequence);
  const fresh = new Map<number, CheckedMessage>();
  let head = await headAt(deps.store, topicId, (sorted[0] as LedgerMessage).sequence - 1);
  for (const message of sorted) {
    if (head.sequence !== message.sequence - 1) head = await headAt(deps.store, topicId, message.sequence - 1);
    const verdict = verifyNext(deps.sha384, head, message);
    if (mode === "only-verified" && verdict.verification !== "verified") return false;
    if (mode === "unless-failed" && verdict.verification === "failed") return false;
    fresh.set(message.sequence, { ...message, verdict });
    head = advance(head, message, verdict);
  }
  const stored = await touched(deps, topicId, sorted, head);
  const all = [...fresh.values(), ...stored.values()].sort((a, b) => a.sequence - b.sequence);
  const { trustedPayers, sha384 } = deps;
  const look = (judged?: ReadonlyMap<number, SignatureVerdict>) =>
    interpret({ topicId, head: CHAIN_START, messages: all, priorParts: [], trustedPayers, sha384, judged });
  const view = await deps.signatures.settled(look(), look);
  const isNews = (sequence: number) => fresh.has(sequence) || stored.get(sequence)?.isChanged(view.entries);
  const news = new Set(view.entries.filter((entry) => isNews(entry.sequence)).map((entry) => entry.sequence));
  return written(deps, {
    topicId,
    entries: view.entries.filter((entry) => news.has(entry.sequence)),
    rows: view.rows.filter((row) => news.has(row.sequence)),
    edges: view.edges,
    profiles: view.profiles,
    definitions: view.definitions,
  });
}

/** Writes messages behind the cursor and announces them. False if there is nothing to mend any more. */
async function written(deps: CommitDeps, batch: Batch): Promise<boolean> {
  const outcome = await deps.store.backfill(batch).catch((cause: unknown) => {
    if (cause instanceof BatchRefused) return null;
    throw cause;
  });
  if (outcome === null || outcome.kind === "conflict") return false;
  await announce(deps, batch, outcome.rows);
  return true;
}

type Stored = CheckedMessage & { readonly isChanged: (entries: readonly LogEntry[]) => boolean };

/** Stored entries that a backfill may change, with the verdict that they have now. */
async function touched(
  deps: CommitDeps,
  topicId: TopicId,
  sorted: readonly LedgerMessage[],
  head: ChainHead,
): Promise<Map<number, Stored>> {
  const result = new Map<number, Stored>();
  const own = new Set<number>(sorted.map((message) => message.sequence));
  const add = (entry: LogEntry, verdict: Verdict) => {
    if (own.has(entry.sequence) || entry.disposition === "failed") return;
    const isChanged = (entries: readonly LogEntry[]) => {
      const now = entries.find(({ sequence }) => sequence === entry.sequence);
      return now !== undefined && (now.disposition !== entry.disposition || now.verification !== entry.verification);
    };
    result.set(entry.sequence, { ...ledgerMessageOf(topicId, entry), verdict, isChanged });
  };
  const [next] = await deps.store.log(topicId, head.sequence + 1, head.sequence + 1);
  const keys = groupsIn(next ? [...sorted, next] : sorted);
  if (keys.length > 0) {
    for (const entry of await deps.store.parts(topicId, keys)) add(entry, keptVerdict(entry));
  }
  if (next && next.verification === "unverifiable")
    add(next, verifyNext(deps.sha384, head, ledgerMessageOf(topicId, next)));
  return result;
}

const keptVerdict = (entry: LogEntry): Verdict => ({
  verification: entry.verification,
  reason: entry.reason as Verdict["reason"],
});
