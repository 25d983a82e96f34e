/** The one gate to the database: every statement of the stores passes it, and is counted by its purpose. */
import { StoreUnavailable } from "../../ports/sync-store";
import { type Database, type Param, type Row, sqlState } from "./database";
import { type StatementCounts, type StatementPurpose, type StatementSample, StatementStats } from "./statement-stats";

export interface StatementsOptions {
  readonly onStatement?: (sample: StatementSample) => void;
}

export interface StatementsStats {
  readonly driver: Database["driver"];
  /** What the last failure was, without the statement and its values. */
  readonly lastError: string | null;
  readonly byPurpose: Readonly<Record<StatementPurpose, StatementCounts>>;
}

export class Statements {
  private readonly counters: StatementStats;
  private lastError: string | null = null;

  constructor(
    private readonly db: Database,
    options: StatementsOptions = {},
  ) {
    this.counters = new StatementStats(options.onStatement);
  }

  /** Rejects as `Database.query` does. */
  async run(purpose: StatementPurpose, text: string, params?: readonly Param[]): Promise<readonly Row[]> {
    const startMs = performance.now();
    try {
      const rows = await this.db.query(text, params);
      this.counters.answered(purpose, performance.now() - startMs, rows.length);
      return rows;
    } catch (error) {
      this.counters.failed(purpose, performance.now() - startMs);
      this.lastError = described(error);
      throw error;
    }
  }

  stats(): StatementsStats {
    return { driver: this.db.driver, lastError: this.lastError, byPurpose: this.counters.read() };
  }
}

/** What may be said of a failure: our own sentence, the server's code, or the kind of the driver's error; never values. */
function described(error: unknown): string {
  if (error instanceof StoreUnavailable) return error.message;
  const state = sqlState(error);
  if (state !== null) return `the database answered ${state}`;
  return error instanceof Error ? error.name : "unknown";
}
