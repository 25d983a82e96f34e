/**
 * Conditions that an operator should know of. One table says how bad each is and what to do, so that the operators' page, the
 * health routes, alarms, metrics, `doctor` and the log give the same answer.
 */

/** `critical`: readers may see something wrong or nothing new. `warning`: it will become critical, or needs a decision. */
export type Severity = "critical" | "warning";

interface IncidentKind {
  readonly severity: Severity;
  /** One sentence that starts with a verb: what the operator does about it. */
  readonly action: string;
}

/** Every kind of incident. Keys are stable: alarms and dashboards name them. */
export const INCIDENT_KINDS = {
  "topic-reset": {
    severity: "critical",
    action: "Check that HEDERA_NETWORK and MIRROR_URL are right, then start this topic over from the ledger.",
  },
  "redis-went-back": {
    severity: "warning",
    action:
      "Find out why Redis restarted from an older state: turn on its persistence, or fail over to a replica that keeps up.",
  },
} as const satisfies Readonly<Record<string, IncidentKind>>;

export type IncidentCode = keyof typeof INCIDENT_KINDS;

export interface Incident {
  readonly code: IncidentCode;
  /** The topic, mirror, tier or instance it is about; null where it is about the whole deployment. */
  readonly subject: string | null;
  readonly severity: Severity;
  /** Milliseconds since 1970 at which this instance first saw it. */
  readonly sinceMs: number;
  /** One sentence: what is wrong. Holds no secret and nothing that people sent. */
  readonly summary: string;
  readonly action: string;
}
