/**
 * Finds out whether a message was written before. The remembered nonces nearly always answer this without a database statement. They do not
 * if nothing is remembered of this person, or if the process that sent the message died. Then the ledger decides: the log is synced through
 * the time by which every earlier transaction of this message must have arrived, and then searched. The message's present transaction needs
 * no search, because the ledger accepts a transaction id only once (core/ledger/write-window). A batch with the message is another
 * transaction (signal-batches.ts), so the log is synced past its time, too.
 */
import { type ConsensusNs, fromMs } from "../../core/ledger/consensus-time";
import type { TopicId, UserId } from "../../core/ledger/ids";
import {
  earliestNs,
  settledNs,
  startNs,
  transactionIdText,
  type WriteWindow,
  writeWindow,
} from "../../core/ledger/write-window";
import { unwrap } from "../../core/result";
import { decodeMessage } from "../../core/signals/envelope";
import { topicKindOf } from "../../core/signals/message-types";
import type { DecodedBody } from "../../core/signals/signal";
import { openBatch } from "../../core/signals/signal-batch";
import type { Clock } from "../../ports/clock";
import type { Submitted } from "../../ports/ledger/submitter";
import type { NonceClaim } from "../../ports/shared/write-guard";
import type { WrittenRow } from "../../ports/store/view-rows";
import type { ViewStore } from "../../ports/store/view-store";
import { ifDown } from "../../ports/tier-unavailable";
import type { SyncScheduler } from "../sync/sync-scheduler";
import { MAX_BATCHED_MS } from "./signal-batches";

export interface EarlierWritesDeps {
  readonly views: Pick<ViewStore, "written">;
  readonly scheduler: Pick<SyncScheduler, "topics" | "waitThrough">;
  readonly clock: Clock;
  /** Whether this instance puts signals into batches. If so, it may also have done that before it was restarted. */
  readonly isLingering: boolean;
  /** A digest of the bytes, in hexadecimal (SHA-256). */
  readonly digest: (bytes: Uint8Array) => string;
}

/** A message that is about to be sent. */
export interface Write {
  readonly from: UserId;
  readonly type: string;
  readonly nonce: number;
  /** Epoch seconds: when the sender made the message. */
  readonly madeS: number;
  readonly message: Uint8Array;
  /** A digest of the message, in hexadecimal. */
  readonly digest: string;
  /** Whether the request may be repeated. A repeat gets the first answer instead of a refusal. */
  readonly isRepeatable: boolean;
}

/**
 * `send`: the message is not on the ledger, unless the ledger refuses this window's transaction. `isFirst`: it was never sent before.
 * `written`: the message is on the ledger. `used`: its nonce belongs to another message, or to this message, which the caller may not
 * repeat. `unsettled`: nobody can tell at the moment.
 */
export type Earlier =
  | { readonly kind: "send"; readonly isFirst: boolean }
  | { readonly kind: "written"; readonly as: Submitted }
  | { readonly kind: "used" }
  | { readonly kind: "unsettled" };

/** A sender's clock may be this far ahead of ours. */
export const TS_FUTURE_S = 120;
/**
 * A nonce may be this far ahead of our clock: as far as the log is searched before a message (`earliestNs`), so that a smaller nonce is
 * refused even if nothing is remembered. A larger one would lock out the sender's clients, which use the time as their nonce.
 */
export const MAX_NONCE_AHEAD_MS = 130_000;
/** A read waits this long for a message that it must contain. */
const SETTLE_MS = 3_000;
/** Consensus takes 3 to 5 s, and a mirror is some 5 s behind. */
const ARRIVAL_MS = 10_000;
const LOOK_EVERY_MS = 500;
/**
 * The most rows of a person that are searched: twice as many as one person may write through us in the twelve minutes in which a
 * message is accepted.
 */
const MAX_ROWS = 1_000;
const CHUNK_BYTES = 1_024;
/** The web UI mirrors an accept at once. Twelve minutes are as long as a message may be sent after it was made. */
const RECENT_MS = 12 * 60_000;
const NS_PER_S = 1_000_000_000n;

export class EarlierWrites {
  constructor(private readonly deps: EarlierWritesDeps) {}

  /**
   * The window of a write whose nonce is claimed next. It is chosen before the claim. So a later claim of the same message falls into
   * this window or a later one, and its caller can find out what became of this one.
   */
  windowOf({ digest, madeS }: Write): WriteWindow {
    return writeWindow(digest, madeS, this.deps.clock.now());
  }

  /**
   * Whether a write whose nonce was claimed may be sent. Rejects with TierUnavailable (postgres) if only the log could tell and the
   * database does not answer.
   */
  async judge(write: Write, claim: NonceClaim, window: WriteWindow): Promise<Earlier> {
    const isFirst = isNew(claim) && this.isRemembered(write, claim);
    if (claim.kind === "next" && isFirst) return { kind: "send", isFirst };
    const rows = isFirst
      ? await this.rowsIfThere(write)
      : await this.settledRows(write, this.settledBy(write, claim, window));
    return rows === null ? { kind: "unsettled" } : (this.judgedBy(rows, write, claim) ?? { kind: "send", isFirst });
  }

  /** Whether the memory of nonces is older than the message, so that it holds every earlier attempt. */
  private isRemembered({ madeS }: Write, { memoryMs }: NonceClaim): boolean {
    return memoryMs > this.deps.clock.now() - madeS * 1_000 + TS_FUTURE_S * 1_000;
  }

  /**
   * Every earlier attempt has a consensus time before this one, or will never have one. This does not hold for the present transaction.
   */
  private settledBy(write: Write, claim: NonceClaim, window: WriteWindow): ConsensusNs {
    const { clock, isLingering } = this.deps;
    const rememberedUntilS = isNew(claim) ? 0 : (claim.batchedUntilS ?? 0);
    const isForgotten = isLingering && !this.isRemembered(write, claim);
    const forgottenUntilS = isForgotten ? Math.ceil((clock.now() - claim.memoryMs + MAX_BATCHED_MS) / 1_000) : 0;
    return settledNs(Math.max(window.usedFromS, rememberedUntilS, forgottenUntilS));
  }

  /**
   * The place of a repeated write, if the log has it: one statement, and no other system is asked. Null if the log lacks it or cannot be
   * read, and for a write that may not be repeated.
   */
  async found(write: Write): Promise<Submitted | null> {
    if (!write.isRepeatable) return null;
    const row = (await this.rowsIfThere(write)).find((each) => isSame(each, write));
    return row === undefined ? null : this.asSubmitted(row, write);
  }

  /** Waits for a message whose transaction the ledger already has; null if it does not come in time. */
  async arrival(write: Write, topicId: TopicId): Promise<Submitted | null> {
    const { clock, scheduler } = this.deps;
    const deadlineMs = clock.monotonicMs() + ARRIVAL_MS;
    while (clock.monotonicMs() < deadlineMs) {
      const untilMs = Math.min(clock.monotonicMs() + LOOK_EVERY_MS, deadlineMs);
      await scheduler.waitThrough([topicId], fromMs(clock.now()), untilMs);
      const row = (await this.rows(write)).find((each) => isSame(each, write));
      if (row) return this.asSubmitted(row, write);
      await clock.sleep(untilMs - clock.monotonicMs());
    }
    return null;
  }

  /**
   * The newest message of `from` that was written in the last minutes and `isWanted`; null if there is none. Another instance may
   * have written it a moment ago, so the log is brought up to date before the answer is no.
   */
  async newest(from: UserId, type: string, isWanted: (decoded: DecodedBody) => boolean): Promise<Submitted | null> {
    const { views, clock, scheduler, digest } = this.deps;
    const sinceNs = fromMs(clock.now() - RECENT_MS);
    const find = async () => {
      const rows = await views.written(from, sinceNs, MAX_ROWS);
      const row = rows.find(({ body }) => {
        const decoded = decodeMessage(body);
        return decoded.ok && isWanted(decoded.value);
      });
      if (row === undefined) return null;
      const { ts } = JSON.parse(new TextDecoder().decode(row.body)) as { readonly ts?: unknown };
      const madeS = typeof ts === "number" ? Math.floor(ts) : Math.floor(Number(row.consensusNs / NS_PER_S));
      return this.asSubmitted(row, { digest: digest(row.body), madeS, message: row.body });
    };
    const found = await find();
    if (found !== null) return found;
    const isSynced = await scheduler.waitThrough(
      this.topicsOf(type),
      fromMs(clock.now()),
      clock.monotonicMs() + ARRIVAL_MS,
    );
    return isSynced ? find() : null;
  }

  private topicsOf(type: string): readonly TopicId[] {
    const kind = topicKindOf(type);
    return this.deps.scheduler.topics.filter(({ kinds }) => kinds.includes(kind)).map(({ topicId }) => topicId);
  }

  /**
   * The person's rows of the log, once it holds the write or everything before `throughNs`; null if that takes too long. If the log already
   * has the write, no mirror is asked.
   */
  private async settledRows(write: Write, throughNs: ConsensusNs): Promise<readonly WrittenRow[] | null> {
    const { scheduler, clock } = this.deps;
    const known = await this.rows(write);
    if (known.some((each) => isSame(each, write))) return known;
    const isSettled = await scheduler.waitThrough(
      this.topicsOf(write.type),
      throughNs,
      clock.monotonicMs() + SETTLE_MS,
    );
    const rows = await this.rows(write);
    // A batch with the write may have arrived meanwhile, although the log is not synced through `throughNs` yet.
    return isSettled || rows.some((each) => isSame(each, write)) ? rows : null;
  }

  /** The person's rows; none while the database is down. A person of whom nothing is remembered has most likely not written for a day. */
  private rowsIfThere(write: Write): Promise<readonly WrittenRow[]> {
    return this.rows(write).catch(ifDown("postgres", () => []));
  }

  private rows({ from, madeS }: Write): Promise<readonly WrittenRow[]> {
    return this.deps.views.written(from, earliestNs(madeS, TS_FUTURE_S), MAX_ROWS);
  }

  /** The log's answer about a write; null if it was not written and its nonce is free. */
  private judgedBy(rows: readonly WrittenRow[], write: Write, claim: NonceClaim): Earlier | null {
    const row = rows.find((each) => isSame(each, write));
    if (row && write.isRepeatable) return { kind: "written", as: this.asSubmitted(row, write) };
    const nonces = rows.filter(({ payer }) => (payer as string) !== write.from).map(nonceOf);
    const isUsed = row !== undefined || nonces.includes(write.nonce);
    // Nothing was remembered, so the log says which nonce was the last.
    const isOlder = claim.kind === "unknown" && nonces.some((nonce) => nonce > write.nonce);
    return isUsed || isOlder ? { kind: "used" } : null;
  }

  /** The answer that the first request got, or should have got. */
  private asSubmitted(
    row: WrittenRow,
    { digest, madeS, message }: Pick<Write, "digest" | "madeS" | "message">,
  ): Submitted {
    const { topicId, sequence, consensusNs, payer, place, batch } = row;
    const written = { topicId, sequence, consensusNs, ...(place === undefined ? {} : { place }) };
    if (batch !== undefined) return { ...written, transactionId: transactionIdText(payer, this.startNsOf(batch), 1) };
    const { validStartNs } = writeWindow(digest, madeS, Number(consensusNs / 1_000_000n));
    const chunks = Math.max(1, Math.ceil(message.length / CHUNK_BYTES));
    return { ...written, transactionId: transactionIdText(payer, validStartNs, chunks) };
  }

  private startNsOf(batch: Uint8Array): bigint {
    const opened = openBatch(batch);
    if (opened === null) throw new Error("a stored signal batch cannot be opened");
    return startNs(unwrap(opened).validStartS, this.deps.digest(batch));
  }
}

/** Whether neither the message nor a larger nonce is remembered. */
const isNew = ({ kind }: NonceClaim) => kind === "next" || kind === "unknown";

const isSame = ({ body }: WrittenRow, { message }: Write) =>
  body.length === message.length && body.every((byte, i) => byte === message[i]);

/** The nonce of a message of ours; NaN, which equals no nonce, if a wallet wrote another form. */
function nonceOf({ body }: WrittenRow): number {
  const { nonce } = JSON.parse(new TextDecoder().decode(body)) as { readonly nonce?: unknown };
  return typeof nonce === "number" ? nonce : Number.NaN;
}
