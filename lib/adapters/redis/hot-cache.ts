/** Gates, the mirror budget and first answers, shared by all instances. Time is Redis' own clock. */
import type { TopicId, UserId } from "../../core/ledger/ids";
import { AHEAD_MS } from "../../core/sync/watermark";
import type {
  Attempt,
  BudgetPolicy,
  Gate,
  HotCache,
  Lease,
  LeaseWish,
  Round,
  RoundTopic,
} from "../../ports/shared/hot-cache";
import { TierUnavailable } from "../../ports/tier-unavailable";
import { attemptOf } from "./attempt";
import type { Commands } from "./client/client";
import type { Keys } from "./client/keys";
import { History, keptEvent } from "./history";
import { ABANDON, ATTEMPT, FINISH, LEASE, PASS_GATE, PING, RELEASE_LEASES, RESERVE, ROUND } from "./hot-scripts";

export interface RedisHotCacheOptions {
  readonly commands: Commands;
  readonly keys: Keys;
  /** The event bus's history. Without a bus the cache has its own. */
  readonly history?: History;
  /**
   * Called in each round with the number of the last published event. The round waits for it, so that another instance's
   * watermark is used only after the events of its commits have arrived.
   */
  readonly onSequence?: (sequence: number) => void | Promise<void>;
}

const DAY_MS = 86_400_000;
/** How long shared watermarks are kept. Each round renews them. After a week without a round, the store is newer. */
const SYNCED_THROUGH_MS = 7 * DAY_MS;

export class RedisHotCache implements HotCache {
  private readonly history: History;

  constructor(private readonly options: RedisHotCacheOptions) {
    this.history = options.history ?? new History(options.keys.partitions);
  }

  async ping(): Promise<void> {
    const { commands, keys } = this.options;
    await commands.eval("ping", PING, [keys.everybody.ping], []);
  }

  async passGate(gate: string, ttlMs: number): Promise<boolean> {
    const { commands, keys } = this.options;
    return (await commands.eval("gate", PASS_GATE, [keys.gate(gate)], [ttlMs])) === 1;
  }

  async round(topics: readonly RoundTopic[], gate: Gate, registryVersion: number, stamp = 0): Promise<Round> {
    const { commands, keys, onSequence } = this.options;
    const { sequence: lastEvent, history, syncedThrough, heads: headsKey } = keys.everybody;
    const gates = topics.map(({ topicId }) => keys.syncGate(topicId));
    const known = topics.flatMap(({ topicId, watermark }) => [topicId, watermark.toString()]);
    const answer = await commands.eval(
      "round",
      ROUND,
      [lastEvent, history, syncedThrough, headsKey, ...gates],
      [
        ...[
          gate.periodMs,
          SYNCED_THROUGH_MS,
          registryVersion,
          stamp,
          ...this.history.argsIn(0),
          this.history.headsKnown,
        ],
        ...[...known, AHEAD_MS / 1_000, gate.earlyMs ?? 0, gate.savedMs ?? 0],
      ],
    );
    const [sequence, kept, standing, epoch, version, latest, nowMs, heads, ...found] = Array.isArray(answer)
      ? (answer as unknown[])
      : [];
    if (found.length !== topics.length * 2)
      throw new TierUnavailable("redis", "Redis: round answered for other topics");
    const last = keptEvent(sequence, kept);
    const isAnother = this.history.observe(standing, epoch, last);
    if (!isAnother) {
      if (last !== null) this.history.learn(last);
      this.history.learnHeads(Number(sequence), heads);
      await onSequence?.(Number(sequence));
    }
    return {
      topics: topics.map(({ topicId }, index) => ({
        topicId,
        // Redis has another history than the caller knows, so the value counts as unknown.
        watermark: isAnother ? 0n : BigInt(String(found[index * 2])),
        waitMs: Number(found[index * 2 + 1]),
      })),
      registryVersion: Number(version),
      stamp: Number(latest),
      nowMs: Number(nowMs),
    };
  }

  async lease(wishes: readonly LeaseWish[], owner: string, ttlMs: number): Promise<readonly Lease[]> {
    const { commands, keys } = this.options;
    const leases = wishes.map(({ topicId }) => keys.lease(topicId));
    const live = wishes.map(({ isLive }) => (isLive ? 1 : 0));
    const answer = await commands.eval("lease", LEASE, leases, [owner, ttlMs, ...live]);
    const found = Array.isArray(answer) ? (answer as unknown[]) : [];
    if (found.length !== wishes.length)
      throw new TierUnavailable("redis", "Redis: the leases answered for other topics");
    return found.map((each) => (each === 2 ? "ours" : each === 1 ? "live" : "held"));
  }

  async release(topicIds: readonly TopicId[], owner: string): Promise<void> {
    const { commands, keys } = this.options;
    const leases = topicIds.map((topicId) => keys.lease(topicId));
    await commands.eval("lease", RELEASE_LEASES, leases, [owner]);
  }

  async reserve(
    budget: string,
    { perSecond, burst, maxWaitMs }: BudgetPolicy,
    userId?: UserId,
  ): Promise<number | null> {
    const { commands, keys } = this.options;
    const args = [1_000_000 / perSecond, burst, maxWaitMs * 1_000];
    const waitMs = await commands.eval("budget", RESERVE, [keys.budget(budget, userId)], args);
    if (typeof waitMs !== "number")
      throw new TierUnavailable("redis", "Redis: the script of the budget returned no number");
    return waitMs < 0 ? null : waitMs;
  }

  async attempt(key: string, digest: string, ttlMs: number): Promise<Attempt> {
    const { commands, keys } = this.options;
    const known = await commands.eval("idempotency", ATTEMPT, [keys.attempt(key)], [digest, ttlMs]);
    return typeof known === "string" ? attemptOf(known, digest) : { kind: "first" };
  }

  async finish(key: string, digest: string, answer: string, ttlMs: number): Promise<void> {
    const { commands, keys } = this.options;
    await commands.eval("idempotency", FINISH, [keys.attempt(key)], [digest, answer, ttlMs]);
  }

  async abandon(key: string): Promise<void> {
    const { commands, keys } = this.options;
    await commands.eval("idempotency", ABANDON, [keys.attempt(key)], []);
  }
}
