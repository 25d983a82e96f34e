/**
 * Tells the other instances how this one fares: at most once in a period, and only after something has happened. An idle
 * instance sends nothing, so an idle deployment costs nothing.
 */
import type { Clock } from "../../ports/clock";
import type { Log } from "../../ports/log";
import type { InstanceReports } from "../../ports/shared/instance-reports";
import { isTierUnavailable } from "../../ports/tier-unavailable";

export interface ReporterDeps {
  readonly reports: InstanceReports;
  /** Of no other instance. */
  readonly instanceId: string;
  /** The report as it stands. */
  readonly compose: () => Promise<string>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Often enough for people who look, rare enough for the bill: 8,640 commands a day are 2 cents (docs/measurements.md §3). */
const EVERY_MS = 10_000;

export class InstanceReporter {
  private readonly closing = new AbortController();
  private sentMs = Number.NEGATIVE_INFINITY;
  private hasNews = false;
  private isWaiting = false;
  private asked: { readonly atMs: number; readonly reports: Promise<readonly string[]> } | null = null;

  constructor(private readonly deps: ReporterDeps) {}

  /** Something happened here that a report would tell of. */
  notice(): void {
    this.hasNews = true;
    if (!this.isWaiting) void this.tell();
  }

  /** The reports of all instances, those of the others up to a period old. Of this one alone while the shared tier is down. */
  everybody(): Promise<readonly string[]> {
    const nowMs = this.deps.clock.monotonicMs();
    if (this.asked === null || nowMs - this.asked.atMs >= EVERY_MS) {
      const reports = this.send("everybody").then(async (known) => known ?? [await this.deps.compose()]);
      this.asked = { atMs: nowMs, reports };
    }
    return this.asked.reports;
  }

  close(): void {
    this.closing.abort();
  }

  private async tell(): Promise<void> {
    const { clock } = this.deps;
    const { signal } = this.closing;
    this.isWaiting = true;
    while (this.hasNews && !signal.aborted) {
      await clock.sleep(this.sentMs + EVERY_MS - clock.monotonicMs(), signal);
      // Somebody who looked at everybody may have sent it meanwhile.
      const isDue = clock.monotonicMs() - this.sentMs >= EVERY_MS;
      if (this.hasNews && isDue && !signal.aborted) await this.send("nobody");
    }
    this.isWaiting = false;
  }

  /** Null where the shared tier does not answer. */
  private async send(asks: "everybody" | "nobody"): Promise<readonly string[] | null> {
    const { reports, instanceId, compose, clock, log } = this.deps;
    this.sentMs = clock.monotonicMs();
    // What happens while the report is composed may not be in it, and is news again.
    this.hasNews = false;
    try {
      return await reports.report(instanceId, await compose(), asks);
    } catch (cause) {
      if (!isTierUnavailable(cause, "redis")) log.error("a report of this instance failed", { cause });
      return null;
    }
  }
}
