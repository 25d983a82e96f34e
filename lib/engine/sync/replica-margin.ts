/**
 * By how much less than its head a mirror's pages are believed. Behind one address there may be several replicas, of which one
 * tells the head and another, that is behind, the pages. Nothing in a page shows that. What shows it is a message that arrives
 * later with a time that was vouched for: from then on as much is taken off, less and less, as nothing more of the kind is seen.
 */
import type { Clock } from "../../ports/clock";
import type { Incidents } from "../health/incidents";

/** Replicas are some seconds apart (5 to 20 s). What is later by more has another cause: a store that went back. */
const MOST_MS = 60_000;
/** The message may have been there for a while before it was seen, and the next one may be later still. */
const learned = (lateMs: number) => Math.min(MOST_MS, 2 * lateMs + 1_000);
const HALF_LIFE_MS = 600_000;
/** Half of a gate period: less is lost in the time that a question takes. */
const LEAST_MS = 500;

export class ReplicaMargin {
  private marginMs = 0;
  private atMs = 0;

  constructor(private readonly deps: { readonly clock: Clock; readonly incidents: Incidents }) {}

  /** A message came later than it was vouched for, by this much at least. */
  learn(lateMs: number): void {
    if (lateMs > MOST_MS) return;
    this.marginMs = Math.max(learned(lateMs), this.nowMs());
    this.atMs = this.deps.clock.monotonicMs();
    this.report(this.marginMs);
  }

  /** The margin now, in milliseconds; 0 where no replica was seen to be behind lately. */
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
