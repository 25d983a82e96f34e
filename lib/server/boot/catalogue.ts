import "server-only";
/**
 * The recognition definitions that everybody is offered. They are the same for all users, so they are read once after each
 * change and not for each reader. Definitions of trusted payers come first. A stranger with many definitions cannot push out
 * the few of others.
 */
import type { TrustedPayers } from "../../core/signals/interpret";
import type { DefinitionsGeneration } from "../../engine/reads/invalidate";
import type { Clock } from "../../ports/clock";
import type { Catalogue } from "../../ports/store/view-rows";
import type { ViewStore } from "../../ports/store/view-store";

/** More than anybody picks from a list. The byte limit of an answer may cut the list further. */
const MAX_OFFERED = 300;
/** Anybody may publish definitions. At most this many of one stranger are offered to others. */
const MAX_OF_STRANGER = 5;

export interface CatalogueDeps {
  readonly views: ViewStore;
  readonly definitions: DefinitionsGeneration;
  readonly trustedPayers: TrustedPayers;
  readonly clock: Clock;
  /** Definitions are read again after this time, because an instance may learn late of another's commit. */
  readonly ttlMs: number;
}

export class OfferedDefinitions {
  private known: { readonly generation: number; readonly atMs: number; readonly read: Promise<Catalogue> } | null =
    null;

  constructor(private readonly deps: CatalogueDeps) {}

  get(): Promise<Catalogue> {
    const { views, definitions, trustedPayers, clock, ttlMs } = this.deps;
    const generation = definitions.value;
    const nowMs = clock.monotonicMs();
    if (this.known?.generation === generation && nowMs - this.known.atMs < ttlMs) return this.known.read;
    const read = views.catalogue({ trustedPayers, limit: MAX_OFFERED, limitOfUntrusted: MAX_OF_STRANGER });
    const known = { generation, atMs: nowMs, read };
    this.known = known;
    read.catch(() => {
      if (this.known === known) this.known = null;
    });
    return read;
  }
}
