/**
 * The one gate to the database: every statement of the stores passes it, is counted by its purpose, and has a time limit. While
 * the database is down the circuit refuses statements at once, so nobody waits for what is known not to answer.
 */
import { admit, type Circuit, type CircuitPolicy, CLOSED, failed, succeeded } from "../../../core/sync/circuit";
import { isTierUnavailable, TierUnavailable } from "../../../ports/tier-unavailable";
import { Stamp } from "../stamp";
import { answered, type Database, type Param, type Row, sqlState } from "./database";
import { type StatementCounts, type StatementPurpose, type StatementSample, StatementStats } from "./statement-stats";

export interface StatementsOptions {
  readonly onStatement?: (sample: StatementSample) => void;
  /** Milliseconds since 1970, for the circuit. */
  readonly now?: () => number;
  readonly random?: () => number;
  readonly readTimeoutMs?: number;
  readonly writeTimeoutMs?: number;
}

export interface StatementsStats {
  readonly driver: Database["driver"];
  readonly circuit: Circuit["name"];
  /** What the last failure was, without the statement and its values. */
  readonly lastError: string | null;
  readonly byPurpose: Readonly<Record<StatementPurpose, StatementCounts>>;
}

/** Any read is done in milliseconds; Neon takes a second or so to wake up. Beyond this a reader is told to come back. */
const READ_TIMEOUT_MS = 5_000;
/** The slowest write is a commit of 1,000 messages, well under a second; a migration is not among the statements. */
const WRITE_TIMEOUT_MS = 15_000;

const WRITES: ReadonlySet<StatementPurpose> = new Set([
  "suspicion",
  "commit",
  "backfill",
  "start-over",
  "admin",
  "account-change",
  "registry-change",
]);

const CIRCUIT: CircuitPolicy = {
  threshold: 5,
  // Down for long, it is asked every 10 s: that is how late its return is noticed at most.
  backoff: { baseMs: 500, maxMs: 10_000 },
  probeMs: 5_000,
};

/** A database that answers, only not this statement now: rolled back for concurrency (40), a lock not to be had (55). */
const ANSWERING_CLASSES = new Set(["40", "55"]);

export class Statements {
  private readonly counters: StatementStats;
  private circuit: Circuit = CLOSED;
  private lastError: string | null = null;
  /** Learnt from the answers of statements that have a column `stamp`. */
  readonly stamp = new Stamp();

  constructor(
    private readonly db: Database,
    private readonly options: StatementsOptions = {},
  ) {
    this.counters = new StatementStats(options.onStatement);
  }

  /** Rejects as `Database.query` does. A read that failed fast is sent once more: a pool may hold connections that have died. */
  async run(purpose: StatementPurpose, text: string, params?: readonly Param[]): Promise<readonly Row[]> {
    try {
      return await this.stamped(purpose, text, params);
    } catch (error) {
      const isWorthAnother = isTierUnavailable(error) && !(error instanceof StatementTimeout);
      if (!isWorthAnother || WRITES.has(purpose) || this.circuit.name !== "closed") throw error;
    }
    return this.stamped(purpose, text, params);
  }

  private async stamped(purpose: StatementPurpose, text: string, params?: readonly Param[]): Promise<readonly Row[]> {
    const floor = this.stamp.highest;
    const rows = await this.once(purpose, text, params);
    const answered = rows[0]?.stamp;
    if (answered !== undefined && answered !== null) this.stamp.heed(answered, floor);
    return rows;
  }

  stats(): StatementsStats {
    const { circuit, lastError } = this;
    return { driver: this.db.driver, circuit: circuit.name, lastError, byPurpose: this.counters.read() };
  }

  private async once(purpose: StatementPurpose, text: string, params?: readonly Param[]): Promise<readonly Row[]> {
    const { now = () => performance.now(), random = Math.random } = this.options;
    const { admitted, circuit } = admit(this.circuit, now(), CIRCUIT);
    this.circuit = circuit;
    if (!admitted) {
      this.counters.refused(purpose);
      throw new TierUnavailable("postgres", "the database has not answered lately; it is asked again shortly");
    }
    const startMs = performance.now();
    try {
      const rows = await this.within(this.timeoutMs(purpose), text, params);
      this.counters.answered(purpose, performance.now() - startMs, rows.length);
      this.circuit = succeeded(this.circuit);
      return rows;
    } catch (error) {
      this.counters.failed(purpose, performance.now() - startMs);
      this.lastError = described(error);
      this.circuit = isOutage(error) ? failed(this.circuit, now(), random(), CIRCUIT) : succeeded(this.circuit);
      throw error;
    }
  }

  private timeoutMs(purpose: StatementPurpose): number {
    const { readTimeoutMs = READ_TIMEOUT_MS, writeTimeoutMs = WRITE_TIMEOUT_MS } = this.options;
    return WRITES.has(purpose) ? writeTimeoutMs : readTimeoutMs;
  }

  /** The driver's own limit frees its connection; this one counts the wait for a connection too. */
  private async within(timeoutMs: number, text: string, params?: readonly Param[]): Promise<readonly Row[]> {
    // In this process: it cannot hang, and while it works no timer goes off.
    if (this.db.driver === "pglite") return this.db.query(text, params);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new StatementTimeout(timeoutMs)), timeoutMs);
    });
    try {
      return await Promise.race([this.db.query(text, params, timeoutMs), late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

class StatementTimeout extends TierUnavailable {
  constructor(timeoutMs: number) {
    super("postgres", `the database did not answer within ${timeoutMs} ms`);
  }
}

function isOutage(error: unknown): boolean {
  if (!isTierUnavailable(error)) return false;
  const state = sqlState(error.cause);
  return state === null || !ANSWERING_CLASSES.has(state.slice(0, 2));
}

/** What may be said of a failure: our own sentence, the server's code, or the kind of the driver's error; never values. */
function described(error: unknown): string {
  if (isTierUnavailable(error)) return error.message;
  const state = sqlState(error);
  if (state !== null) return answered(state);
  return error instanceof Error ? error.name : "unknown";
}
