/**
 * Commit events to every instance, over one channel of Redis. One is enough: an instance keeps views and streams of any user, so
 * it would listen to every channel there was; and on one channel all events have one order, so Redis numbers them:
 *
 *   publish    local listeners at once; then one script expires the views, raises the cursor, numbers the event, publishes it
 *   listen     number + 1 → pass it on;  a jump → onMissed, then pass it on;  our own → it only counts
 *              the publisher's turn again (its answer was lost) → it only counts;  an earlier turn (it was late) → onMissed
 *   reconnect  the last number is as we know it → nothing was missed;  otherwise → onMissed
 *   a number known from elsewhere (own publish, a round of demand) that does not arrive in time → the connection is dead
 *   Redis has lost an event that is known here (history.ts) → start over: everything is expired, numbers go on above the known
 *   a publication that failed → no view in Redis is believed here until everything was expired
 */
import { LRUCache } from "lru-cache";
import type { TopicId, UserId } from "../../../core/ledger/ids";
import { backoffMs } from "../../../core/sync/backoff";
import type { Clock } from "../../../ports/clock";
import type { Log } from "../../../ports/log";
import type { CommitEvent, EventBus, EventListener } from "../../../ports/shared/event-bus";
import type { SignOut } from "../../../ports/store/account-store";
import type { StoreStamp } from "../../../ports/store/store-stamp";
import { ifDown, TierUnavailable } from "../../../ports/tier-unavailable";
import type { Channels, Commands } from "../client/client";
import { bytesOf } from "../client/command-stats";
import type { Keys } from "../client/keys";
import { type History, keptEvent, markOf } from "../history";
import { generationMs, MAX_EXPIRED_USERS, viewKeys } from "../view-cache";
import { decodeMessage, EVERYTHING, encodeEvent, encodeSignOut } from "./event-codec";
import { LAST_EVENT, LAST_PUBLISHED, PUBLISH, START_OVER } from "./event-scripts";
import { HeardThrough } from "./heard-through";

export interface UpstashEventBusOptions {
  readonly client: Commands & Channels;
  readonly keys: Keys;
  readonly history: History;
  /** Of no other instance, now or ever; without white space. */
  readonly instanceId: string;
  /** As long as the view cache keeps views. */
  readonly viewTtlMs: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly random?: () => number;
}

export interface EventBusStats {
  readonly isConnected: boolean;
  readonly connections: number;
  readonly published: number;
  /** From other instances. */
  readonly received: number;
  /** How often listeners were told that they may have missed something. */
  readonly missed: number;
  /** How often this instance has noticed that Redis had lost events. */
  readonly wentBack: number;
}

const RECONNECT = { baseMs: 200, maxMs: 15_000 };
/** A connection that lasted this long did not fail for what the one before it failed for. */
const STEADY_MS = 30_000;
/** How long an event may take from the publisher's answer to the subscription. */
const ECHO_MS = 3_000;
/** As long as a reader would wait for Redis itself. */
const SETTLE_MS = 300;
/** The smallest limit of a request is 1 MB; quotes in the payload are escaped on the way. */
const MAX_REQUEST_BYTES = 800_000;
/** More than ever publish at a time; functions come and go. */
const MAX_INSTANCES = 1_000;
/** Longer than any pause in which views or cursors matter; afterwards numbers begin anew, which listeners take for a loss. */
const KEPT_MS = 30 * 86_400_000;

/** Raises the cursor of no topic. */
const NO_COMMIT = { topicId: "", cursor: 0 } as const;

export class UpstashEventBus implements EventBus {
  private readonly listeners = new Set<EventListener>();
  private readonly closing = new AbortController();
  private following: Promise<void> | null = null;
  /** The stream that stands. */
  private stream: AbortController | null = null;
  private readonly through = new HeardThrough();
  /** The number of the last event that came by the stream that stands; 0 before the first. */
  private streamSequence = 0;
  /** The highest number that is known to have been published. */
  private expected = 0;
  private isWaitingForEcho = false;
  private turn: Promise<unknown> = Promise.resolve();
  /** Whose views in Redis are older than a commit that listeners here know of, until its publication ends. */
  private readonly telling = new Map<UserId, Promise<unknown>>();
  /** A publication has failed, and Redis may still have views of before that commit. */
  private owes = false;
  private paying: Promise<unknown> | null = null;
  private startingOver: Promise<void> | null = null;
  private turns = 0;
  /** The last turn heard of each instance. */
  private readonly heard = new LRUCache<string, number>({ max: MAX_INSTANCES });
  private readonly counts = { connections: 0, published: 0, received: 0, missed: 0, wentBack: 0 };

  constructor(private readonly options: UpstashEventBusOptions) {
    options.history.onWentBack = () => this.goneBack();
    options.history.onEpoch = (epoch) => {
      for (const listener of [...this.listeners]) listener.onEpoch?.(epoch);
    };
  }

  async publish(event: CommitEvent): Promise<void> {
    for (const listener of [...this.listeners]) listener.onCommit(event);
    const userIds = new Set([...event.users, ...event.renamed].map(({ userId }) => userId));
    const sent = this.inTurn(() => this.send(event, encodeEvent(event), [...userIds]));
    for (const userId of userIds) this.telling.set(userId, sent);
    try {
      this.expectSequence(await sent);
    } catch (cause) {
      this.owes ||= userIds.size > 0;
      throw cause;
    } finally {
      for (const userId of userIds) if (this.telling.get(userId) === sent) this.telling.delete(userId);
    }
  }

  async publishSignOut(event: SignOut): Promise<void> {
    for (const listener of [...this.listeners]) listener.onSignOut?.(event);
    this.expectSequence(await this.inTurn(() => this.send(NO_COMMIT, encodeSignOut(event), [])));
  }

  async tellMissed(topicId: TopicId, cursor: number): Promise<void> {
    for (const listener of [...this.listeners]) listener.onMissed();
    this.expectSequence(await this.inTurn(() => this.send({ topicId, cursor }, EVERYTHING, [])));
  }

  follow(stamp: StoreStamp): void {
    this.options.history.store = stamp;
  }

  async newEpoch(epoch: number): Promise<void> {
    this.miss();
    if (!this.options.history.learnEpoch(epoch)) return;
    // Redis is in an earlier epoch now. Where it cannot be told, the next command that it answers notices.
    await this.startOver();
  }

  /**
   * To be awaited before a user's view is looked up: between a commit and the end of its publication Redis still has the view
   * of before, and this process' caches, which know of the commit already, would keep it. Rejects where that takes too long, and
   * where a publication has failed, until everything was expired instead.
   */
  async settled(userId: UserId): Promise<void> {
    if (this.owes) {
      this.paying ??= this.inTurn(() => this.send(NO_COMMIT, EVERYTHING, []))
        .catch(() => {})
        .finally(() => {
          this.paying = null;
        });
      throw new TierUnavailable("redis", "Redis: it has not been told of a commit yet");
    }
    const sent = this.telling.get(userId);
    if (!sent) return;
    const enough = new AbortController();
    const isLate = this.options.clock.sleep(SETTLE_MS, enough.signal).then(() => "late" as const);
    try {
      if ((await Promise.race([sent, isLate])) === "late")
        throw new TierUnavailable("redis", "Redis: a commit is still being published");
    } finally {
      enough.abort();
    }
  }

  subscribe(listener: EventListener): () => void {
    this.listeners.add(listener);
    if (!this.closing.signal.aborted) this.following ??= this.listen();
    return () => this.listeners.delete(listener);
  }

  async lastPublished(topicId: TopicId): Promise<number> {
    const { client, keys } = this.options;
    const answer = await client.eval("cursor", LAST_PUBLISHED, [keys.published, keys.sequence], [topicId]);
    const [cursor, sequence] = Array.isArray(answer) ? (answer as unknown[]) : [];
    // It was told to all, and maybe not heard here yet.
    await this.hear(Number(sequence));
    // Nothing known is nothing published: after a loss of Redis that is so, and otherwise it costs one mend too many.
    return Number(cursor);
  }

  async close(): Promise<void> {
    this.closing.abort();
    this.listeners.clear();
    await Promise.all([this.following, this.turn, this.startingOver]);
  }

  stats(): EventBusStats {
    return { isConnected: this.stream !== null, ...this.counts };
  }

  /**
   * Resolves when nothing that this process keeps is older than event number `sequence`, which is known to be published: it came,
   * or what is kept was dropped. To be awaited before anything is vouched for that this event may concern.
   */
  async hear(sequence: number): Promise<void> {
    this.expectSequence(sequence);
    if (this.listeners.size === 0 || this.through.covers(sequence)) return;
    if (this.stream !== null) {
      const enough = new AbortController();
      await Promise.race([this.through.until(sequence), this.options.clock.sleep(SETTLE_MS, enough.signal)]);
      enough.abort();
    }
    if (this.through.covers(sequence)) return;
    this.through.drop(sequence);
    this.miss();
  }

  /** Event number `sequence` has been published: the subscription must bring it soon, or it is dead. */
  private expectSequence(sequence: number): void {
    this.expected = Math.max(this.expected, sequence);
    if (!this.isWaitingForEcho) void this.awaitEcho();
  }

  private async awaitEcho(): Promise<void> {
    this.isWaitingForEcho = true;
    const isBehind = (sequence: number) => this.through.last !== null && this.through.last < sequence;
    while (this.stream !== null && isBehind(this.expected)) {
      const [stream, expected] = [this.stream, this.expected];
      await this.options.clock.sleep(ECHO_MS, this.closing.signal);
      if (this.stream !== stream || !isBehind(expected)) continue;
      this.options.log.warn("the event subscription has gone silent; connecting again");
      stream.abort();
      break;
    }
    this.isWaitingForEcho = false;
  }

  /** One after the other: two requests under way would arrive in any order. */
  private inTurn(send: () => Promise<number>): Promise<number> {
    const sent = this.turn.then(send);
    this.turn = sent.catch(() => {});
    return sent;
  }

  private async send(
    { topicId, cursor }: { readonly topicId: TopicId | ""; readonly cursor: number },
    json: string,
    userIds: readonly UserId[],
  ): Promise<number> {
    const { client, keys, history, instanceId, viewTtlMs } = this.options;
    const views = userIds.length <= MAX_EXPIRED_USERS ? viewKeys(keys, userIds) : [];
    const isTooMuch = userIds.length > MAX_EXPIRED_USERS || bytesOf(views) + bytesOf(json) > MAX_REQUEST_BYTES;
    // Everybody reads again by position, so nothing is lost by not naming them all.
    const isEverything = isTooMuch || json === EVERYTHING;
    this.turns += 1;
    const mark = markOf(instanceId, this.turns);
    const answer = await client.eval(
      "publish",
      PUBLISH,
      [keys.sequence, keys.history, keys.published, keys.generation, ...(isEverything ? [] : views)],
      [
        keys.channel,
        topicId,
        cursor,
        KEPT_MS,
        isEverything ? `${instanceId}-all-${this.turns}` : "",
        generationMs(viewTtlMs),
        `${instanceId} ${this.turns} ${isEverything ? EVERYTHING : json}`,
        ...[mark, ...history.args, history.store?.highest ?? 0],
      ],
    );
    const [sequence, standing, epoch] = Array.isArray(answer) ? (answer as unknown[]) : [];
    if (typeof sequence !== "number") throw new TierUnavailable("redis", "Redis: publish answered no number");
    this.counts.published += 1;
    if (isEverything) this.owes = false;
    if (!history.heed(standing, epoch)) history.learn({ sequence, mark });
    return sequence;
  }

  private goneBack(): void {
    if (this.startingOver !== null) return;
    this.counts.wentBack += 1;
    this.miss();
    for (const listener of [...this.listeners]) listener.onWentBack?.();
    void this.startOver();
  }

  /** Makes Redis expire what it has. One at a time; where it fails, the next command notices it again. */
  private startOver(): Promise<void> {
    this.startingOver ??= this.expireLost().finally(() => {
      this.startingOver = null;
    });
    return this.startingOver;
  }

  private async expireLost(): Promise<void> {
    const { client, keys, history, instanceId, viewTtlMs } = this.options;
    const begun = this.inTurn(async () => {
      this.turns += 1;
      const answer = await client.eval(
        "publish",
        START_OVER,
        [keys.sequence, keys.history, keys.published, keys.generation],
        [
          ...[keys.channel, `${instanceId}-all-${this.turns}`, generationMs(viewTtlMs), KEPT_MS],
          ...[`${instanceId} ${this.turns} ${EVERYTHING}`, markOf(instanceId, this.turns), ...history.args],
        ],
      );
      const [number, slot] = Array.isArray(answer) ? (answer as unknown[]) : [];
      const last = keptEvent(number, slot);
      if (last === null) throw new TierUnavailable("redis", "Redis: starting over answered no event");
      history.learn(last);
      return last.sequence;
    });
    await begun.catch(ifDown("redis", () => {}));
  }

  /** The subscription loop: until close(), there is a stream or a try to have one. */
  private async listen(): Promise<void> {
    const { client, keys, clock, log, random = Math.random } = this.options;
    let attempt = 0;
    while (!this.closing.signal.aborted) {
      const stream = new AbortController();
      const startMs = clock.monotonicMs();
      const onOpen = () => {
        this.stream = stream;
        this.streamSequence = 0;
        this.counts.connections += 1;
        void this.catchUp();
      };
      const onMessage = (payload: string) => this.receive(payload);
      const signal = AbortSignal.any([this.closing.signal, stream.signal]);
      const subscribed = client.subscribe(keys.channel, { onOpen, onMessage }, signal);
      const reason = await subscribed.catch((cause: unknown) => (cause instanceof Error ? cause.name : "failed"));
      const wasSteady = this.stream !== null && clock.monotonicMs() - startMs >= STEADY_MS;
      this.stream = null;
      if (this.closing.signal.aborted) return;
      attempt = wasSteady ? 1 : attempt + 1;
      const waitMs = backoffMs(RECONNECT, attempt, random());
      log.warn("the event subscription ended; connecting again", { reason, attempt, waitMs });
      await clock.sleep(waitMs, this.closing.signal);
    }
  }

  /** The stream stands: has anything been published since the one before it ended? */
  private async catchUp(): Promise<void> {
    const { client, keys, history } = this.options;
    const before = this.through.last;
    let last: number | null = null;
    try {
      const answer = await client.eval("cursor", LAST_EVENT, [keys.sequence, keys.history], [...history.args]);
      const [number, slot, standing, epoch] = Array.isArray(answer) ? (answer as unknown[]) : [];
      // A process that gets over it learns that it has missed something.
      if (history.heed(standing, epoch) && standing === 1) return;
      last = Number(number);
      const event = keptEvent(number, slot);
      if (event !== null) history.learn(event);
    } catch {
      // Not known is missed.
    }
    if (before !== null && last !== null) {
      // What came meanwhile has shown by its number whether anything was missed.
      if (this.through.last !== before) return this.expectSequence(last);
      if (last === before) return;
    }
    if (this.through.last === before) this.know(last);
    this.miss();
  }

  private receive(payload: string): void {
    const message = decodeMessage(payload);
    if (message === null) return;
    const { sequence, instanceId, turn, event } = message;
    const isJump = this.through.last !== null && sequence > this.through.last + 1;
    // On one stream numbers rise. Lower than the last that is known is no loss: catchUp may have known of this one before it came.
    if (sequence <= this.streamSequence) this.goneBack();
    else this.options.history.learn({ sequence, mark: markOf(instanceId, turn) });
    this.streamSequence = sequence;
    this.know(sequence);
    if (isJump) this.miss();
    if (instanceId === this.options.instanceId) return;
    const lastTurn = this.heard.get(instanceId) ?? -1;
    if (turn === lastTurn) return;
    this.counts.received += 1;
    this.heard.set(instanceId, Math.max(turn, lastTurn));
    if (event === null || turn < lastTurn) {
      this.miss();
      return;
    }
    for (const listener of [...this.listeners]) {
      if (event.kind === "commit") listener.onCommit(event.commit);
      else listener.onSignOut?.(event.signOut);
    }
  }

  private know(sequence: number | null): void {
    // Numbers that began anew are not to be measured by the old ones.
    if ((sequence ?? 0) < (this.through.last ?? 0)) this.expected = 0;
    this.through.know(sequence);
  }

  private miss(): void {
    this.counts.missed += 1;
    for (const listener of [...this.listeners]) listener.onMissed();
  }
}
