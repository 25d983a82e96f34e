/**
 * The topic router chooses the topic that a user's next message goes to.
 *
 * Topics come and go, users change tiers and tenants, and instances learn of it at different moments. Still a user's messages
 * of one kind keep their order, on the ledger and in the user's rows. A user leaves a topic only when the last message that
 * went there through us has been read back. Until then the user waits a little, or stays where the last message went. After
 * the move, an old registry does not bring the user back.
 */
import { LRUCache } from "lru-cache";
import { atMostEntries } from "../../core/bounded-map";
import { type TopicId, type TopicKind, toSequence, type UserId } from "../../core/ledger/ids";
import { routeTopic, tierOf } from "../../core/shards/shards";
import { topicKindOf } from "../../core/signals/message-types";
import type { Clock } from "../../ports/clock";
import type { FenceRefusal, LastWrite, WriteRoute } from "../../ports/shared/write-guard";
import type { ShardRegistry, UserRoute } from "../../ports/store/shard-registry";
import { ifDown, TierUnavailable } from "../../ports/tier-unavailable";
import type { SyncScheduler } from "../sync/sync-scheduler";
import type { RegistryCache } from "./registry-cache";

export interface TopicRouterDeps {
  readonly registry: RegistryCache;
  readonly store: ShardRegistry;
  readonly scheduler: Pick<SyncScheduler, "syncs" | "waitFor" | "freshness">;
  readonly clock: Clock;
}

/** Asks the write guard whether a message may take this route. `after`: the user's last write, if it was read back. */
export type AskGuard<T> = (route: WriteRoute, after?: LastWrite) => Promise<T | FenceRefusal>;

/** Before a write, a registry that was last checked longer ago than this is checked again, which costs one statement. */
const CHECK_BEFORE_WRITE_MS = 5_000;
/** A read waits this long for a message that it must contain. */
const READ_BACK_MS = 3_000;
/** Tier and tenant of a user change rarely, and the fence notices an instance that missed a change. */
const USER_TTL_MS = 30_000;
const MAX_USERS = 50_000;
/** Each turn either enters or learns something. The registry does not change this often during one write. */
const MAX_TURNS = 6;
/** A user who writes through several instances at once may have a newer message each time. Then the user stays. */
const TURNS_TO_MOVE = 3;

export class TopicRouter {
  private readonly users: LRUCache<UserId, { readonly route: UserRoute; readonly untilMs: number }> = new LRUCache(
    atMostEntries(MAX_USERS),
  );

  constructor(private readonly deps: TopicRouterDeps) {}

  /** The topic that a user's messages of a type go to, by the registry as it is known here. */
  async getTopicForUser(userId: UserId, messageType: string): Promise<TopicId> {
    return (await this.route(userId, topicKindOf(messageType))).topicId;
  }

  /**
   * Finds the topic for a message of the user, and asks until the fence does not refuse it. Rejects with TierUnavailable if the
   * message's order cannot be kept.
   */
  async enter<T extends { readonly kind: string }>(
    userId: UserId,
    messageType: string,
    ask: AskGuard<T>,
  ): Promise<{ readonly topicId: TopicId; readonly answer: T }> {
    const { registry } = this.deps;
    const kind = topicKindOf(messageType);
    // The fence refuses writes by an outdated registry. Asking here only avoids the refusal.
    await registry.check(CHECK_BEFORE_WRITE_MS).catch(ifDown("postgres", () => null));
    await this.tierUp(userId).catch(ifDown("postgres", () => null));
    let route = await this.route(userId, kind);
    let after: LastWrite | undefined;
    for (let turn = 0; turn < MAX_TURNS; turn += 1) {
      const answer = await ask(route, after);
      if (!isFenceRefusal(answer)) return { topicId: route.topicId, answer };
      if (answer.kind === "outdated") {
        this.users.delete(userId);
        await registry.load();
        route = await this.route(userId, kind);
        after = undefined;
      } else if (await this.mayLeave(answer.last, answer.isBusy || turn >= TURNS_TO_MOVE)) after = answer.last;
      else route = { ...route, topicId: answer.last.topicId };
    }
    throw new TierUnavailable("redis", "the topics of this user change too fast to write to them");
  }

  /** Whether the user's last message is in the rows, so that the next one cannot come before it. */
  private async mayLeave({ topicId, sequence }: LastWrite, isBusy: boolean): Promise<boolean> {
    const { registry, scheduler, clock } = this.deps;
    const isInUse = registry.current.shards.some(
      (shard) => shard.topicId === topicId && (shard.state === "active" || shard.state === "draining"),
    );
    // A drained topic was quiet for longer than a message takes to arrive, and nobody may stay there.
    if (!isInUse) return true;
    if (isBusy) return false;
    // No message has arrived there, so the next one cannot overtake any.
    if (sequence === 0) return true;
    return scheduler.waitFor(new Map([[topicId, toSequence(sequence)]]), clock.monotonicMs() + READ_BACK_MS);
  }

  private async route(userId: UserId, kind: TopicKind): Promise<WriteRoute> {
    const user = await this.user(userId);
    const registry = this.deps.registry.current;
    const shard = routeTopic(registry, user, kind);
    if (!shard) throw new Error(`no topic is configured for ${kind}`);
    return { topicId: shard.topicId, registryVersion: registry.version, userVersion: user.version };
  }

  private async user(userId: UserId): Promise<UserRoute> {
    const nowMs = this.deps.clock.monotonicMs();
    const known = this.users.get(userId);
    if (known && known.untilMs > nowMs) return known.route;
    const route = await this.deps.store.user(userId).catch(ifDown("postgres", () => null));
    if (route === null) return known?.route ?? this.plainRoute(userId);
    this.users.set(userId, { route, untilMs: nowMs + USER_TTL_MS });
    return route;
  }

  /** The route while the database does not answer: safe if all users write to the same topics. */
  private plainRoute(userId: UserId): UserRoute {
    const isForAll = this.deps.registry.current.shards.every(({ tier }) => tier === "standard");
    if (!isForAll) throw new TierUnavailable("postgres", "the database cannot say which topics are this user's");
    return { userId, tier: "standard", tenantId: null, signals: 0, version: 0 };
  }

  /** Moves the user to the tier that fits the number of signals. */
  private async tierUp(userId: UserId): Promise<void> {
    const { tier, signals, version } = await this.user(userId);
    const next = tierOf(tier, signals);
    // While rows are still coming, as after a rebuild, a small number of signals proves nothing.
    if (next === tier || (next === "standard" && this.deps.scheduler.freshness().stale)) return;
    await this.deps.store.setTier(userId, next, version);
    this.users.delete(userId);
  }
}

function isFenceRefusal<T extends { readonly kind: string }>(answer: T | FenceRefusal): answer is FenceRefusal {
  return answer.kind === "outdated" || answer.kind === "elsewhere";
}
