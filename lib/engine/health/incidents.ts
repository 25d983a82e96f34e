/**
 * The incidents that this instance sees now. The code that notices a condition reports it here, and reports its end here too.
 * Each incident is logged once when it starts and once when it ends, however often it is reported in between.
 */
import { type Finding, INCIDENT_KINDS, type Incident, type IncidentCode } from "../../core/health/incident";
import { keyOf } from "../../core/key";
import type { Clock } from "../../ports/clock";
import type { Log } from "../../ports/log";

/** How long a momentary incident is reported: longer than a night, so that operators see it. */
const REPORTED_MS = 12 * 3_600_000;

const placeOf = ({ code, subject }: Pick<Incident, "code" | "subject">) => keyOf(code, subject ?? "");

export class Incidents {
  private readonly open = new Map<string, Incident>();
  /** Momentary incidents (`happened`), each with the time until which it is reported. */
  private readonly untilMs = new Map<string, number>();

  /** `onChange` is called when an incident starts or ends. */
  constructor(
    private readonly deps: {
      readonly clock: Pick<Clock, "now" | "monotonicMs">;
      readonly log: Log;
      readonly onChange?: () => void;
    },
  ) {}

  /**
   * Reports that an incident goes on (`summary`: what is wrong, one sentence) or has ended (`null`). Repeating either is free.
   * `sinceMs`: when it began, if that was before this report.
   *
   * @example incidents.report("topic-reset", "0.0.7", "Topic 0.0.7 has 3 messages on the mirror, but 12 are stored.");
   *
   * @example incidents.report("topic-reset", "0.0.7", null);
   */
  report(code: IncidentCode, subject: string | null, summary: string | null, sinceMs?: number): void {
    const key = placeOf({ code, subject });
    const known = this.open.get(key);
    if (summary === null) {
      if (known === undefined) return;
      this.open.delete(key);
      this.untilMs.delete(key);
      this.deps.log.info("an incident has ended", { code, subject, summary: known.summary });
      this.deps.onChange?.();
      return;
    }
    const { severity, action } = INCIDENT_KINDS[code];
    const startMs = sinceMs ?? known?.sinceMs ?? this.deps.clock.now();
    this.open.set(key, { code, subject, severity, sinceMs: startMs, summary, action });
    if (known !== undefined) return;
    this.deps.log[severity === "critical" ? "error" : "warn"](summary, { code, subject, action });
    this.deps.onChange?.();
  }

  /** Reports each of these findings, and ends every other incident of the given codes. */
  settle(codes: readonly IncidentCode[], findings: readonly Finding[]): void {
    const going = new Set(findings.map(placeOf));
    for (const incident of [...this.open.values()])
      if (codes.includes(incident.code) && !going.has(placeOf(incident)))
        this.report(incident.code, incident.subject, null);
    for (const { code, subject, summary, sinceMs } of findings) this.report(code, subject, summary, sinceMs);
  }

  /**
   * Reports what happened at one instant and is over, so that an operator still sees it for `forMs` milliseconds. If it happens again, this
   * time starts over.
   */
  happened(code: IncidentCode, subject: string | null, summary: string, forMs = REPORTED_MS): void {
    this.endThoseOver();
    this.report(code, subject, summary);
    this.untilMs.set(placeOf({ code, subject }), this.deps.clock.monotonicMs() + forMs);
  }

  /** The open incidents: critical ones first, then by age, oldest first. */
  current(): readonly Incident[] {
    this.endThoseOver();
    const rank = { critical: 0, warning: 1 };
    return [...this.open.values()].sort((a, b) => rank[a.severity] - rank[b.severity] || a.sinceMs - b.sinceMs);
  }

  private endThoseOver(): void {
    const nowMs = this.deps.clock.monotonicMs();
    for (const [key, untilMs] of [...this.untilMs]) {
      const incident = this.open.get(key);
      if (incident && nowMs >= untilMs) this.report(incident.code, incident.subject, null);
    }
  }
}
