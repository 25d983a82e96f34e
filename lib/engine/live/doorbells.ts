/**
 * The doorbells of the topics, while somebody has a page open here. Of all instances, the one that holds a topic's lease subscribes to
 * it. When the doorbell rings, the topic is pulled at once, but on a busy topic only once in each gate period. While the doorbell is
 * live and every message that it announced is stored, open pages demand nothing of the mirror.
 *
 *   no lease ──ours──▶ subscribed at the cursor ──rings for the message at the cursor──▶ live ──every minute──▶ subscribed again
 *                        ▲                └── silent for ten seconds, or ended ──┐          │
 *                        └───────────── back-off, circuit breaker ◀──────────────┴──────────┘ ended
 *
 * A doorbell is not trusted. It counts as live only after the mirror has rung for the same message that is stored last. If it announces
 * a message that does not come, the topic is polled again. So the worst doorbell costs as much as polling. A silent one delays a message
 * until the topic is next pulled (sync-scheduler.ts).
 */
import { consensusNs } from "../../core/ledger/consensus-time";
import type { TopicId } from "../../core/ledger/ids";
import { equalBytes } from "../../core/ledger/running-hash";
import type { ChainHead } from "../../core/ledger/verify";
import { backoffMs } from "../../core/sync/backoff";
import { admit, afterFailure, afterSuccess, type CircuitBreaker, CLOSED } from "../../core/sync/circuit-breaker";
import type { Clock } from "../../ports/clock";
import type { Doorbell, Ring, Subscription } from "../../ports/doorbell";
import type { Log } from "../../ports/log";
import type { HotCache, Lease } from "../../ports/shared/hot-cache";
import { ifDown } from "../../ports/tier-unavailable";
import type { SyncScheduler } from "../sync/sync-scheduler";

export interface DoorbellsDeps {
  readonly doorbell: Doorbell;
  readonly hot: Pick<HotCache, "lease" | "release">;
  readonly scheduler: Pick<SyncScheduler, "topics" | "syncs" | "rung">;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
  /** The name of this instance in the leases. */
  readonly owner: string;
}

interface Watched {
  readonly topicId: TopicId;
  /** The last answer about the lease; null for unknown. */
  lease: Lease | null;
  subscription: Subscription | null;
  /** The stored message at which the subscription began. */
  from: ChainHead | null;
  sinceMs: number;
  /** The subscription has rung for that message. */
  isProven: boolean;
  /** A subscription was proven, and none has failed since. */
  isLive: boolean;
  /** The largest sequence number that a subscription announced, and when it did. */
  rung: number;
  rungMs: number;
  /** The ring is being pulled, or waits for its turn. */
  isPulling: boolean;
  /** Whether this instance last announced, with its lease, that it covers the topic. */
  isAnnouncedLive: boolean;
  failures: number;
  retryMs: number;
}

/** A page that loses its stream is back within seconds. */
const LINGER_MS = 30_000;
const LOOK_MS = 1_000;
/** A lease outlives two lost renewals. An instance that dies leaves its topics without a doorbell for that long. */
const LEASE_MS = 15_000;
const RENEW_LEASE_MS = 5_000;
/** The mirror answers a subscription within a second. A tighter limit would take busy mirrors for dead ones. */
const PROOF_MS = 10_000;
/**
 * A subscription whose mirror has stopped sending looks like an idle one. A new one finds what it has missed. Topics without
 * readers are demanded as often (keep-up.ts).
 */
const RESUBSCRIBE_MS = 60_000;
/** A message that some 600 polls have not found does not exist. Until then its ring is remembered, and the topic is polled. */
const UNTRUE_MS = 600_000;
/** Twenty connections to the mirror. Topics beyond that are polled. */
const MOST_TOPICS = 100;
const BACKOFF = { baseMs: 1_000, maxMs: 60_000 };
const BREAKER = { threshold: 5, backoff: { baseMs: 5_000, maxMs: 60_000 }, probeMs: PROOF_MS };
/** A lost subscription is usually replaced within moments. It is reported only after this many failures in a row. */
const TROUBLE_FAILURES = 3;

export class Doorbells {
  private readonly watched = new Map<TopicId, Watched>();
  private readonly closing = new AbortController();
  private running: Promise<void> | null = null;
  private untilMs = Number.NEGATIVE_INFINITY;
  private leaseDueMs = 0;
  private leasedUntilMs = Number.NEGATIVE_INFINITY;
  private breaker: CircuitBreaker = CLOSED;
  private lastFailure = "";
  /** `opened`: subscriptions that were made. `failed`: those of them that failed, or ended by themselves. */
  readonly counts = { opened: 0, failed: 0, rings: 0, pulls: 0 };

  constructor(private readonly deps: DoorbellsDeps) {}

  /** The mirror's address. */
  get name(): string {
    return this.deps.doorbell.name;
  }

  /** The number of topics whose doorbell this instance holds and that is live. */
  get liveCount(): number {
    return [...this.watched.values()].filter(({ isLive }) => isLive).length;
  }

  /** Why a doorbell is dead although pages are open; null if none is dead, or if it has only just ended. */
  get trouble(): string | null {
    const isDead = [...this.watched.values()].some(({ failures }) => failures >= TROUBLE_FAILURES);
    return isDead ? this.lastFailure : null;
  }

  /** Somebody has a page open. Call it again while that is so, at each heartbeat. */
  watch(): void {
    this.untilMs = this.nowMs() + LINGER_MS;
    if (this.running !== null || this.closing.signal.aborted) return;
    this.running = this.run().finally(() => {
      this.running = null;
    });
  }

  /** Whether open pages need not poll the topic: its doorbell is live, here or on another instance, and nothing is left to pull. */
  covers(topicId: TopicId): boolean {
    const topic = this.watched.get(topicId);
    if (topic === undefined || this.nowMs() >= this.leasedUntilMs) return false;
    if (topic.lease === "live") return this.isAtRest(topic);
    return topic.lease === "ours" && this.isCovered(topic);
  }

  /** Ends everything, and gives the leases up. */
  async close(): Promise<void> {
    this.closing.abort();
    await this.running;
    this.deps.doorbell.close();
  }

  private nowMs(): number {
    return this.deps.clock.monotonicMs();
  }

  private async run(): Promise<void> {
    const { clock, log } = this.deps;
    const { signal } = this.closing;
    while (!signal.aborted && this.nowMs() < this.untilMs) {
      await this.look().catch((cause: unknown) =>
        log.error("the doorbells could not renew their leases and subscriptions; trying again shortly", { cause }),
      );
      await clock.sleep(LOOK_MS, signal);
    }
    const held = [...this.watched.values()];
    for (const topic of held) this.unsubscribe(topic);
    this.watched.clear();
    await this.release(held).catch(ifDown("redis", () => {}));
  }

  private async look(): Promise<void> {
    this.adopt();
    // Other instances trust a lease that is live. They poll as soon as they renew theirs (5 s).
    if ([...this.watched.values()].some((topic) => topic.isAnnouncedLive && this.isBehind(topic))) this.leaseDueMs = 0;
    if (this.nowMs() >= this.leaseDueMs) await this.askLeases();
    for (const topic of this.watched.values()) {
      if (topic.lease === "ours") this.supervise(topic);
      else this.unsubscribe(topic);
    }
  }

  /** Follows the registry. */
  private adopt(): void {
    const topicIds = new Set(this.deps.scheduler.topics.slice(0, MOST_TOPICS).map(({ topicId }) => topicId));
    for (const topic of this.watched.values()) {
      if (topicIds.has(topic.topicId)) continue;
      this.unsubscribe(topic);
      this.watched.delete(topic.topicId);
    }
    for (const topicId of topicIds) {
      if (this.watched.has(topicId)) continue;
      this.leaseDueMs = 0;
      this.watched.set(topicId, {
        ...{ topicId, lease: null, subscription: null, from: null, sinceMs: 0, isProven: false, isLive: false },
        ...{ isAnnouncedLive: false, rung: 0, rungMs: 0, isPulling: false, failures: 0, retryMs: 0 },
      });
    }
  }

  /** A topic that cannot be subscribed now is left to other instances. While Redis is down nobody holds a topic, and the polls go on. */
  private async askLeases(): Promise<void> {
    const nowMs = this.nowMs();
    this.leaseDueMs = nowMs + RENEW_LEASE_MS;
    const topics = [...this.watched.values()];
    const isOpen = this.breaker.name === "open" && nowMs < this.breaker.untilMs;
    const wanted = topics.filter(({ subscription, retryMs }) => subscription !== null || (retryMs <= nowMs && !isOpen));
    const wishes = wanted.map((topic) => ({ topicId: topic.topicId, isLive: this.isCovered(topic) }));
    const answered = async () => {
      await this.release(topics.filter((topic) => topic.lease === "ours" && !wanted.includes(topic)));
      return this.deps.hot.lease(wishes, this.deps.owner, LEASE_MS);
    };
    const leases = await answered().catch(ifDown("redis", () => []));
    this.leasedUntilMs = nowMs + LEASE_MS;
    for (const topic of topics) {
      const at = wanted.indexOf(topic);
      topic.lease = leases[at] ?? null;
      topic.isAnnouncedLive = topic.lease === "ours" && wishes[at]?.isLive === true;
      // Another instance can reach what this one could not.
      if (topic.lease === "live") topic.failures = 0;
    }
  }

  private async release(topics: readonly Watched[]): Promise<void> {
    const ours = topics.filter(({ lease }) => lease === "ours").map(({ topicId }) => topicId);
    if (ours.length > 0) await this.deps.hot.release(ours, this.deps.owner);
  }

  private supervise(topic: Watched): void {
    const nowMs = this.nowMs();
    const forMs = nowMs - topic.sinceMs;
    if (topic.subscription === null) {
      if (nowMs >= topic.retryMs) this.open(topic);
    } else if (!topic.isProven) {
      if (forMs >= PROOF_MS) this.fail(topic, "the mirror does not send the last message that is stored");
    } else if (forMs >= RESUBSCRIBE_MS) this.open(topic);
  }

  /**
   * Subscribes at the cursor, in place of an earlier subscription. A topic without a verified message cannot be proven. While a
   * topic is read, its cursor is behind, and the mirror would ring for everything that the run is about to read.
   */
  private open(topic: Watched): void {
    const head = this.deps.scheduler.syncs.get(topic.topicId)?.head ?? null;
    if (head === null || head.consensusNs === 0n || !this.isAtRest(topic)) return;
    const { admitted, circuit } = admit(this.breaker, this.nowMs(), BREAKER);
    this.breaker = circuit;
    if (!admitted) return;
    topic.subscription?.close();
    Object.assign(topic, { from: head, sinceMs: this.nowMs(), isProven: false });
    if (this.nowMs() - topic.rungMs >= UNTRUE_MS) topic.rung = 0;
    this.counts.opened += 1;
    topic.subscription = this.deps.doorbell.subscribe(topic.topicId, consensusNs(head.consensusNs), {
      onRing: (ring) => this.onRing(topic, ring),
      onEnd: (reason) => this.fail(topic, reason),
    });
  }

  private onRing(topic: Watched, ring: Ring): void {
    this.counts.rings += 1;
    const { from } = topic;
    if (!topic.isProven && ring.sequence === from?.sequence) {
      const isSame = from.hash === null || ring.runningHash === null || equalBytes(from.hash, ring.runningHash);
      if (isSame) this.proven(topic);
      else this.fail(topic, "the mirror sends another message than the one that is stored");
    }
    if (topic.subscription === null || ring.sequence <= Math.max(topic.rung, this.cursorOf(topic))) return;
    // If a message that was announced before is still missing, the topic is polled until it has come.
    const isPolled = this.isBehind(topic);
    Object.assign(topic, { rung: ring.sequence, rungMs: this.nowMs() });
    if (!isPolled && !topic.isPulling) void this.pull(topic);
  }

  private proven(topic: Watched): void {
    topic.isProven = true;
    topic.failures = 0;
    this.breaker = afterSuccess(this.breaker);
    // Other instances stop their polls.
    if (!topic.isLive) this.leaseDueMs = 0;
    topic.isLive = true;
  }

  private fail(topic: Watched, reason: string): void {
    const nowMs = this.nowMs();
    const { random } = this.deps;
    this.unsubscribe(topic);
    this.counts.failed += 1;
    this.lastFailure = reason;
    topic.failures += 1;
    topic.retryMs = nowMs + backoffMs(BACKOFF, topic.failures, random());
    this.breaker = afterFailure(this.breaker, nowMs, random(), BREAKER);
    this.leaseDueMs = 0;
  }

  private unsubscribe(topic: Watched): void {
    topic.subscription?.close();
    Object.assign(topic, { subscription: null, isProven: false, isLive: false });
  }

  /**
   * Pulls until every announced message is stored. If a pull does not bring a message that was announced before it, the mirror's REST
   * server is behind its gRPC server, or the message does not exist. Then the topic stays behind, and is polled.
   */
  private async pull(topic: Watched): Promise<void> {
    const { scheduler, clock, log } = this.deps;
    const { signal } = this.closing;
    topic.isPulling = true;
    try {
      // Without a subscription the topic is polled, here or by the next holder of the lease.
      while (topic.subscription !== null && this.isBehind(topic) && !signal.aborted) {
        const { rung } = topic;
        const waitMs = await scheduler.rung(topic.topicId);
        if (waitMs > 0) await clock.sleep(waitMs, signal);
        else this.counts.pulls += 1;
        if (waitMs === 0 && this.cursorOf(topic) < rung) return;
      }
    } catch (cause) {
      log.error("a pull after a ring failed", { topicId: topic.topicId, cause });
    } finally {
      topic.isPulling = false;
    }
  }

  /** Nobody needs to poll the topic while this instance holds it. */
  private isCovered(topic: Watched): boolean {
    return topic.isLive && !this.isBehind(topic) && this.isAtRest(topic);
  }

  private isAtRest({ topicId }: Watched): boolean {
    return this.deps.scheduler.syncs.get(topicId)?.isAtRest === true;
  }

  private isBehind(topic: Watched): boolean {
    return topic.rung > this.cursorOf(topic);
  }

  private cursorOf({ topicId }: Watched): number {
    return this.deps.scheduler.syncs.get(topicId)?.cursor ?? 0;
  }
}
