/**
 * The open streams of this process. A stream is a loop that asks "what comes after my cursor?" whenever something wakes it.
 * Nothing is queued for it, so a slow client costs no memory, and a lost event costs only the time until the next one. Rows
 * come from the store by position: once, in order, without a gap. While the store does not answer, a stream stays open and
 * asks again at each heartbeat, since thousands of clients that reconnect would hit the store just as it comes back.
 */
import { keyOf } from "../../core/key";
import { isSessionId, type SessionId, toPosition, type UserId } from "../../core/ledger/ids";
import { err, ok, type Result } from "../../core/result";
import { compare } from "../../core/signals/position";
import { agedSince, type FreshnessNow, unknownAge } from "../../core/sync/freshness";
import type { Clock } from "../../ports/clock";
import type { Log } from "../../ports/log";
import type { CommitEvent } from "../../ports/shared/event-bus";
import type { MissedPage, SignalRow } from "../../ports/store/view-rows";
import type { ViewStore } from "../../ports/store/view-store";
import { ifDown, isTierUnavailable } from "../../ports/tier-unavailable";

/** An event that a stream sends to its client. `position`: the user's latest one. `resync`: the client starts its views over. */
export type LiveEvent =
  /** `sentThrough`: the cursor from which the stream resumes if it breaks now. */
  | {
      readonly event: "hello";
      readonly position: number;
      readonly sentThrough: number;
      readonly freshness: FreshnessNow;
    }
  | { readonly event: "signal"; readonly row: SignalRow }
  /** The edges or names of these people changed. Empty if they are not known. */
  | { readonly event: "contacts"; readonly peers: readonly UserId[] }
  /** Every event of a message at or before `asOfNs` was sent on this stream before. */
  | { readonly event: "freshness"; readonly freshness: FreshnessNow }
  | { readonly event: "resync"; readonly position: number }
  | { readonly event: "bye"; readonly reason: "planned" | "shutdown" | "signed-out" };

export interface LiveDeps {
  readonly views: ViewStore;
  readonly clock: Clock;
  readonly log: Log;
  /** Called at each heartbeat while any stream is open, because an open page counts as a reader. */
  readonly demand: () => void;
  /** How fresh this process is. A commit is heard of before any watermark covers it. */
  readonly freshness: () => FreshnessNow;
  /** An older state than this is stale. */
  readonly freshnessTargetMs: number;
  readonly beatMs: number;
  /** A stream ends by itself after this time, before the platform ends it. */
  readonly maxStreamMs: number;
  /** Streams open at once, of one user and of all. Each costs 15 to 105 KB (docs/measurements.md §2) and a file descriptor. */
  readonly maxPerUser: number;
  readonly maxStreams: number;
}

/** Why a further stream is not opened. Open ones stay: an older page must not lose its stream to a newer one. */
export type StreamRefusal = "per-user" | "per-instance";

/** Rows read at once for a stream that is far behind. */
const CATCH_UP_ROWS = 200;
/** Freshness is sent at most this often. Clients are promised one at least every 15 s. */
const FRESHNESS_EVERY_MS = 5_000;

/** The owner of a stream, and the session that opened it. */
export interface Viewer {
  readonly userId: UserId;
  readonly session: SessionId;
}

interface Stream extends Viewer {
  head: number;
  /** The stream's head when events may first have been missed; null if none may have been missed since heads were last read. */
  missedAfter: number | null;
  /** Everything through this position was sent; null before the first event. */
  sent: number | null;
  peers: Set<UserId>;
  /** Edges changed, and it is not known which. */
  hasUnknownPeers: boolean;
  /** How fresh the process was when the stream last was complete, and when that was. */
  complete: { readonly freshness: FreshnessNow; readonly atMs: number } | null;
  closing: "shutdown" | "signed-out" | null;
  wake: () => void;
}

export class LiveHub {
  private readonly streams = new Map<UserId, Set<Stream>>();
  private beating: AbortController | null = null;
  private count = 0;
  readonly counts = { opened: 0, refusedPerUser: 0, refusedPerInstance: 0 };
  /** Reads under way, by person, cursor and head. */
  private readonly reading = new Map<string, Promise<MissedPage | null>>();
  /** How often events may have been missed. */
  private missed = 0;
  private isCatchingUp = false;

  constructor(private readonly deps: LiveDeps) {}

  get maxStreams(): number {
    return this.deps.maxStreams;
  }

  get size(): number {
    return this.count;
  }

  /** How many streams the user has open on this instance. */
  openOf(userId: UserId): number {
    return this.streams.get(userId)?.size ?? 0;
  }

  onCommit(event: CommitEvent): void {
    for (const { userId, head, peers } of event.users) {
      this.eachOf(userId, (stream) => {
        // Events of two publishers may arrive in another order. Positions of a newer epoch are larger, too.
        stream.head = Math.max(stream.head, head);
        for (const peer of peers) stream.peers.add(peer);
      });
    }
  }

  /** Events may have been missed. Reads the heads of all connected users in one statement. */
  onMissed(): void {
    this.missed += 1;
    for (const stream of this.all()) stream.missedAfter ??= stream.head;
    void this.catchUp();
  }

  /** Each heartbeat tries again until the store has answered. */
  private async catchUp(): Promise<void> {
    if (this.isCatchingUp) return;
    this.isCatchingUp = true;
    try {
      while (await this.readHeads());
    } catch (cause) {
      if (!isTierUnavailable(cause))
        this.deps.log.error("could not look for missed commits; trying again shortly", { cause });
    } finally {
      this.isCatchingUp = false;
    }
  }

  /** Reads the heads of the streams that may have missed events. False if there are no such streams. */
  private async readHeads(): Promise<boolean> {
    const behind = this.all().filter(({ missedAfter }) => missedAfter !== null);
    if (behind.length === 0) return false;
    const { missed } = this;
    const heads = await this.deps.views.heads([...new Set(behind.map(({ userId }) => userId))]);
    for (const stream of behind) {
      stream.head = Math.max(stream.head, heads.get(stream.userId) ?? 0);
      // If events were missed once more meanwhile, these heads may be from before that.
      if (missed === this.missed) {
        stream.hasUnknownPeers ||= stream.head > (stream.missedAfter ?? 0);
        stream.missedAfter = null;
      }
      stream.wake();
    }
    return true;
  }

  /** A person in the user's contacts has another name now. */
  onPeersChanged(userId: UserId, peers: readonly UserId[]): void {
    this.eachOf(userId, (stream) => {
      for (const peer of peers) stream.peers.add(peer);
    });
  }

  /** Ends every stream with `bye`. */
  close(): void {
    for (const userId of this.streams.keys()) this.end(userId, "shutdown");
  }

  /** Ends the streams of a user, or those that one session opened, with `bye`. */
  end(subject: UserId | SessionId, reason: "shutdown" | "signed-out"): void {
    const streams = isSessionId(subject) ? this.all().filter(({ session }) => session === subject) : this.of(subject);
    for (const stream of streams) {
      stream.closing = reason;
      stream.wake();
    }
  }

  /**
   * The events of the viewer after `cursor`; null: from the moment at which the store answers. Ends by itself after `bye`; the
   * consumer ends it through `return()` or the signal. The stream counts from this call on, so that many calls at once cannot all
   * take the last free place. A caller that never reads it must abort it.
   */
  open(
    { userId, session }: Viewer,
    cursor: number | null,
    signal: AbortSignal,
  ): Result<AsyncGenerator<LiveEvent, void, void>, StreamRefusal> {
    if ((this.streams.get(userId)?.size ?? 0) >= this.deps.maxPerUser) {
      this.counts.refusedPerUser += 1;
      return err("per-user");
    }
    if (this.count >= this.deps.maxStreams) {
      this.counts.refusedPerInstance += 1;
      return err("per-instance");
    }
    const stream: Stream = {
      ...{ userId, session, head: 0, missedAfter: null, sent: null, complete: null, closing: null },
      ...{ peers: new Set<UserId>(), hasUnknownPeers: false, wake: () => {} },
    };
    this.counts.opened += 1;
    this.add(stream);
    const onAbort = () => {
      this.remove(stream);
      stream.wake();
    };
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    return ok(this.follow(stream, cursor, signal));
  }

  private async *follow(
    stream: Stream,
    cursor: number | null,
    signal: AbortSignal,
  ): AsyncGenerator<LiveEvent, void, void> {
    const { clock, views } = this.deps;
    const { userId } = stream;
    try {
      const openedMs = clock.monotonicMs();
      let freshMs = openedMs;
      let isToldLate = false;
      while (!signal.aborted) {
        const woken = new Promise<void>((resolve) => {
          stream.wake = resolve;
        });
        if (stream.sent === null) {
          // Registered before the head is read: a commit in between raises `stream.head` and is not missed.
          const head = await views.head(userId).catch(ifDown("postgres", () => null));
          if (head !== null) {
            stream.head = Math.max(stream.head, head);
            stream.sent = cursor ?? stream.head;
            const freshness = this.freshnessOf(stream);
            // Freshness is then sent as soon as everything that the client missed was sent.
            if (stream.complete === null) freshMs = Number.NEGATIVE_INFINITY;
            isToldLate = isLate(freshness);
            yield { event: "hello", position: stream.head, sentThrough: stream.sent, freshness };
          }
        }
        while (stream.sent !== null && stream.sent !== stream.head && !signal.aborted && !hasLeft(stream)) {
          if (compare(stream.sent, stream.head).kind === "resync") {
            stream.sent = stream.head;
            yield { event: "resync", position: stream.sent };
            break;
          }
          const page = await this.rowsAfter(userId, stream.sent, stream.head);
          if (page === null) break;
          if (page.hasDropped) {
            // The client has missed what is no longer here. It reads its views again, as after a new epoch.
            stream.sent = toPosition(Math.max(stream.head, page.position));
            stream.head = stream.sent;
            yield { event: "resync", position: stream.sent };
            break;
          }
          if (page.through <= stream.sent) break;
          for (const row of page.rows) {
            if (hasLeft(stream)) return yield { event: "bye", reason: "signed-out" };
            yield { event: "signal", row };
            stream.sent = row.position;
          }
          // Rows that cannot be shown are skipped: a stream must not wait for them for ever.
          stream.sent = page.through;
          stream.head = toPosition(Math.max(stream.head, stream.sent));
        }
        // Somebody who has signed out gets nothing more, not even what was on its way.
        if (hasLeft(stream)) return yield { event: "bye", reason: "signed-out" };
        if (stream.peers.size > 0 || stream.hasUnknownPeers) {
          const peers = stream.hasUnknownPeers ? [] : [...stream.peers];
          stream.peers = new Set();
          stream.hasUnknownPeers = false;
          yield { event: "contacts", peers };
        }
        if (stream.closing !== null) return yield { event: "bye", reason: stream.closing };
        const nowMs = clock.monotonicMs();
        if (nowMs - openedMs >= this.deps.maxStreamMs) return yield { event: "bye", reason: "planned" };
        // A page that has just opened demands a sync. As soon as that has caught up, the page need no longer say "behind".
        const hasCaughtUp = isToldLate && !isLate(this.deps.freshness());
        if (hasCaughtUp || nowMs - freshMs >= FRESHNESS_EVERY_MS) {
          freshMs = nowMs;
          const freshness = this.freshnessOf(stream);
          isToldLate = isLate(freshness);
          yield { event: "freshness", freshness };
        }
        await woken;
      }
    } finally {
      this.remove(stream);
    }
  }

  /**
   * Rows after a cursor; null while the database is down. Streams of one person wake together, and those that know the same head
   * share one read: it began when that head was known, so it has everything through it.
   */
  private rowsAfter(userId: UserId, sent: number, head: number): Promise<MissedPage | null> {
    const key = keyOf(userId, sent, head);
    const known = this.reading.get(key);
    if (known !== undefined) return known;
    const begun = this.deps.views
      .signalsAfter(userId, sent, CATCH_UP_ROWS)
      .catch(ifDown("postgres", () => null))
      .finally(() => this.reading.delete(key));
    this.reading.set(key, begun);
    return begun;
  }

  /**
   * How fresh a stream is. While something is left to send, or events may have been missed, the stream is as fresh as it was when it
   * last was complete, and older by the time since. Its age is unknown until it first is complete. The caller must send the result
   * before anything else happens.
   */
  private freshnessOf(stream: Stream): FreshnessNow {
    const nowMs = this.deps.clock.monotonicMs();
    const freshness = this.deps.freshness();
    const isAllSent = stream.sent === stream.head && stream.peers.size === 0 && !stream.hasUnknownPeers;
    if (isAllSent && stream.missedAfter === null) {
      stream.complete = { freshness, atMs: nowMs };
      return freshness;
    }
    const { complete } = stream;
    return complete === null
      ? unknownAge(freshness)
      : agedSince(complete.freshness, freshness, nowMs - complete.atMs, this.deps.freshnessTargetMs);
  }

  private all(): readonly Stream[] {
    return [...this.streams.values()].flatMap((own) => [...own]);
  }

  private eachOf(userId: UserId, change: (stream: Stream) => void): void {
    for (const stream of this.of(userId)) {
      change(stream);
      stream.wake();
    }
  }

  private of(userId: UserId): Iterable<Stream> {
    return this.streams.get(userId) ?? [];
  }

  private add(stream: Stream): void {
    const own = this.streams.get(stream.userId) ?? new Set();
    own.add(stream);
    this.streams.set(stream.userId, own);
    this.count += 1;
    if (this.beating === null) void this.heartbeat();
  }

  private remove(stream: Stream): void {
    const own = this.streams.get(stream.userId);
    if (!own?.delete(stream)) return;
    if (own.size === 0) this.streams.delete(stream.userId);
    this.count -= 1;
    if (this.count === 0) this.beating?.abort();
  }

  /** One timer for all streams, only while there are any. */
  private async heartbeat(): Promise<void> {
    const controller = new AbortController();
    this.beating = controller;
    while (this.count > 0) {
      this.deps.demand();
      await this.deps.clock.sleep(this.deps.beatMs, controller.signal);
      if (controller.signal.aborted) break;
      void this.catchUp();
      for (const stream of this.all()) stream.wake();
    }
    if (this.beating === controller) this.beating = null;
    if (this.count > 0 && this.beating === null) void this.heartbeat();
  }
}

/** Behind, and nobody watches the topics. */
const isLate = ({ stale, isWatched = false }: FreshnessNow) => stale && !isWatched;

const hasLeft = ({ closing }: Stream) => closing === "signed-out";
