import { LRUCache } from "lru-cache";
import { atMostEntries } from "../../core/bounded-map";
import { keyOf } from "../../core/key";
import type { TopicId, TopicKind, UserId } from "../../core/ledger/ids";
import type { Clock } from "../../ports/clock";
import {
  type Entry,
  IN_FLIGHT_MS,
  type LastWrite,
  type WriteFence,
  type WriteRoute,
} from "../../ports/shared/write-fence";

/** More people than write in one process a day. */
const MAX_KEYS = 100_000;

interface Place extends WriteRoute {
  sequence: number;
  inFlight: number;
  untilMs: number;
}

/** The write fence of a single process. */
export class MemoryWriteFence implements WriteFence {
  private readonly places = new LRUCache<string, Place>(atMostEntries(MAX_KEYS));

  constructor(private readonly clock: Clock) {}

  async enter(userId: UserId, kind: TopicKind, route: WriteRoute, after?: LastWrite): Promise<Entry> {
    const nowMs = this.clock.monotonicMs();
    const key = keyOf(kind, userId);
    const known = this.places.get(key);
    let inFlight = known && known.untilMs > nowMs ? known.inFlight : 0;
    let sequence = known?.sequence ?? 0;
    if (known && known.topicId !== route.topicId) {
      if (route.registryVersion < known.registryVersion || route.userVersion < known.userVersion)
        return { kind: "outdated" };
      const isKnown = after?.topicId === known.topicId && after.sequence === known.sequence;
      if (inFlight > 0 || !isKnown)
        return { kind: "elsewhere", last: { topicId: known.topicId, sequence }, isBusy: inFlight > 0 };
      inFlight = 0;
      sequence = 0;
    }
    this.places.set(key, {
      topicId: route.topicId,
      registryVersion: Math.max(route.registryVersion, known?.registryVersion ?? 0),
      userVersion: Math.max(route.userVersion, known?.userVersion ?? 0),
      sequence,
      inFlight: inFlight + 1,
      untilMs: nowMs + IN_FLIGHT_MS,
    });
    return { kind: "entered" };
  }

  async leave(userId: UserId, kind: TopicKind, topicId: TopicId, sequence: number | null): Promise<void> {
    const known = this.places.get(keyOf(kind, userId));
    if (known?.topicId !== topicId) return;
    known.inFlight = Math.max(0, known.inFlight - 1);
    known.sequence = Math.max(known.sequence, sequence ?? 0);
  }
}
