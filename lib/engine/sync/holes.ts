/** The hole before which a topic's sync stands: since when, and whether its grace time is over and the run may pass it. */
import type { TopicId } from "../../core/ledger/ids";
import type { Sha384 } from "../../core/ledger/running-hash";
import type { Interval } from "../../core/sync/intervals";
import type { Hole, SyncState } from "../../core/sync/sync-state";
import type { Clock } from "../../ports/clock";
import type { Ledger, LedgerMessage, MirrorName } from "../../ports/ledger/ledger";
import type { GapStore } from "../../ports/store/gap-store";
import { confirmedAfter } from "./after-hole";

interface HolesDeps {
  readonly store: Pick<GapStore, "suspectGap" | "clearSuspicion">;
  readonly ledger: Pick<Ledger, "message" | "mirrors">;
  readonly sha384: Sha384;
  readonly clock: Clock;
  readonly policy: { readonly gapGraceMs: number };
}

/** `passed`: what is committed after the hole, which is declared a gap with it. */
export type HoleOutcome =
  | { readonly kind: "passed"; readonly batch: readonly LedgerMessage[] }
  | { readonly kind: "waits"; readonly hole: Hole; readonly reason: string };

export class Holes {
  private isSuspected = false;

  constructor(
    private readonly topicId: TopicId,
    private readonly deps: HolesDeps,
  ) {}

  /** `beyond`: what the mirror answered from after the hole on. */
  async meet(
    state: SyncState,
    hole: Interval,
    beyond: readonly LedgerMessage[],
    mirror: MirrorName,
  ): Promise<HoleOutcome> {
    const { clock, store, policy } = this.deps;
    const wallMs = clock.now();
    const suspected = await store.suspectGap(this.topicId, hole.from, hole.to, wallMs);
    this.isSuspected = true;
    const nowMs = clock.monotonicMs();
    const pulling = state.name === "pulling" ? state : null;
    const known = pulling?.hole?.from === hole.from ? pulling.hole : null;
    // A wall clock that was set back must not make the hole younger than this process knows it to be.
    const firstSeenMs = Math.min(nowMs - (wallMs - suspected.firstSeenMs), known?.firstSeenMs ?? nowMs);
    const seen = { ...hole, firstSeenMs };
    if (!pulling?.declare || nowMs - firstSeenMs < policy.gapGraceMs)
      return {
        ...{ kind: "waits", hole: seen },
        reason: `the mirror does not have messages ${hole.from} to ${hole.to} yet`,
      };
    const batch = await confirmedAfter(this.deps, { topicId: this.topicId, mirror, hole, beyond });
    if (batch !== null) return { kind: "passed", batch };
    const next = hole.to + 1;
    return {
      ...{ kind: "waits", hole: seen },
      reason: `the mirror lists message ${next}, which nothing vouches for, and none of ${hole.from} to ${hole.to}`,
    };
  }

  /** The topic's end was met: what was suspected has resolved itself. */
  async closed(): Promise<void> {
    if (this.isSuspected) await this.deps.store.clearSuspicion(this.topicId);
    this.isSuspected = false;
  }
}
