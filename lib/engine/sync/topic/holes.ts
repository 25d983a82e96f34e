/** Handles the hole at which a topic's sync stands. The instances share it, and it is passed when the gap rule allows it. */
import type { TopicId } from "../../../core/ledger/ids";
import type { LedgerMessage } from "../../../core/ledger/message";
import type { Sha384 } from "../../../core/ledger/running-hash";
import type { Interval } from "../../../core/sync/intervals";
import type { Hole, SyncPolicy } from "../../../core/sync/sync-phase";
import { holeOf, mayPass, type SyncState } from "../../../core/sync/sync-state";
import type { Clock } from "../../../ports/clock";
import type { Ledger, MirrorName } from "../../../ports/ledger/ledger";
import type { GapStore } from "../../../ports/store/sync/gap-store";
import { confirmedAfter } from "./after-hole";

interface HoleDeps {
  readonly store: Pick<GapStore, "recordHole">;
  readonly ledger: Pick<Ledger, "message" | "mirrors">;
  readonly sha384: Sha384;
  readonly clock: Clock;
  readonly policy: SyncPolicy;
}

/** `passed`: the messages to commit after the hole, which is declared a gap with them. It may have grown. */
export type HoleOutcome =
  | { readonly kind: "passed"; readonly gap: Interval; readonly batch: readonly LedgerMessage[] }
  | { readonly kind: "waits"; readonly hole: Hole; readonly reason: string };

/** Records the hole in the store, and decides whether it is passed now. `beyond`: the mirror's messages after the hole. */
export async function meetHole(
  { store, clock, policy, ...deps }: HoleDeps,
  topicId: TopicId,
  state: SyncState,
  missing: Interval,
  { beyond, mirror }: { readonly beyond: readonly LedgerMessage[]; readonly mirror: MirrorName },
): Promise<HoleOutcome> {
  const wallMs = clock.now();
  const known = await store.recordHole(topicId, missing.from, missing.to, wallMs);
  const nowMs = clock.monotonicMs();
  const hole = holeOf(state, missing, nowMs - (wallMs - known.firstSeenMs), nowMs);
  const { from, to } = hole;
  if (!mayPass(state, hole, nowMs, policy))
    return { kind: "waits", hole, reason: `the mirror does not have messages ${from} to ${to} yet` };
  const batch = await confirmedAfter(deps, { topicId, mirror, hole: missing, beyond });
  const [first] = batch ?? [];
  if (batch !== null && first !== undefined)
    return { kind: "passed", gap: { from: missing.from, to: first.sequence - 1 }, batch };
  const reason = `the mirror lists message ${to + 1}, which nothing confirms, and none of ${from} to ${to}`;
  return { kind: "waits", hole, reason };
}
