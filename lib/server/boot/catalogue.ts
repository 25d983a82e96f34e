import "server-only";
/**
 * The definitions that everybody is offered. They are the same for all, so they are read once after each change of definitions,
 * not once for each reader. Definitions of trusted payers come first, and no stranger's many definitions push out the few of
 * others.
 */
import type { TrustedPayers } from "../../core/signals/interpret";
import type { DefinitionsGeneration } from "../../engine/reads/invalidate";
import type { Clock } from "../../ports/clock";
import type { Catalogue } from "../../ports/store/view-rows";
import type { ViewStore } from "../../ports/store/view-store";

/** More than anybody picks from a list. Long texts are cut further, by the bytes of an answer. */
const MAX_OFFERED = 300;
/** Anybody may publish definitions; others are offered this many of each stranger. */
const MAX_OF_STRANGER = 5;

export interface CatalogueDeps {
  readonly views: ViewStore;
  readonly definitions: DefinitionsGeneration;
  readonly trustedPayers: TrustedPayers;
  readonly clock: Clock;
  /** Definitions are read again after this long, because commits of other instances may become known late. */
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
