/**
 * The one gate to the database: every statement of the stores passes it, is counted by its purpose, and has a time limit. While
 * the database is down the circuit breaker refuses statements at once, so no caller waits for an answer that will not come.
 */
import {
  admit,
  afterFailure,
  afterSuccess,
  type CircuitBreaker,
  type CircuitBreakerPolicy,
  CLOSED,
} from "../../../core/sync/circuit-breaker";
import { isTierUnavailable, TierUnavailable } from "../../../ports/tier-unavailable";
import { stopwatch } from "../../../system/stopwatch";
import { Stamp } from "../stamp";
import { UserNumbers } from "../user-numbers";
import type { Database, Statement } from "./database";
import { sqlState, sqlStateWords } from "./errors";
import { type StatementCounts, type StatementPurpose, type StatementSample, StatementStats } from "./statement-stats";

export interface StatementsOptions {
  readonly onStatement?: (sample: StatementSample) => void;
  /** Milliseconds of any clock that only goes forward, for the circuit breaker. */
  readonly now?: () => number;
  readonly random?: () => number;
  readonly readTimeoutMs?: number;
  readonly writeTimeoutMs?: number;
}

export interface StatementsStats {
  readonly driver: Database["driver"];
  readonly circuit: CircuitBreaker["name"];
  /** The last failure, described without the statement and its values. */
  readonly lastError: string | null;
  readonly byPurpose: Readonly<Record<StatementPurpose, StatementCounts>>;
}

/** Any read takes milliseconds, and Neon about a second to wake up. After this a reader is told to come back. */
const READ_TIMEOUT_MS = 5_000;
/** The slowest write, a commit of 1,000 messages, takes well under a second. Migrations do not pass through here. */
const WRITE_TIMEOUT_MS = 15_000;

const WRITES: ReadonlySet<StatementPurpose> = new Set([
  "hole",
  "commit",
  "backfill",
  "pack",
  "start-over",
  "admin",
  "account-change",
  "registry-change",
]);

const CIRCUIT: CircuitBreakerPolicy = {
  threshold: 5,
  // A database that is down for a long time is asked every 10 s, so its return is noticed at most 10 s late.
  backoff: { baseMs: 500, maxMs: 10_000 },
  probeMs: 5_000,
};

/** The database answers, but cannot run this statement now: it was rolled back for concurrency (40), or a lock is taken (55). */
const ANSWERING_CLASSES = new Set(["40", "55"]);

export class Statements {
  private readonly counters: StatementStats;
  private circuit: CircuitBreaker = CLOSED;
  private lastError: string | null = null;
  /** The store's stamp, learnt from answers whose rows have a column `stamp`. */
  readonly stamp = new Stamp();
  /** Users' numbers from earlier answers. */
  readonly numbers = new UserNumbers();

  constructor(
    private readonly db: Database,
    private readonly options: StatementsOptions = {},
  ) {
    this.counters = new StatementStats(options.onStatement);
  }

  /**
   * Sends a statement, and resolves to its rows. Rejects as `Database.ask` does. A read that fails for another reason than its time
   * limit is sent once more, because a pool may hold connections that have died.
   */
  async run<T>(purpose: StatementPurpose, statement: Statement<T>): Promise<T> {
    try {
      return await this.stamped(purpose, statement);
    } catch (error) {
      const isWorthAnother = isTierUnavailable(error) && !(error instanceof StatementTimeout);
      if (!isWorthAnother || WRITES.has(purpose) || this.circuit.name !== "closed") throw error;
    }
    return this.stamped(purpose, statement);
  }

  private async stamped<T>(purpose: StatementPurpose, statement: Statement<T>): Promise<T> {
    const floor = this.stamp.highest;
    const answer = await this.once(purpose, statement);
    const stamp = stampOf(answer);
    if (stamp !== null) this.stamp.observe(stamp, floor);
    return answer;
  }

  stats(): StatementsStats {
    const { circuit, lastError } = this;
    return { driver: this.db.driver, circuit: circuit.name, lastError, byPurpose: this.counters.read() };
  }

  private async once<T>(purpose: StatementPurpose, statement: Statement<T>): Promise<T> {
    const { now = () => performance.now(), random = Math.random } = this.options;
    const { admitted, circuit } = admit(this.circuit, now(), CIRCUIT);
    this.circuit = circuit;
    if (!admitted) {
      this.counters.refused(purpose);
      throw new TierUnavailable("postgres", "the database has not answered lately; it is asked again shortly");
    }
    const took = stopwatch();
    try {
      const answer = await this.within(this.timeoutMs(purpose), statement);
      this.counters.answered(purpose, took(), Array.isArray(answer) ? answer.length : 0);
      this.circuit = afterSuccess(this.circuit);
      return answer;
    } catch (error) {
      this.counters.failed(purpose, took());
      this.lastError = described(error);
      this.circuit = isOutage(error)
        ? afterFailure(this.circuit, now(), random(), CIRCUIT)
        : afterSuccess(this.circuit);
      throw error;
    }
  }

  private timeoutMs(purpose: StatementPurpose): number {
    const { readTimeoutMs = READ_TIMEOUT_MS, writeTimeoutMs = WRITE_TIMEOUT_MS } = this.options;
    return WRITES.has(purpose) ? writeTimeoutMs : readTimeoutMs;
  }

  /** The driver's own limit frees its connection; this one counts the wait for a connection too. */
  private async within<T>(timeoutMs: number, statement: Statement<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new StatementTimeout(timeoutMs)), timeoutMs);
    });
    try {
      return await Promise.race([this.db.ask(statement, timeoutMs), late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** The store's stamp; null if the rows of an answer do not carry it. */
function stampOf(answer: unknown): number | null {
  const row: unknown = Array.isArray(answer) ? answer[0] : null;
  return typeof row === "object" && row !== null && "stamp" in row && typeof row.stamp === "number" ? row.stamp : null;
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

/** Describes a failure without any value: our own sentence, the server's code, or the kind of the driver's error. */
function described(error: unknown): string {
  if (isTierUnavailable(error)) return error.message;
  const state = sqlState(error);
  if (state !== null) return sqlStateWords(state);
  return error instanceof Error ? error.name : "unknown";
}
