/**
 * How far a mirror's pages may be behind its head. One address may hide several replicas: one answers for the head, and another,
 * which is behind, answers the pages. No page shows that, but a message that arrives below the watermark does. From then on a margin
 * is subtracted from the head. It shrinks while no such message comes.
 */
import type { Clock } from "../../ports/clock";
import type { Incidents } from "../health/incidents";

/** Replicas are 5 to 20 s apart. A message that is later by more has another cause: a store that went back. */
const MOST_MS = 60_000;
/** Twice the delay and a second: the message may have waited before it was seen, and the next one may come even later. */
const learned = (lateMs: number) => Math.min(MOST_MS, 2 * lateMs + 1_000);
const HALF_LIFE_MS = 600_000;
/** Half a gate period. A smaller margin is dropped: a request takes longer than that. */
const LEAST_MS = 500;

export class ReplicaMargin {
  private marginMs = 0;
  private atMs = 0;

  constructor(private readonly deps: { readonly clock: Clock; readonly incidents: Incidents }) {}

  /** A message came at least this much after the watermark had passed its time. */
  learn(lateMs: number): void {
    if (lateMs > MOST_MS) return;
    this.marginMs = Math.max(learned(lateMs), this.nowMs());
    this.atMs = this.deps.clock.monotonicMs();
    this.report(this.marginMs);
  }

  /** The margin now, in milliseconds; 0 if no replica was seen to be behind lately. */
  nowMs(): number {
    if (this.marginMs === 0) return 0;
    const now = this.marginMs * 2 ** (-(this.deps.clock.monotonicMs() - this.atMs) / HALF_LIFE_MS);
    if (now >= LEAST_MS) return now;
    this.marginMs = 0;
    this.report(0);
    return 0;
  }

  private report(marginMs: number): void {
    const seconds = Math.ceil(marginMs / 1_000);
    const words = `The mirror's replicas are apart: a message came after its blocks had passed that time. Topics count as synced only up to ${seconds} s before its head.`;
    this.deps.incidents.report("replicas-apart", null, marginMs > 0 ? words : null);
  }
}
