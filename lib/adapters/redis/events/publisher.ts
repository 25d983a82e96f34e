/** Sends events, one after the other, each with one command that also expires the shared views that the event outdates. */
import type { TopicId, UserId } from "../../../core/ledger/ids";
import type { Clock } from "../../../ports/clock";
import type { BusEvent } from "../../../ports/shared/event-bus";
import { ifDown, TierUnavailable } from "../../../ports/tier-unavailable";
import type { Commands } from "../client/client";
import { bytesOf } from "../client/command-stats";
import type { Keys } from "../client/keys";
import { type History, keptEvent, markOf } from "../history";
import { REGISTRY_FIELD } from "../hot-scripts";
import { generationMs, MAX_EXPIRED_USERS, viewKeys } from "../view-cache";
import { EVERYTHING, encodeEvent } from "./event-codec";
import { PUBLISH, START_OVER } from "./event-scripts";

export interface PublisherOptions {
  readonly client: Commands;
  readonly keys: Keys;
  readonly history: History;
  /** No other instance has this id, now or ever. It has no white space. */
  readonly instanceId: string;
  /** As long as the view cache keeps views. */
  readonly viewTtlMs: number;
  readonly clock: Clock;
}

/** A reader would wait this long for Redis itself. */
const SETTLE_MS = 300;
/** The smallest limit of a request is 1 MB; quotes in the payload are escaped on the way. */
const MAX_REQUEST_BYTES = 800_000;
/** Longer than any pause in which views or cursors matter. Afterwards numbers start again, which listeners take for a loss. */
const KEPT_MS = 30 * 86_400_000;

/** A number that a publication raises in a hash, together with the event. */
interface Raise {
  readonly hash: string;
  readonly field: string;
  readonly to: number;
}

export class Publisher {
  /** Publications that succeeded. */
  published = 0;
  private turns = 0;
  private turn: Promise<unknown> = Promise.resolve();
  /** Users whose views in Redis are older than a commit that listeners here know, until its publication ends. */
  private readonly publishing = new Map<UserId, Promise<unknown>>();
  /** A publication failed. Redis may still have views from before that commit. */
  private owesExpiry = false;
  private paying: Promise<unknown> | null = null;
  private startingOver: Promise<void> | null = null;

  constructor(private readonly options: PublisherOptions) {}

  get isStartingOver(): boolean {
    return this.startingOver !== null;
  }

  /** Resolves with the number of the event. */
  async publish(event: BusEvent): Promise<number> {
    const userIds = usersOf(event);
    const sent = this.inOrder(() => this.send(this.raiseOf(event), encodeEvent(event), [...userIds]));
    for (const userId of userIds) this.publishing.set(userId, sent);
    try {
      return await sent;
    } catch (cause) {
      this.owesExpiry ||= userIds.size > 0;
      throw cause;
    } finally {
      for (const userId of userIds) if (this.publishing.get(userId) === sent) this.publishing.delete(userId);
    }
  }

  /** Tells everybody to read everything again. Resolves with the number of the event. */
  publishMissed(through: { readonly topicId: TopicId; readonly cursor: number } | null): Promise<number> {
    const raise = through && this.cursorOf(through.topicId, through.cursor);
    return this.inOrder(() => this.send(raise, EVERYTHING, []));
  }

  /**
   * Await this before you look up a user's view. Between a commit and the end of its publication Redis still has the view from
   * before, and this process, which knows the commit already, would keep it. Rejects if the publication takes too long, after one
   * that failed until everything was expired instead, and while Redis has lost events and has not started over.
   */
  async settled(userId: UserId): Promise<void> {
    if (this.owesExpiry) {
      this.paying ??= this.publishMissed(null)
        .catch(() => {})
        .finally(() => {
          this.paying = null;
        });
      throw new TierUnavailable("redis", "Redis: it has not been told of a commit yet");
    }
    if (this.options.history.unsettled !== null) {
      void this.startOver();
      throw new TierUnavailable("redis", "Redis: it has lost events, and starts over");
    }
    const sent = this.publishing.get(userId);
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

  /** Makes Redis expire what it has. One at a time; after a failure the next command notices again that Redis went back. */
  startOver(): Promise<void> {
    this.startingOver ??= this.expireLost().finally(() => {
      this.startingOver = null;
    });
    return this.startingOver;
  }

  /** Resolves when nothing is on its way any more. */
  async idle(): Promise<void> {
    await Promise.all([this.turn, this.startingOver]);
  }

  /** One after the other: two requests under way could arrive in any order. */
  private inOrder(send: () => Promise<number>): Promise<number> {
    const sent = this.turn.then(send);
    this.turn = sent.catch(() => {});
    return sent;
  }

  /** A commit raises the published cursor of its topic. A changed registry raises the version that rounds of demand report. */
  private raiseOf(event: BusEvent): Raise | null {
    if (event.type === "commit" && event.cursor !== null) return this.cursorOf(event.topicId, event.cursor.to);
    if (event.type !== "registry-changed") return null;
    return { hash: this.options.keys.syncedThrough, field: REGISTRY_FIELD, to: event.version };
  }

  private cursorOf(topicId: TopicId, cursor: number): Raise {
    return { hash: this.options.keys.published, field: topicId, to: cursor };
  }

  private async send(raise: Raise | null, json: string, userIds: readonly UserId[]): Promise<number> {
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
      [keys.sequence, keys.history, raise?.hash ?? keys.published, keys.generation, ...(isEverything ? [] : views)],
      [
        keys.channel,
        // An empty field raises nothing.
        raise?.field ?? "",
        raise?.to ?? 0,
        KEPT_MS,
        isEverything ? `${instanceId}-all-${this.turns}` : "",
        generationMs(viewTtlMs),
        `${instanceId} ${this.turns} ${isEverything ? EVERYTHING : json}`,
        ...[mark, ...history.args, history.store?.highest ?? 0],
      ],
    );
    const [sequence, standing, epoch] = Array.isArray(answer) ? (answer as unknown[]) : [];
    if (typeof sequence !== "number") throw new TierUnavailable("redis", "Redis: publish answered no number");
    this.published += 1;
    const event = { sequence, mark };
    history.observe(standing, epoch, event);
    // A Redis that has lost events may lose this one, too: what it expired may be back by then.
    if (standing === 1) return sequence;
    if (isEverything) this.owesExpiry = false;
    history.learn(event);
    return sequence;
  }

  private async expireLost(): Promise<void> {
    const { client, keys, history, instanceId, viewTtlMs } = this.options;
    const begun = this.inOrder(async () => {
      this.turns += 1;
      const seen = history.unsettled;
      const answer = await client.eval(
        "publish",
        START_OVER,
        [keys.sequence, keys.history, keys.published, keys.generation],
        [
          ...[keys.channel, `${instanceId}-all-${this.turns}`, generationMs(viewTtlMs), KEPT_MS],
          ...[`${instanceId} ${this.turns} ${EVERYTHING}`, markOf(instanceId, this.turns), ...history.args],
          ...[seen?.sequence ?? 0, seen?.mark ?? ""],
        ],
      );
      const [number, slot, hasStartedOver] = Array.isArray(answer) ? (answer as unknown[]) : [];
      const last = keptEvent(number, slot);
      if (last === null) throw new TierUnavailable("redis", "Redis: starting over answered no event");
      history.learn(last);
      history.settle(seen);
      if (hasStartedOver === 1) this.owesExpiry = false;
      return last.sequence;
    });
    await begun.catch(ifDown("redis", () => {}));
  }
}

/** The users whose shared views are outdated after the event. */
function usersOf(event: BusEvent): ReadonlySet<UserId> {
  if (event.type === "views-invalidated") return new Set(event.userIds);
  if (event.type !== "commit") return new Set();
  return new Set([...event.users, ...event.renamed].map(({ userId }) => userId));
}
