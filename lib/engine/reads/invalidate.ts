/** Applies commits to the caches and streams of this process. */
import { NAMING_KINDS } from "../../core/cache-strategy";
import type { Sequence, TopicId, UserId } from "../../core/ledger/ids";
import type { Log } from "../../ports/log";
import type { CommitEvent, EventBus, MissedReason } from "../../ports/shared/event-bus";
import type { ViewStore } from "../../ports/store/view-store";
import type { Incidents } from "../health/incidents";
import type { LiveHub } from "../live/live-hub";
import type { L1Cache } from "./l1-cache";

export interface InvalidationDeps {
  readonly bus: EventBus;
  readonly l1: L1Cache;
  readonly hub: LiveHub;
  readonly incidents: Incidents;
  readonly log: Log;
}

/** Counts the changes of definitions, which are the same for everybody. The count is part of the name of every view that shows them. */
export class DefinitionsGeneration {
  value = 0;
}

/**
 * For each topic, the cursor up to which this process has heard of all commits. Up to there its caches and Redis know what the
 * store knows. A stored cursor above it belongs to a commit whose event is still on its way.
 */
export class HeardCommits {
  private readonly cursors = new Map<TopicId, number>();
  /** How many events were heard. While it stays the same, nothing in the store has changed. */
  count = 0;

  learn(topicId: TopicId, cursor: number): void {
    this.cursors.set(topicId, Math.max(cursor, this.cursors.get(topicId) ?? 0));
  }

  /** Cursors start again in a new epoch. */
  clear(): void {
    this.cursors.clear();
  }

  /** Whether every commit up to these cursors was heard of. */
  has(minimum: ReadonlyMap<TopicId, Sequence>): boolean {
    return [...minimum].every(([topicId, sequence]) => (this.cursors.get(topicId) ?? 0) >= sequence);
  }
}

const WHY_READ_AGAIN: Readonly<Record<MissedReason, string>> = {
  lost: "commit events may have been missed; everything kept is read again",
  epoch: "positions began again; everything kept is read again",
  told: "another instance told all instances to read again what they keep",
  invalidated: "an operator invalidated all views; everything kept is read again",
  resynced: "an operator resynced a topic; everything kept is read again",
  unpublished: "commits had not been published at once; everything kept is read again",
};

/** Follows the bus. Returns the function that ends it. */
export function followCommits(
  deps: InvalidationDeps,
  definitions: DefinitionsGeneration,
  heard: HeardCommits,
): () => void {
  const { l1, hub, incidents, log } = deps;
  const onCommit = (event: CommitEvent) => {
    if (event.definitionsChanged) definitions.value += 1;
    for (const { userId } of event.users) l1.expire(userId);
    for (const { userId, peers } of event.renamed) {
      l1.expire(userId, NAMING_KINDS);
      hub.onPeersChanged(userId, peers);
    }
    if (event.cursor !== null) heard.learn(event.topicId, event.cursor.to);
    hub.onCommit(event);
  };
  return deps.bus.subscribe({
    onEvent: (event) => {
      if (event.type === "commit") onCommit(event);
      if (event.type === "views-invalidated") for (const userId of event.userIds) l1.expire(userId);
      if (event.type !== "sign-out") heard.count += 1;
    },
    onMissed: (reason) => {
      heard.count += 1;
      log.info(WHY_READ_AGAIN[reason]);
      definitions.value += 1;
      l1.expireAll();
      hub.onMissed();
    },
    onWentBack: () =>
      incidents.happened(
        "redis-went-back",
        null,
        "Redis came back without events that it had announced: every view was loaded again.",
      ),
  });
}

/**
 * The users whose views show the names of these people, each with the people that they show. One statement, and none if no
 * profile has changed.
 */
export async function renamedBy(views: ViewStore, profiles: readonly UserId[]): Promise<CommitEvent["renamed"]> {
  const peers = new Map<UserId, UserId[]>();
  for (const { userId, peerId } of await views.peersOf(profiles))
    peers.set(peerId, [...(peers.get(peerId) ?? []), userId]);
  return [...peers].map(([userId, changed]) => ({ userId, peers: changed }));
}
