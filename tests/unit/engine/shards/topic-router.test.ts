import { beforeEach, describe, expect, it } from "vitest";
import { MemoryWriteGuard } from "@/lib/adapters/memory/memory-write-guard";
import type { Sequence, TopicId, UserId } from "@/lib/core/ledger/ids";
import { type Registry, routeTopic, type Shard } from "@/lib/core/shards/shards";
import type { RegistryCache } from "@/lib/engine/shards/registry-cache";
import { TopicRouter, type TopicRouterDeps } from "@/lib/engine/shards/topic-router";
import type { WriteGuard } from "@/lib/ports/shared/write-guard";
import type { UserRoute } from "@/lib/ports/store/shard-registry";
import { TierUnavailable } from "@/lib/ports/tier-unavailable";
import { endOf, messageOf } from "../../../support/contract/write-claims";
import { DrivenClock } from "../../../support/control/driven-clock";
import { active, busy, plain, registryOf, standard } from "../../../support/worlds/shards/registries";

const USER = "tm-alice" as UserId;
const TYPE = "CONTACT_REQUEST";

let clock: DrivenClock;
let registry: Registry;
let loads: number;
let route: UserRoute;
let isStoreDown: boolean;
let readBack: Map<TopicId, number>;
let nonce: number;
let guard: WriteGuard;

const topicOf = (of = registry) => routeTopic(of, { ...plain(USER), tier: route.tier }, "contact")?.topicId as TopicId;

beforeEach(() => {
  clock = new DrivenClock();
  registry = registryOf(active(standard("contact"), 1));
  route = { userId: USER, tier: "standard", tenantId: null, signals: 0, version: 1 };
  [loads, isStoreDown, readBack, nonce] = [0, false, new Map(), 0];
  guard = new MemoryWriteGuard(clock);
});

/** A router whose instance knows the registry as it was when the router was made, until it loads it. */
function router(more: Partial<TopicRouterDeps> = {}): TopicRouter {
  const known = { current: registry };
  const cache = {
    get current() {
      return known.current;
    },
    check: async () => {},
    load: async () => {
      loads += 1;
      known.current = registry;
    },
  } as unknown as RegistryCache;
  const down = () => Promise.reject(new TierUnavailable("postgres", "down"));
  return new TopicRouter({
    registry: cache,
    store: {
      user: async () => (isStoreDown ? down() : route),
      setTier: async (_: UserId, tier: UserRoute["tier"]) => {
        route = { ...route, tier, version: route.version + 1 };
        return true;
      },
    } as unknown as TopicRouterDeps["store"],
    scheduler: {
      syncs: new Map(),
      freshness: () => ({ stale: false }),
      waitFor: async (minimum: ReadonlyMap<TopicId, Sequence>) =>
        [...minimum].every(([topicId, sequence]) => (readBack.get(topicId) ?? 0) >= sequence),
    } as unknown as TopicRouterDeps["scheduler"],
    clock,
    ...more,
  });
}

/** A message of the user passes the guard by a router. `leave` ends it, with its sequence or null. */
async function enter(by: TopicRouter) {
  nonce += 1;
  const message = messageOf(nonce);
  let way = message.route;
  const { topicId } = await clock.drive(
    by.enter(USER, TYPE, (route, after) => {
      way = route;
      return guard.begin(USER, null, { ...message, route, after });
    }),
  );
  const leave = (sequence: number | null) => guard.end(USER, null, endOf({ ...message, route: way }, { sequence }));
  return { topicId, leave };
}

/** Two segments more, to which the user's hash leads elsewhere than before. */
function split(): { readonly before: TopicId; readonly after: TopicId } {
  const before = topicOf();
  const [first] = registry.shards as [Shard];
  for (let more = 1; ; more += 1) {
    const next = { version: 2, shards: [first, ...active(standard("contact"), more + 1).slice(1)] };
    if (topicOf(next) === before) continue;
    registry = next;
    return { before, after: topicOf() };
  }
}

describe("a user's message", () => {
  it("goes to the topic that the registry names", async () => {
    const { topicId } = await enter(router());
    expect(topicId).toBe(topicOf());
    expect(await router().getTopicForUser(USER, TYPE)).toBe(topicId);
  });

  it("stays on the old topic while the last message there has not been read back", async () => {
    const first = await enter(router());
    await first.leave(7);
    const { before } = split();
    expect((await enter(router())).topicId).toBe(before);
  });

  it("moves to the new topic once the last message has been read back", async () => {
    const first = await enter(router());
    await first.leave(7);
    const { before, after } = split();
    readBack.set(before, 7);
    expect((await enter(router())).topicId).toBe(after);
  });

  it("stays on the old topic while another message is on its way there", async () => {
    await enter(router());
    const { before } = split();
    readBack.set(before, 1_000);
    expect((await enter(router())).topicId).toBe(before);
  });

  it("leaves a topic where every message was refused", async () => {
    const first = await enter(router());
    await first.leave(null);
    const { after } = split();
    expect((await enter(router())).topicId).toBe(after);
  });

  it("leaves a drained topic without waiting", async () => {
    const first = await enter(router());
    await first.leave(7);
    split();
    registry = {
      ...registry,
      shards: registry.shards.map((shard, i) => (i === 0 ? { ...shard, state: "drained" } : shard)),
    };
    const { topicId } = await enter(router());
    expect(topicId).toBe(topicOf());
    expect(topicId).not.toBe(first.topicId);
  });

  it("makes an instance with an old registry load the new one: nobody goes back", async () => {
    const old = router();
    const { after } = split();
    const moved = await enter(router());
    await moved.leave(1);
    expect((await enter(old)).topicId).toBe(after);
    expect(loads).toBe(1);
  });
});

describe("a user with many signals", () => {
  it("becomes a busy user, and writes to the topics of those", async () => {
    registry = registryOf(active(standard("contact"), 1), active(busy("contact"), 1));
    route = { ...route, signals: 1_000 };
    const { topicId } = await enter(router());
    expect(route.tier).toBe("busy");
    expect(topicId).toBe(registry.shards[1]?.topicId);
  });
});

describe("while the database is down", () => {
  it("everybody writes if all users write to the same topics", async () => {
    isStoreDown = true;
    expect((await enter(router())).topicId).toBe(topicOf());
  });

  it("no new user writes if topics depend on the user", async () => {
    registry = registryOf(active(standard("contact"), 1), active(busy("contact"), 1));
    isStoreDown = true;
    await expect(enter(router())).rejects.toBeInstanceOf(TierUnavailable);
  });
});
