/** What commits mean for the caches and streams of this process. */
import type { UserId } from "../core/ids";
import type { CommitEvent, EventBus } from "../ports/event-bus";
import type { Log } from "../ports/log";
import type { ViewStore } from "../ports/view-store";
import type { L1Cache } from "./l1-cache";
import type { LiveHub } from "./live-hub";

export interface InvalidationDeps {
  readonly bus: EventBus;
  readonly l1: L1Cache;
  readonly hub: LiveHub;
  readonly log: Log;
}

/** Definitions are global: this counts their changes, and is part of the name of every view that shows them. */
export class DefinitionsGeneration {
  value = 0;
}

/** Follows the bus. Returns the function that ends it. */
export function followCommits(deps: InvalidationDeps, definitions: DefinitionsGeneration): () => void {
  const { l1, hub, log } = deps;
  return deps.bus.subscribe({
    onCommit: (event) => {
      if (event.definitionsChanged) definitions.value += 1;
      for (const { userId } of event.users) l1.expire(userId);
      for (const { userId, peers } of event.renamed) {
        l1.expire(userId);
        hub.onPeersChanged(userId, peers);
      }
      hub.onCommit(event);
    },
    onMissed: () => {
      log.warn("commit events may have been missed; everything kept is read again");
      definitions.value += 1;
      l1.expireAll();
      hub.onMissed();
    },
  });
}

/** Who shows the names of these people, grouped by who shows them. One statement, and none where no profile has changed. */
export async function renamedBy(views: ViewStore, profiles: readonly UserId[]): Promise<CommitEvent["renamed"]> {
  const peers = new Map<UserId, UserId[]>();
  for (const { userId, peerId } of await views.peersOf(profiles))
    peers.set(peerId, [...(peers.get(peerId) ?? []), userId]);
  return [...peers].map(([userId, changed]) => ({ userId, peers: changed }));
}
