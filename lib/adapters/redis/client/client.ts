/**
 * The only way to Redis: every command is counted by its purpose, has a timeout, and fails as TierUnavailable with nothing in
 * it but a kind and a code. While Redis is down the circuit breaker refuses commands at once.
 */
import {
  admit,
  afterFailure,
  afterSuccess,
  type CircuitBreaker,
  type CircuitBreakerPolicy,
  CLOSED,
} from "../../../core/sync/circuit-breaker";
import type { Clock } from "../../../ports/clock";
import { isTierUnavailable } from "../../../ports/tier-unavailable";
import { stopwatch } from "../../../system/stopwatch";
import { bytesOf, type CommandCounts, type CommandSample, CommandStats, type Purpose } from "./command-stats";
import { unavailable } from "./failure";
import type { StreamHandlers, Transport } from "./transport";

export interface RedisClientOptions {
  /** The client closes it. */
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random?: () => number;
  /** The timeout in milliseconds of commands that a reader waits for. It is short, because the database can answer instead. */
  readonly readTimeoutMs?: number;
  readonly timeoutMs?: number;
  readonly onCommand?: (sample: CommandSample) => void;
}

export interface RedisClientStats {
  readonly circuit: CircuitBreaker["name"];
  /** The kind and code of the last failure. */
  readonly lastError: string | null;
  readonly byPurpose: Readonly<Record<Purpose, CommandCounts>>;
}

/** The part of the client that the adapters need. */
export interface Commands {
  /** Runs a script as one command. */
  eval(purpose: Purpose, script: string, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown>;
}

export interface Channels {
  /** Follows a channel until the connection ends; one command. Resolves with the reason, redacted; never rejects. */
  subscribe(channel: string, handlers: StreamHandlers, signal: AbortSignal): Promise<string>;
}

const READ_TIMEOUT_MS = 300;
const TIMEOUT_MS = 1_000;
const READS: ReadonlySet<Purpose> = new Set(["lookup", "cursor"]);
/** Commands that may run twice without harm: after a broken connection they are sent again. */
const IDEMPOTENT: ReadonlySet<Purpose> = new Set(["lookup", "release", "cursor", "expire", "publish"]);

const CIRCUIT: CircuitBreakerPolicy = {
  threshold: 5,
  // During a long outage Redis is asked every 10 s, so its return is noticed at most that late.
  backoff: { baseMs: 500, maxMs: 10_000 },
  probeMs: 5_000,
};

const WORST_FIRST = ["open", "half-open", "closed"] as const satisfies readonly CircuitBreaker["name"][];

/** The hash tag of a key; '' if it has none. */
const tagOf = (key = ""): string => /\{([^}]+)\}/.exec(key)?.[1] ?? "";

export class RedisClient implements Commands, Channels {
  private readonly counters: CommandStats;
  private readonly random: () => number;
  /** One circuit breaker for each partition, by the hash tag of its keys: one node of a cluster can be down while others work. */
  private readonly circuits = new Map<string, CircuitBreaker>();
  private lastError: string | null = null;

  constructor(private readonly options: RedisClientOptions) {
    this.counters = new CommandStats(options.onCommand);
    this.random = options.random ?? Math.random;
  }

  async eval(purpose: Purpose, script: string, keys: readonly string[], args: readonly (string | number)[]) {
    const tag = tagOf(keys[0]);
    try {
      return await this.once(tag, purpose, script, keys, args);
    } catch (error) {
      if (
        !IDEMPOTENT.has(purpose) ||
        this.options.transport.kindOf(error) !== "network" ||
        this.circuitOf(tag).name !== "closed"
      )
        throw this.redacted(purpose, error);
    }
    try {
      return await this.once(tag, purpose, script, keys, args);
    } catch (error) {
      throw this.redacted(purpose, error);
    }
  }

  async subscribe(channel: string, { onOpen, onMessage }: StreamHandlers, signal: AbortSignal): Promise<string> {
    const took = stopwatch();
    let isOpen = false;
    const handlers: StreamHandlers = {
      onOpen: () => {
        isOpen = true;
        this.counters.answered("subscribe", took(), channel.length, 0);
        onOpen();
      },
      onMessage: (payload) => {
        this.counters.received("subscribe", bytesOf(payload));
        onMessage(payload);
      },
    };
    const reason = await this.options.transport.subscribe(channel, handlers, signal);
    if (!isOpen && !signal.aborted) this.counters.failed("subscribe", took(), channel.length);
    return reason;
  }

  stats(): RedisClientStats {
    return { circuit: this.worstCircuit(), lastError: this.lastError, byPurpose: this.counters.read() };
  }

  close(): Promise<void> {
    return this.options.transport.close();
  }

  private circuitOf(tag: string): CircuitBreaker {
    return this.circuits.get(tag) ?? CLOSED;
  }

  private worstCircuit(): CircuitBreaker["name"] {
    const names = new Set([...this.circuits.values()].map(({ name }) => name));
    return WORST_FIRST.find((name) => names.has(name)) ?? "closed";
  }

  private async once(
    tag: string,
    purpose: Purpose,
    script: string,
    keys: readonly string[],
    args: readonly (string | number)[],
  ) {
    const { clock, transport, readTimeoutMs = READ_TIMEOUT_MS, timeoutMs = TIMEOUT_MS } = this.options;
    const { admitted, circuit } = admit(this.circuitOf(tag), clock.monotonicMs(), CIRCUIT);
    this.circuits.set(tag, circuit);
    if (!admitted) {
      this.counters.refused(purpose);
      throw unavailable(purpose, "refused");
    }
    const commandTimeoutMs = READS.has(purpose) ? readTimeoutMs : timeoutMs;
    const sentBytes = bytesOf(keys) + bytesOf(args);
    const took = stopwatch();
    try {
      const answer = await transport.eval(script, keys, args, commandTimeoutMs);
      this.counters.answered(purpose, took(), sentBytes, bytesOf(answer));
      this.circuits.set(tag, afterSuccess(this.circuitOf(tag)));
      return answer;
    } catch (error) {
      this.counters.failed(purpose, took(), sentBytes);
      this.circuits.set(tag, afterFailure(this.circuitOf(tag), clock.monotonicMs(), this.random(), CIRCUIT));
      throw error;
    }
  }

  private redacted(purpose: Purpose, error: unknown): Error {
    if (isTierUnavailable(error)) return error;
    const failure = unavailable(purpose, this.options.transport.kindOf(error), this.options.transport.codeOf(error));
    this.lastError = failure.message;
    return failure;
  }
}
