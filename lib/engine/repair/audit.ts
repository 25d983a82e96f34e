/**
 * The topic audit: compares the stored topic with the mirror, from the first message on, and recomputes the hash chain on the
 * way. An audit only looks. A resync also writes, so that lost or damaged messages are stored as a clean replay would store
 * them, and everything keeps its position. A verified stored message is never replaced by a different one from a mirror.
 * Dropped messages (./drop-old.ts) are neither looked for nor restored: a check begins behind them.
 *
 *   range of 100 ──▶ ask the mirror (another one, if the answer has holes) ──▶ compare with the log ──▶ resync: restore
 *        ▲                                                                                   │
 *        └──────────────────────── through += 100, up to the cursor at the start ◀───────────┘
 */

import type { TopicId } from "../../core/ledger/ids";
import type { LedgerMessage } from "../../core/ledger/message";
import { equalBytes } from "../../core/ledger/running-hash";
import { advance, type ChainHead, verifyNext } from "../../core/ledger/verify";
import { ok, type Result } from "../../core/result";
import type { LogEntry } from "../../core/signals/batch";
import { interpret, ledgerMessageOf, type ToInterpret } from "../../core/signals/interpret";
import type { SignatureVerdict } from "../../core/signals/signal";
import type { Clock } from "../../ports/clock";
import type { LedgerError } from "../../ports/ledger/ledger";
import { announce, type CommitDeps, storedParts } from "../sync/topic/commit";
import { headAt } from "./head-at";

interface Found {
  readonly count: number;
  /** The first sequence numbers among them. */
  readonly first: readonly number[];
}

/** How far a check is, and what it found. An interrupted check continues from here. */
export interface CheckProgress {
  readonly through: number;
  /** The end of the check: the topic's cursor when it began. */
  readonly to: number;
  readonly checked: number;
  readonly matching: number;
  readonly differing: Found;
  readonly missing: Found;
  /** Stored messages that no mirror answered with. */
  readonly unconfirmed: Found;
  /** Messages whose hash on the mirror does not follow from the one before. */
  readonly broken: Found;
  readonly restored: number;
}

export interface CheckDeps extends CommitDeps {
  readonly clock: Clock;
  /** A stored message of this topic is unproven now: repairs have to judge its signature. */
  readonly onUnproven: (topicId: TopicId) => void;
}

export interface CheckOptions {
  readonly mode: "audit" | "resync";
  readonly start: CheckProgress;
  /** The pause between two ranges. A check leaves most of the mirror budget to readers who wait for new messages. */
  readonly paceMs: number;
  readonly signal: AbortSignal;
  /** Called after each range. If it rejects, the check ends early. */
  readonly onProgress: (progress: CheckProgress) => Promise<void>;
}

const RANGE = 100;
/** A finding names at most this many sequence numbers, and counts the rest. */
const NAMED = 100;
/** A mirror that fails this often in a row ends the check, which can be continued later. */
const MAX_ATTEMPTS = 6;
const RETRY_MS = { first: 1_000, most: 30_000 };

const NOTHING: Found = { count: 0, first: [] };

/** The progress of a check that has not begun. */
export function newCheck(to: number): CheckProgress {
  const found = { differing: NOTHING, missing: NOTHING, unconfirmed: NOTHING, broken: NOTHING };
  return { through: 0, to, checked: 0, matching: 0, ...found, restored: 0 };
}

/**
 * Resolves with the progress at the end. `through` is below `to` if the signal ended the check. An error if no mirror answers for
 * long.
 */
export async function checkTopic(
  deps: CheckDeps,
  topicId: TopicId,
  { mode, start, paceMs, signal, onProgress }: CheckOptions,
): Promise<Result<CheckProgress, LedgerError>> {
  let progress = start;
  let head = await headAt(deps.store, topicId, start.through);
  while (progress.through < progress.to && !signal.aborted) {
    const last = Math.min(progress.through + RANGE, progress.to);
    const stored = await deps.store.log(topicId, progress.through + 1, last);
    // Asked after the messages were read: what is dropped in between is no hole.
    const dropped = (await deps.store.topic(topicId))?.dropped.through ?? 0;
    if (dropped > progress.through) {
      progress = { ...progress, through: Math.min(dropped, progress.to) };
      head = await headAt(deps.store, topicId, progress.through);
      await onProgress(progress);
      continue;
    }
    const answer = await messagesOfMirror(deps, topicId, progress.through, last, signal);
    if (!answer.ok) return answer;
    const compared = compareRange(deps, topicId, head, answer.value, stored);
    const restored = mode === "resync" ? await restore(deps, topicId, head, answer.value, stored) : 0;
    progress = added(progress, compared, last, restored);
    // Stored messages stand in for those that the mirror lacks, so that the next message has a predecessor.
    head = compared.head.sequence === last ? compared.head : await headAt(deps.store, topicId, last);
    await onProgress(progress);
    await deps.clock.sleep(paceMs, signal);
  }
  return ok(progress);
}

/** The mirror's messages after `after` through `last`. A mirror that lacks some proves nothing, so another one is asked too. */
async function messagesOfMirror(
  deps: CheckDeps,
  topicId: TopicId,
  after: number,
  last: number,
  signal: AbortSignal,
): Promise<Result<readonly LedgerMessage[], LedgerError>> {
  const found = new Map<number, LedgerMessage>();
  let mirrors = 0;
  let through = after;
  for (let attempt = 0; ; ) {
    const page = await deps.ledger.page({ topicId, after: through, upTo: last, limit: RANGE, attempt }, signal);
    if (page.ok) {
      for (const message of page.value) if (!found.has(message.sequence)) found.set(message.sequence, message);
      if (found.size === last - after) break;
      // A page may hold less than was asked for. The mirror has given everything when nothing comes after the last message.
      const before = through;
      through = page.value.reduce((most, { sequence }) => Math.max(most, sequence), through);
      if (through > before && through < last) continue;
      mirrors += 1;
      if (mirrors === 2) break;
      through = after;
      attempt += 1;
    } else {
      attempt += 1;
      if (attempt >= MAX_ATTEMPTS || signal.aborted) return page;
      const waitMs = Math.min(RETRY_MS.first * 2 ** (attempt - 1), RETRY_MS.most);
      await deps.clock.sleep(Math.max(waitMs, page.error.retryAfterMs ?? 0), signal);
    }
  }
  return ok([...found.values()].sort((a, b) => a.sequence - b.sequence));
}

interface Comparison {
  readonly checked: number;
  readonly matching: number;
  readonly differing: readonly number[];
  readonly missing: readonly number[];
  readonly unconfirmed: readonly number[];
  readonly broken: readonly number[];
  readonly head: ChainHead;
}

function compareRange(
  deps: CheckDeps,
  topicId: TopicId,
  start: ChainHead,
  messages: readonly LedgerMessage[],
  stored: readonly LogEntry[],
): Comparison {
  const entries = new Map<number, LogEntry>(stored.map((entry) => [entry.sequence, entry]));
  const answered = new Set<number>(messages.map(({ sequence }) => sequence));
  const [differing, missing, broken]: [number[], number[], number[]] = [[], [], []];
  let head = start;
  for (const message of messages) {
    const entry = entries.get(message.sequence);
    if (!entry) missing.push(message.sequence);
    else if (!isSame(entry, message)) differing.push(message.sequence);
    const verdict = verifyNext(deps.sha384, head, { ...message, topicId });
    if (verdict.verification === "failed") broken.push(message.sequence);
    head = advance(head, message, verdict);
  }
  return {
    checked: messages.length,
    matching: messages.length - differing.length - missing.length,
    ...{ differing, missing, broken, head },
    unconfirmed: stored.map(({ sequence }) => sequence).filter((sequence) => !answered.has(sequence)),
  };
}

function isSame(entry: LogEntry, message: LedgerMessage): boolean {
  const isSameHash =
    entry.runningHash === null || message.runningHash === null
      ? entry.runningHash === message.runningHash
      : equalBytes(entry.runningHash, message.runningHash);
  return (
    isSameHash &&
    equalBytes(entry.message, message.message) &&
    entry.consensusNs === message.consensusNs &&
    entry.payer === message.payer
  );
}

/**
 * Writes the range as a replay would, except messages that are stored better than the mirror has them. Returns how many
 * messages changed.
 */
async function restore(
  deps: CheckDeps,
  topicId: TopicId,
  head: ChainHead,
  messages: readonly LedgerMessage[],
  stored: readonly LogEntry[],
): Promise<number> {
  const entries = new Map<number, LogEntry>(stored.map((entry) => [entry.sequence, entry]));
  const answered = new Map<number, LedgerMessage>(messages.map((message) => [message.sequence, message]));
  const sequences = [...new Set([...entries.keys(), ...answered.keys()])].sort((a, b) => a - b);
  const best = sequences.map((sequence): ToInterpret => {
    const [entry, message] = [entries.get(sequence), answered.get(sequence)];
    const isStoredBetter = entry !== undefined && (message === undefined || entry.verification === "verified");
    // The verdict on a signature belongs to the message's bytes, whichever copy of them is taken.
    if (!isStoredBetter) {
      const told = message as LedgerMessage;
      return entry !== undefined && isSame(entry, told) ? { ...told, signature: entry.signature ?? null } : told;
    }
    // Earlier versions stored no chunk info.
    const isBare = entry.chunkInfo === undefined && message !== undefined && isSame(entry, message);
    return { ...ledgerMessageOf(topicId, entry), ...(isBare ? { chunkInfo: message.chunkInfo } : {}) };
  });
  const [first] = best;
  if (first === undefined) return 0;
  const parts = await storedParts(deps.store, topicId, best);
  const { trustedPayers, sha384 } = deps;
  // Later chunks complete nothing here, because a message becomes whole at its last chunk.
  const priorParts = parts.filter(({ sequence }) => sequence < first.sequence);
  const look = (judged?: ReadonlyMap<number, SignatureVerdict>) =>
    interpret({ topicId, head, messages: best, priorParts, trustedPayers, sha384, judged });
  const { head: _, ...batch } = await deps.signatures.settled(look(), look);
  const outcome = await deps.store.restore(batch);
  if (outcome.kind === "conflict") return 0;
  if (batch.entries.some(({ disposition }) => disposition === "unproven")) deps.onUnproven(topicId);
  await announce(deps, batch, outcome.rows);
  return batch.entries.filter((entry) => {
    const before = entries.get(entry.sequence);
    return before?.verification !== entry.verification || before.disposition !== entry.disposition;
  }).length;
}

function added(progress: CheckProgress, range: Comparison, through: number, restored: number): CheckProgress {
  const more = (found: Found, sequences: readonly number[]): Found => ({
    count: found.count + sequences.length,
    first: [...found.first, ...sequences].slice(0, NAMED),
  });
  return {
    through,
    to: progress.to,
    checked: progress.checked + range.checked,
    matching: progress.matching + range.matching,
    differing: more(progress.differing, range.differing),
    missing: more(progress.missing, range.missing),
    unconfirmed: more(progress.unconfirmed, range.unconfirmed),
    broken: more(progress.broken, range.broken),
    restored: progress.restored + restored,
  };
}
