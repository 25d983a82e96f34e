/** What a commit means for the caches and streams of this process. */
import type { CommitEvent, EventBus } from "../ports/event-bus";
import type { Log } from "../ports/log";
import type { ViewStore } from "../ports/view-store";
import type { L1Cache } from "./l1-cache";
import type { LiveHub } from "./live-hub";

export interface InvalidationDeps {
  readonly bus: EventBus;
  readonly l1: L1Cache;
  readonly hub: LiveHub;
  readonly views: ViewStore;
  readonly log: Log;
}

/** Definitions are global: this counts their changes, and is part of the name of every view that shows them. */
export class DefinitionsGeneration {
  value = 0;
}

/** Follows the bus. Returns the function that ends it. */
export function followCommits(deps: InvalidationDeps, definitions: DefinitionsGeneration): () => void {
  return deps.bus.subscribe((event) => {
    if (event.definitionsChanged) definitions.value += 1;
    for (const { userId } of event.users) deps.l1.expire(userId);
    deps.hub.onCommit(event);
    void renameInViews(deps, event);
  });
}

/** A new profile changes how its contacts' views name its owner, without moving their positions. */
async function renameInViews(deps: InvalidationDeps, event: CommitEvent): Promise<void> {
  // Nobody is watching and nothing is kept: whoever comes next reads the new name anyway.
  if (deps.l1.userCount === 0 && deps.hub.size === 0) return;
  for (const userId of event.profiles) {
    try {
      for (const peer of await deps.views.bondedPeers(userId)) {
        deps.l1.expire(peer);
        deps.hub.onPeersChanged(peer, [userId]);
      }
    } catch (cause) {
      deps.log.warn("could not tell a profile's contacts of its change", { cause });
      deps.l1.clear();
    }
  }
}
