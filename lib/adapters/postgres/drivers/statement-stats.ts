/** Counts statements by purpose. Those at the start (migrations, the check of the network) are not counted. */
import type { Elapsed } from "../../../system/stopwatch";

/** The reasons for which a statement is sent. Each is one label of the metrics. */
export const STATEMENT_PURPOSES = [
  "head",
  "heads",
  "contacts",
  "signals",
  "catch-up",
  "events",
  "recognition",
  "profiles",
  "proof",
  "written",
  "peers",
  "topics",
  "log",
  "segments",
  "gaps",
  "hole",
  "commit",
  "backfill",
  "pack",
  "start-over",
  "admin",
  "account",
  "account-change",
  "registry",
  "registry-change",
  "route",
] as const;
export type StatementPurpose = (typeof STATEMENT_PURPOSES)[number];

/** Counts since the start, and times in milliseconds. */
export interface StatementCounts {
  /** Sent statements, those that failed included. */
  readonly statements: number;
  readonly errors: number;
  /** Statements that were not sent because the circuit breaker was open. */
  readonly refused: number;
  /** The time that this process waited for the answers, without the time in which it was busy itself. */
  readonly waitedMs: number;
  readonly maxMs: number;
  readonly rows: number;
}

/** One statement that was answered or failed, for a histogram. */
export interface StatementSample {
  readonly purpose: StatementPurpose;
  readonly ms: number;
  readonly isError: boolean;
}

const NOTHING: StatementCounts = { statements: 0, errors: 0, refused: 0, waitedMs: 0, maxMs: 0, rows: 0 };

export class StatementStats {
  private readonly counts = new Map<StatementPurpose, StatementCounts>();

  constructor(private readonly onStatement: (sample: StatementSample) => void = () => {}) {}

  refused(purpose: StatementPurpose): void {
    this.add(purpose, { refused: 1 });
  }

  answered(purpose: StatementPurpose, { ms, waitedMs }: Elapsed, rows: number): void {
    this.add(purpose, { statements: 1, waitedMs, maxMs: ms, rows });
    this.onStatement({ purpose, ms, isError: false });
  }

  failed(purpose: StatementPurpose, { ms, waitedMs }: Elapsed): void {
    this.add(purpose, { statements: 1, errors: 1, waitedMs, maxMs: ms });
    this.onStatement({ purpose, ms, isError: true });
  }

  /** Every purpose; zeros for those that did not occur. */
  read(): Readonly<Record<StatementPurpose, StatementCounts>> {
    const of = (purpose: StatementPurpose) => [purpose, this.counts.get(purpose) ?? NOTHING] as const;
    return Object.fromEntries(STATEMENT_PURPOSES.map(of)) as Record<StatementPurpose, StatementCounts>;
  }

  private add(purpose: StatementPurpose, more: Partial<StatementCounts>): void {
    const known = this.counts.get(purpose) ?? NOTHING;
    this.counts.set(purpose, {
      statements: known.statements + (more.statements ?? 0),
      errors: known.errors + (more.errors ?? 0),
      refused: known.refused + (more.refused ?? 0),
      waitedMs: known.waitedMs + (more.waitedMs ?? 0),
      maxMs: Math.max(known.maxMs, more.maxMs ?? 0),
      rows: known.rows + (more.rows ?? 0),
    });
  }
}
