/**
 * Reports this instance to the others: at most once in a period, and only after something has happened. An idle instance sends
 * nothing, so an idle deployment costs nothing.
 *
 * A busy instance reports in every period, and its reports expire after two and a half periods. So an instance that is killed soon leaves
 * the list. When it becomes idle, it sends one last report, which expires later. An instance that ends removes its report.
 */
import type { Clock } from "../../ports/clock";
import type { Log } from "../../ports/log";
import type { InstanceReports } from "../../ports/shared/instance-reports";
import { ifDown, isTierUnavailable } from "../../ports/tier-unavailable";

export interface ReporterDeps {
  readonly reports: InstanceReports;
  readonly instanceId: string;
  /** Makes the text of this instance's present report. */
  readonly compose: () => Promise<string>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Often enough for people who look, rare enough for the bill: 8,640 commands a day are 2 cents (docs/measurements.md §3). */
const REPORT_EVERY_MS = 10_000;
/** A timer may fire late; a report within this time of the next period is still part of a run of reports. */
const LATE_MS = 1_000;
/** Time for two missed reports, and for the delays of a busy process. */
export const BUSY_TTL_MS = 25_000;
/** Idle instances stay in the list this long. Platforms stop idle functions after about five minutes without a word. */
export const IDLE_TTL_MS = 300_000;

export class InstanceReporter {
  private readonly closing = new AbortController();
  private sentMs: number | null = null;
  private hasNews = false;
  private isWaiting = false;
  /** The latest report expires soon, so another one must follow it. */
  private isShortLived = false;
  private sending: Promise<unknown> = Promise.resolve();
  private asked: { readonly atMs: number; readonly reports: Promise<readonly string[]> } | null = null;

  constructor(private readonly deps: ReporterDeps) {}

  /** Notes that something happened that belongs in a report. */
  notice(): void {
    this.hasNews = true;
    this.follow();
  }

  /** The reports of all instances. Those of others are up to a period old. While Redis is down, only this one's. */
  everybody(): Promise<readonly string[]> {
    const nowMs = this.deps.clock.monotonicMs();
    if (this.asked === null || nowMs - this.asked.atMs >= REPORT_EVERY_MS) {
      const reports = this.send("everybody").then(async (known) => known ?? [await this.deps.compose()]);
      this.asked = { atMs: nowMs, reports };
    }
    return this.asked.reports;
  }

  /** Sends no more reports, and removes the last one from the list. */
  async close(): Promise<void> {
    const { reports, instanceId } = this.deps;
    this.closing.abort();
    if (this.sentMs === null) return;
    await this.sending;
    await reports.remove(instanceId).catch(ifDown("redis", () => {}));
  }

  private follow(): void {
    if (!this.isWaiting && (this.hasNews || this.isShortLived)) void this.tell();
  }

  private async tell(): Promise<void> {
    const { signal } = this.closing;
    this.isWaiting = true;
    while ((this.hasNews || this.isShortLived) && !signal.aborted) {
      await this.deps.clock.sleep(this.leftMs(), signal);
      // A viewer's read may have sent the report meanwhile.
      if (this.leftMs() === 0 && !signal.aborted) await this.send("nobody");
    }
    this.isWaiting = false;
  }

  /** Milliseconds until the next report may be sent; 0 if it may be sent now. */
  private leftMs(): number {
    return this.sentMs === null ? 0 : Math.max(0, this.sentMs + REPORT_EVERY_MS - this.deps.clock.monotonicMs());
  }

  /** Sends this instance's report. Resolves with the reports that were asked for; null if sending failed. */
  private send(asks: "everybody" | "nobody"): Promise<readonly string[] | null> {
    const nowMs = this.deps.clock.monotonicMs();
    const isSoonAfterLast = this.sentMs !== null && nowMs - this.sentMs <= REPORT_EVERY_MS + LATE_MS;
    this.isShortLived = this.hasNews && isSoonAfterLast;
    this.sentMs = nowMs;
    // Something that happens while the report is composed may be missing in it, so it counts as news again.
    this.hasNews = false;
    const sent = this.report(asks, this.isShortLived ? BUSY_TTL_MS : IDLE_TTL_MS);
    this.sending = sent;
    this.follow();
    return sent;
  }

  private async report(asks: "everybody" | "nobody", ttlMs: number): Promise<readonly string[] | null> {
    const { reports, instanceId, compose, log } = this.deps;
    try {
      return await reports.report({ instanceId, report: await compose(), ttlMs }, asks);
    } catch (cause) {
      this.isShortLived = false;
      if (!isTierUnavailable(cause, "redis")) log.error("a report of this instance failed", { cause });
      return null;
    }
  }
}
