import type { Clock } from "../../ports/clock";
import type { InstanceReports, OwnReport } from "../../ports/shared/instance-reports";

/** A single process has only its own report. */
export class MemoryInstanceReports implements InstanceReports {
  private readonly kept = new Map<string, { readonly report: string; readonly untilMs: number }>();

  constructor(private readonly clock: Clock) {}

  async report({ instanceId, report, ttlMs }: OwnReport, asks: "everybody" | "nobody"): Promise<readonly string[]> {
    const nowMs = this.clock.monotonicMs();
    this.kept.set(instanceId, { report, untilMs: nowMs + ttlMs });
    for (const [id, { untilMs }] of this.kept) if (untilMs <= nowMs) this.kept.delete(id);
    return asks === "everybody" ? [...this.kept.values()].map((each) => each.report) : [];
  }

  async remove(instanceId: string): Promise<void> {
    this.kept.delete(instanceId);
  }
}
