import "server-only";
/**
 * The definitions that are offered to everybody: the same for all, so they are read once for each change of definitions and not
 * once for each reader. Those of trusted payers come first, and nobody's many push out the few of others.
 */
import type { TrustedPayers } from "../../core/signals/interpret";
import type { DefinitionsGeneration } from "../../engine/reads/invalidate";
import type { Clock } from "../../ports/clock";
import type { Catalogue } from "../../ports/store/view-rows";
import type { ViewStore } from "../../ports/store/view-store";

/** Beyond what anybody picks from a list; with the longest texts it is still cut by the bytes of an answer. */
const MAX_OFFERED = 300;
/** Anybody may define for themselves: so many of each stranger are offered to others. */
const MAX_OF_STRANGER = 5;

export interface CatalogueDeps {
  readonly views: ViewStore;
  readonly definitions: DefinitionsGeneration;
  readonly trustedPayers: TrustedPayers;
  readonly clock: Clock;
  /** Read again after this long: what another instance commits may be learnt late. */
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
    const read = views.catalogue({ trustedPayers, limit: MAX_OFFERED, limitOfStranger: MAX_OF_STRANGER });
    const known = { generation, atMs: nowMs, read };
    this.known = known;
    read.catch(() => {
      if (this.known === known) this.known = null;
    });
    return read;
  }
}
