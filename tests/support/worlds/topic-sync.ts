/** One topic's sync over a given store and ledger, without streams and logs. */
import { MemoryEventBus } from "@/lib/adapters/memory/memory-event-bus";
import type { TopicId } from "@/lib/core/ledger/ids";
import { Incidents } from "@/lib/engine/health/incidents";
import { MirrorHeads } from "@/lib/engine/sync/mirror-heads";
import { type SyncOwner, TopicSync, type TopicSyncDeps } from "@/lib/engine/sync/topic/topic-sync";
import type { Ledger } from "@/lib/ports/ledger/ledger";
import type { SyncStore } from "@/lib/ports/store/sync/sync-store";
import type { DrivenClock } from "../control/driven-clock";
import { OPERATOR, sha384 } from "../mirrors/chain";
import { noSignatures } from "../mirrors/no-signatures";

const silent = { info: () => {}, warn: () => {}, error: () => {} };

const SILENT_OWNER: SyncOwner = {
  watermarkNs: () => 0n,
  onLate: () => {},
  onSynced: () => {},
  onProgress: () => {},
};

/** Incidents without log lines. */
const quietIncidents = (clock: DrivenClock) => new Incidents({ clock, log: silent });

/** Mirror heads without a cache. */
export function headsOf(ledger: Ledger, clock: DrivenClock, incidents = quietIncidents(clock)): MirrorHeads {
  return new MirrorHeads({ ledger, clock, incidents, serveMs: 0, mayBeQuiet: false, quietMs: 2_000 });
}

export function depsOf(store: SyncStore, ledger: Ledger, clock: DrivenClock): TopicSyncDeps {
  const incidents = quietIncidents(clock);
  return {
    ...{ store, ledger, clock, sha384, incidents },
    trustedPayers: new Set([OPERATOR]),
    bus: new MemoryEventBus(),
    signatures: noSignatures,
    renamedBy: async () => [],
    log: silent,
    random: () => 0.5,
    policy: {
      gapGraceMs: 120_000,
      holeBackoff: { baseMs: 100, maxMs: 1_000 },
      faultBackoff: { baseMs: 100, maxMs: 1_000 },
    },
    heads: headsOf(ledger, clock, incidents),
    missed: { unpublished: () => {}, check: async () => {} },
    owner: SILENT_OWNER,
  };
}

export function syncOf(
  topicId: TopicId,
  store: SyncStore,
  ledger: Ledger,
  clock: DrivenClock,
  { onSynced, ...more }: Partial<TopicSyncDeps> & Partial<Pick<SyncOwner, "onSynced">> = {},
): TopicSync {
  const owner = { ...SILENT_OWNER, ...(onSynced && { onSynced }) };
  return new TopicSync(topicId, { ...depsOf(store, ledger, clock), owner, ...more });
}
