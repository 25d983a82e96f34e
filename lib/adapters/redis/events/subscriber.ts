/**
 * Listens to the channel and keeps account of the numbers that Redis gives to events, so that a lost event is noticed:
 *
 *   an event    the next number → pass it on;  a jump → missed, then pass it on;  our own event → only count it
 *               a turn of the publisher again (its answer was lost) → only count it;  an earlier turn (it was late) → missed
 *   reconnect   the last number is the one that is known here → nothing was missed;  otherwise → missed
 *   a number known from elsewhere (own publication, a round of demand) does not arrive in time → the connection is dead
 */
import { LRUCache } from "lru-cache";
import { atMostEntries } from "../../../core/bounded-map";
import { backoffMs } from "../../../core/sync/backoff";
import type { Clock } from "../../../ports/clock";
import type { Log } from "../../../ports/log";
import type { BusEvent } from "../../../ports/shared/event-bus";
import type { Channels, Commands } from "../client/client";
import type { Keys } from "../client/keys";
import { type History, keptEvent, markOf } from "../history";
import { parseBusMessage } from "./event-codec";
import { LAST_EVENT } from "./event-scripts";
import { HeardThrough } from "./heard-through";

export interface SubscriberOptions {
  readonly client: Commands & Channels;
  readonly keys: Keys;
  readonly history: History;
  readonly instanceId: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly random?: () => number;
}

export interface SubscriberHandlers {
  readonly onEvent: (event: BusEvent) => void;
  readonly onMissed: (reason: "lost" | "told") => void;
}

const RECONNECT = { baseMs: 200, maxMs: 15_000 };
/** A connection that lasted this long did not fail for the reason of the one before it. */
const STEADY_MS = 30_000;
/** An event may take this long from the publisher's answer to the subscription. */
const ECHO_MS = 3_000;
/** A reader would wait this long for Redis itself. */
const HEAR_MS = 300;
/** More instances than ever publish at the same time, although functions come and go. */
const MAX_INSTANCES = 1_000;

export class Subscriber {
  readonly counts = { connections: 0, received: 0 };
  private readonly closing = new AbortController();
  private following: Promise<void> | null = null;
  /** The open stream. */
  private stream: AbortController | null = null;
  private readonly through = new HeardThrough();
  /** The number of the last event on the open stream; 0 before the first. */
  private streamSequence = 0;
  /** The highest number that is known to have been published. */
  private expected = 0;
  private isWaitingForEcho = false;
  /** The last turn of each instance. */
  private readonly heard = new LRUCache<string, number>(atMostEntries(MAX_INSTANCES));

  constructor(
    private readonly options: SubscriberOptions,
    private readonly handlers: SubscriberHandlers,
  ) {}

  get isConnected(): boolean {
    return this.stream !== null;
  }

  /** Begins to listen, unless it does already. */
  start(): void {
    if (!this.closing.signal.aborted) this.following ??= this.listen();
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.following;
  }

  /** Event number `sequence` has been published: the subscription must bring it soon, or it is dead. */
  expect(sequence: number): void {
    this.expected = Math.max(this.expected, sequence);
    if (!this.isWaitingForEcho) void this.awaitEcho();
  }

  /**
   * Resolves when nothing that this process keeps is older than event number `sequence`, which is known to be published: the event
   * came, or whatever is kept was dropped.
   */
  async hear(sequence: number): Promise<void> {
    this.expect(sequence);
    if (this.through.covers(sequence)) return;
    if (this.stream !== null) {
      const enough = new AbortController();
      await Promise.race([this.through.until(sequence), this.options.clock.sleep(HEAR_MS, enough.signal)]);
      enough.abort();
    }
    if (this.through.covers(sequence)) return;
    this.through.drop(sequence);
    this.handlers.onMissed("lost");
  }

  private async awaitEcho(): Promise<void> {
    this.isWaitingForEcho = true;
    const isBehind = (sequence: number) => this.through.last !== null && this.through.last < sequence;
    while (this.stream !== null && isBehind(this.expected)) {
      const [stream, expected] = [this.stream, this.expected];
      await this.options.clock.sleep(ECHO_MS, this.closing.signal);
      if (this.stream !== stream || !isBehind(expected)) continue;
      this.options.log.info("the event subscription has gone silent; connecting again");
      stream.abort();
      break;
    }
    this.isWaitingForEcho = false;
  }

  /** Until `close`, there is a stream or an attempt to open one. */
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
      if (attempt === 1) log.info("the event subscription ended; connecting again", { reason });
      await clock.sleep(waitMs, this.closing.signal);
    }
  }

  /** A new stream is open. Asks whether anything was published since the one before it ended. */
  private async catchUp(): Promise<void> {
    const { client, keys, history } = this.options;
    const before = this.through.last;
    let last: number | null = null;
    try {
      const { sequence, history: historyKey, heads: headsKey } = keys.everybody;
      const args = [...history.argsIn(0), history.headsKnown];
      const answer = await client.eval("cursor", LAST_EVENT, [sequence, historyKey, headsKey], args);
      const [number, slot, standing, epoch, heads] = Array.isArray(answer) ? (answer as unknown[]) : [];
      // The history itself shows that something was missed.
      const event = keptEvent(number, slot);
      if (history.observe(standing, epoch, event) && standing === 1) return;
      last = Number(number);
      if (event !== null) history.learn(event);
      history.learnHeads(last, heads);
    } catch {
      // If the number is not known, events count as missed.
    }
    if (before !== null && last !== null) {
      // An event that came meanwhile has shown by its number whether anything was missed.
      if (this.through.last !== before) return this.expect(last);
      if (last === before) return;
    }
    if (this.through.last === before) this.know(last);
    this.handlers.onMissed("lost");
  }

  private receive(payload: string): void {
    const message = parseBusMessage(payload);
    if (message === null) return;
    const { sequence, instanceId, turn, heads, event } = message;
    const isJump = this.through.last !== null && sequence > this.through.last + 1;
    // On one stream numbers rise. A number below the last known one is no loss: catchUp may have learnt it before it came.
    const { history } = this.options;
    const told = { sequence, mark: markOf(instanceId, turn) };
    if (sequence <= this.streamSequence) history.goneBack(told);
    else history.learnAnnounced(told, heads);
    this.streamSequence = sequence;
    this.know(sequence);
    if (isJump) {
      this.handlers.onMissed("lost");
      // The missed events may have numbers in other partitions. Asks for those.
      if (history.partitions > 1) void this.catchUp();
    }
    if (instanceId === this.options.instanceId) return;
    const lastTurn = this.heard.get(instanceId) ?? -1;
    if (turn === lastTurn) return;
    this.counts.received += 1;
    this.heard.set(instanceId, Math.max(turn, lastTurn));
    if (event === null) this.handlers.onMissed("told");
    else if (turn < lastTurn) this.handlers.onMissed("lost");
    else this.handlers.onEvent(event);
  }

  private know(sequence: number | null): void {
    // Numbers that started again cannot be compared with the old ones.
    if ((sequence ?? 0) < (this.through.last ?? 0)) this.expected = 0;
    this.through.know(sequence);
  }
}
