/**
 * Sends events, one after the other. The command that announces an event also expires the shared views that it outdates. Views in
 * other partitions of a cluster are expired before it, with one command for each partition. If a process dies in between, the
 * commit does not count as published, and another instance tells everybody (event-bus.ts `lastPublished`).
 */
import type { TopicId, UserId } from "../../../core/ledger/ids";
import type { Clock } from "../../../ports/clock";
import type { BusEvent } from "../../../ports/shared/event-bus";
import { ifDown, TierUnavailable } from "../../../ports/tier-unavailable";
import type { Commands } from "../client/client";
import { bytesOf } from "../client/command-stats";
import type { Keys } from "../client/keys";
import { eventIn, type Head, type History, keptEvent, markOf } from "../history";
import { REGISTRY_FIELD } from "../hot-scripts";
import { generationMs, inPartitions, MAX_EXPIRED_USERS, NAMING_VIEWS, viewKeys } from "../view-cache";
import { busMessage, EVERYTHING, encodeEvent } from "./event-codec";
import { PUBLISH, START_OVER, TOLD } from "./event-scripts";

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

/** The users whose shared views an event outdates. */
interface Outdated {
  /** All of their views. */
  readonly moved: readonly UserId[];
  /** Their views that show names. */
  readonly renamed: readonly UserId[];
}
const NOBODY: Outdated = { moved: [], renamed: [] };

interface Announcement {
  readonly raise: Raise | null;
  readonly text: string;
  /** The numbers that the event took in other partitions. */
  readonly heads: readonly Head[];
}

interface StartedOver {
  /** Number of the partition's last event. */
  readonly sequence: number;
  readonly hasStartedOver: boolean;
  /** A start over that everybody must still be told of. */
  readonly untold: Head | null;
}

export class Publisher {
  /** Publications that succeeded. */
  published = 0;
  private turns = 0;
  private turn: Promise<unknown> = Promise.resolve();
  /** Users whose views in Redis are older than a commit that listeners here know, until its publication ends. */
  private readonly publishing = new Map<UserId, Promise<unknown>>();
  /** Partitions in which a publication failed. They may still have views from before that commit. */
  private readonly unexpired = new Set<number>();
  /** For each of these partitions, the command under way that expires everything in it. */
  private readonly expiring = new Map<number, Promise<unknown>>();
  private startingOver: Promise<void> | null = null;

  constructor(private readonly options: PublisherOptions) {}

  get isStartingOver(): boolean {
    return this.startingOver !== null;
  }

  /** Resolves with the number of the event. */
  async publish(event: BusEvent): Promise<number> {
    const outdated = outdatedBy(event);
    const userIds = [...outdated.moved, ...outdated.renamed];
    const sent = this.inOrder(() => this.send(this.raiseOf(event), encodeEvent(event), outdated));
    for (const userId of userIds) this.publishing.set(userId, sent);
    try {
      return await sent;
    } finally {
      for (const userId of userIds) if (this.publishing.get(userId) === sent) this.publishing.delete(userId);
    }
  }

  /** Tells everybody to read everything again. Resolves with the number of the event. */
  publishMissed(through: { readonly topicId: TopicId; readonly cursor: number } | null): Promise<number> {
    const raise = through && this.cursorOf(through.topicId, through.cursor);
    return this.inOrder(() => this.send(raise, EVERYTHING, NOBODY));
  }

  /**
   * Await this before you look up a user's view. Until a commit is published, Redis still has the view from before it, and this
   * process, which knows the commit already, would keep that view. Rejects in three cases: a publication takes too long; one has
   * failed, and the user's partition is not expired yet; the partition has lost events and has not started over.
   */
  async settled(userId: UserId): Promise<void> {
    const { history, keys } = this.options;
    const partition = keys.partitionOf(userId);
    if (this.unexpired.has(partition)) {
      this.expirePartition(partition);
      throw new TierUnavailable("redis", "Redis: it has not been told of a commit yet");
    }
    if (history.unsettledIn(partition) !== null) {
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

  /** Resolves when no publication is under way any more. */
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
    return { hash: this.options.keys.everybody.syncedThrough, field: REGISTRY_FIELD, to: event.version };
  }

  private cursorOf(topicId: TopicId, cursor: number): Raise {
    return { hash: this.options.keys.everybody.published, field: topicId, to: cursor };
  }

  private async send(raise: Raise | null, json: string, { moved, renamed }: Outdated): Promise<number> {
    const { keys, instanceId } = this.options;
    const turn = this.nextTurn();
    const expired = [...viewKeys(keys, moved), ...viewKeys(keys, renamed, NAMING_VIEWS)];
    const isTooMuch =
      moved.length + renamed.length > MAX_EXPIRED_USERS || bytesOf(expired) + bytesOf(json) > MAX_REQUEST_BYTES;
    // If an event names nobody, everybody reads again by position, so nothing is lost.
    const isEverything = isTooMuch || json === EVERYTHING;
    const [movedIn, renamedIn] = [moved, renamed].map((users) => inPartitions(keys, isEverything ? [] : users)) as [
      ReadonlyMap<number, readonly UserId[]>,
      ReadonlyMap<number, readonly UserId[]>,
    ];
    const expiryIn = (partition: number) =>
      isEverything
        ? null
        : [
            ...viewKeys(keys, movedIn.get(partition) ?? []),
            ...viewKeys(keys, renamedIn.get(partition) ?? [], NAMING_VIEWS),
          ];
    const others = this.others.filter((each) => isEverything || movedIn.has(each) || renamedIn.has(each));
    const sent = await Promise.allSettled(others.map((partition) => this.number(turn, partition, expiryIn(partition))));
    const failure = sent.find((each) => each.status === "rejected");
    if (failure) {
      if (expiryIn(0)?.length !== 0) this.unexpired.add(0);
      throw failure.reason;
    }
    const heads = sent.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
    const text = busMessage(instanceId, turn, heads, isEverything ? EVERYTHING : json);
    const { sequence } = await this.number(turn, 0, expiryIn(0), { raise, text, heads });
    this.published += 1;
    return sequence;
  }

  /** Expires everything in a partition, in place of the views that a failed publication should have expired. */
  private expirePartition(partition: number): void {
    if (this.expiring.has(partition)) return;
    const expire = async () => {
      const turn = this.nextTurn();
      const text = busMessage(this.options.instanceId, turn, [], EVERYTHING);
      const announced = partition === 0 ? { raise: null, text, heads: [] } : undefined;
      return (await this.number(turn, partition, null, announced)).sequence;
    };
    const expired = this.inOrder(expire)
      .catch(() => {})
      .finally(() => this.expiring.delete(partition));
    this.expiring.set(partition, expired);
  }

  /**
   * Expires these views of a partition, or all of them (null), and gives the event a number there. An announcement goes to everybody
   * with the same command.
   */
  private async number(
    turn: number,
    partition: number,
    views: readonly string[] | null,
    announced?: Announcement,
  ): Promise<Head> {
    const { client, keys, history, instanceId, viewTtlMs } = this.options;
    const { sequence: number, history: historyKey, published, generation, heads } = keys.in(partition);
    const { raise = null, text = "", heads: numbers = [] } = announced ?? {};
    const mark = markOf(instanceId, turn);
    const sent = client.eval(
      "publish",
      PUBLISH,
      [number, historyKey, raise?.hash ?? published, generation, heads, ...(views ?? [])],
      [
        announced === undefined ? "" : keys.channel,
        // An empty field raises nothing.
        raise?.field ?? "",
        raise?.to ?? 0,
        KEPT_MS,
        views === null ? `${instanceId}-all-${turn}` : "",
        generationMs(viewTtlMs),
        ...[text, mark, ...history.argsIn(partition), history.store?.highest ?? 0, ...headArgs(numbers)],
      ],
    );
    const answer = await sent.catch((cause) => {
      if (views?.length !== 0) this.unexpired.add(partition);
      throw cause;
    });
    const [sequence, standing, epoch] = Array.isArray(answer) ? (answer as unknown[]) : [];
    if (typeof sequence !== "number") throw new TierUnavailable("redis", "Redis: publish answered no number");
    history.observe(standing, epoch, { sequence, mark }, partition);
    // A Redis that has lost events may lose this one, too. Then the views that it expired are back.
    if (standing !== 1) {
      history.learn({ sequence, mark }, partition);
      if (views === null) this.unexpired.delete(partition);
    }
    return { partition, sequence, mark };
  }

  /**
   * Starts over in every partition that has lost events: if one has, others may have, too, and nonces with them. A partition that does not
   * answer now shows its loss with the next command that it answers.
   */
  private async expireLost(): Promise<void> {
    const { client, keys, instanceId } = this.options;
    const begun = this.inOrder(async () => {
      const turn = this.nextTurn();
      const others = await Promise.all(
        this.others.map((partition) => this.startOverIn(turn, partition, []).catch(ifDown("redis", () => null))),
      );
      const untold = others.flatMap((each) => each?.untold ?? []);
      const first = await this.startOverIn(turn, 0, untold);
      if (untold.length > 0 && !first.hasStartedOver)
        await this.number(turn, 0, [], {
          raise: null,
          text: busMessage(instanceId, turn, untold, EVERYTHING),
          heads: untold,
        });
      const told = ({ partition, sequence }: Head) =>
        client.eval("publish", TOLD, [keys.in(partition).history], [sequence]);
      await Promise.all(untold.map(told));
      return first.sequence;
    });
    await begun.catch(ifDown("redis", () => {}));
  }

  /** `untold`: partitions whose start over partition 0 announces, if it starts over too. */
  private async startOverIn(turn: number, partition: number, untold: readonly Head[]): Promise<StartedOver> {
    const { client, keys, history, instanceId, viewTtlMs } = this.options;
    const { sequence, history: historyKey, published, generation, heads } = keys.in(partition);
    const isFirst = partition === 0;
    const seen = history.unsettledIn(partition);
    const answer = await client.eval(
      "publish",
      START_OVER,
      [sequence, historyKey, published, generation, heads],
      [
        ...[isFirst ? keys.channel : "", `${instanceId}-all-${turn}`, generationMs(viewTtlMs), KEPT_MS],
        ...[busMessage(instanceId, turn, untold, EVERYTHING), markOf(instanceId, turn), ...history.argsIn(partition)],
        ...[seen?.sequence ?? 0, seen?.mark ?? "", this.others.length > 0 ? 1 : 0],
        ...headArgs(isFirst ? [...history.heads(), ...untold] : []),
      ],
    );
    if (!Array.isArray(answer)) throw new TierUnavailable("redis", "Redis: starting over answered no event");
    const [number, slot, hasStartedOver, untoldSlot] = answer as unknown[];
    const last = keptEvent(number, slot);
    if (last !== null) history.learn(last, partition);
    history.settle(seen, partition);
    if (hasStartedOver === 1) this.unexpired.delete(partition);
    const mustBeTold = eventIn(untoldSlot);
    return {
      sequence: Number(number),
      hasStartedOver: hasStartedOver === 1,
      untold: mustBeTold === null ? null : { partition, ...mustBeTold },
    };
  }

  /** All partitions but the one that announces. */
  private get others(): readonly number[] {
    return Array.from({ length: this.options.keys.partitions - 1 }, (_, i) => i + 1);
  }

  private nextTurn(): number {
    this.turns += 1;
    return this.turns;
  }
}

const headArgs = (heads: readonly Head[]) =>
  heads.flatMap(({ partition, sequence, mark }) => [partition, sequence, mark]);

function outdatedBy(event: BusEvent): Outdated {
  if (event.type === "views-invalidated") return { moved: [...new Set(event.userIds)], renamed: [] };
  if (event.type !== "commit") return NOBODY;
  const moved = new Set(event.users.map(({ userId }) => userId));
  const renamed = new Set(event.renamed.map(({ userId }) => userId));
  return { moved: [...moved], renamed: [...renamed].filter((userId) => !moved.has(userId)) };
}
