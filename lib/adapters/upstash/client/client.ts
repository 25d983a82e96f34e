/**
 * The only way to Redis: every command is counted by its purpose, has a timeout, and fails as TierUnavailable with nothing in
 * it but a kind and a code. While Redis is down the circuit breaker refuses commands at once.
 */
import { Redis } from "@upstash/redis";
import {
  admit,
  type CircuitBreaker,
  type CircuitBreakerPolicy,
  CLOSED,
  failed,
  succeeded,
} from "../../../core/sync/circuit-breaker";
import type { Clock } from "../../../ports/clock";
import { isTierUnavailable } from "../../../ports/tier-unavailable";
import { type StreamHandlers, streamChannel } from "../events/subscription";
import { bytesOf, type CommandCounts, type CommandSample, CommandStats, type Purpose } from "./command-stats";
import { codeOf, kindOf, unavailable } from "./failure";

export interface UpstashClientOptions {
  readonly url: string;
  readonly token: string;
  readonly clock: Clock;
  readonly random?: () => number;
  /** A reader is waiting, and the database can answer instead. */
  readonly readTimeoutMs?: number;
  readonly timeoutMs?: number;
  readonly onCommand?: (sample: CommandSample) => void;
}

export interface UpstashClientStats {
  readonly circuit: CircuitBreaker["name"];
  /** The kind and code of the last failure. */
  readonly lastError: string | null;
  readonly byPurpose: Readonly<Record<Purpose, CommandCounts>>;
}

/** The part of the client that the adapters need. */
export interface Commands {
  /** Runs a script as one command, whether or not the server knows it: EVALSHA would cost a second one if it does not. */
  eval(purpose: Purpose, script: string, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown>;
}

export interface Channels {
  /** Follows a channel until the connection ends; one command. Resolves with the reason, redacted; never rejects. */
  subscribe(channel: string, handlers: StreamHandlers, signal: AbortSignal): Promise<string>;
}

const READ_TIMEOUT_MS = 300;
const TIMEOUT_MS = 1_000;
/**
 * A timer that fires this much too late shows that this process stood still. Redis' answer may be there, unread, so it gets the
 * second time to be read. Otherwise a cold process on a busy machine would send each of its readers to the database.
 */
const STANDSTILL_MS = 20;
const GRACE_MS = 100;

const READS: ReadonlySet<Purpose> = new Set(["lookup", "cursor"]);
/** Commands that may run twice without harm: after a broken connection they are sent again. */
const IDEMPOTENT: ReadonlySet<Purpose> = new Set(["lookup", "release", "cursor", "expire", "publish"]);

const CIRCUIT: CircuitBreakerPolicy = {
  threshold: 5,
  // During a long outage Redis is asked every 10 s, so its return is noticed at most that late.
  backoff: { baseMs: 500, maxMs: 10_000 },
  probeMs: 5_000,
};

export class UpstashClient implements Commands, Channels {
  private readonly readers: Redis;
  private readonly writers: Redis;
  private readonly counters: CommandStats;
  private readonly random: () => number;
  private circuit: CircuitBreaker = CLOSED;
  private lastError: string | null = null;

  constructor(private readonly options: UpstashClientOptions) {
    this.readers = redisOf(options, options.readTimeoutMs ?? READ_TIMEOUT_MS);
    this.writers = redisOf(options, options.timeoutMs ?? TIMEOUT_MS);
    this.counters = new CommandStats(options.onCommand);
    this.random = options.random ?? Math.random;
  }

  async eval(purpose: Purpose, script: string, keys: readonly string[], args: readonly (string | number)[]) {
    try {
      return await this.once(purpose, script, keys, args);
    } catch (error) {
      if (!IDEMPOTENT.has(purpose) || kindOf(error) !== "network" || this.circuit.name !== "closed")
        throw this.redacted(purpose, error);
    }
    try {
      return await this.once(purpose, script, keys, args);
    } catch (error) {
      throw this.redacted(purpose, error);
    }
  }

  async subscribe(channel: string, { onOpen, onMessage }: StreamHandlers, signal: AbortSignal): Promise<string> {
    const { url, token } = this.options;
    const startMs = performance.now();
    const tookMs = () => performance.now() - startMs;
    let isOpen = false;
    const handlers: StreamHandlers = {
      onOpen: () => {
        isOpen = true;
        this.counters.answered("subscribe", tookMs(), channel.length, 0);
        onOpen();
      },
      onMessage: (payload) => {
        this.counters.received("subscribe", bytesOf(payload));
        onMessage(payload);
      },
    };
    const reason = await streamChannel({ url, token, channel, signal }, handlers);
    if (!isOpen && !signal.aborted) this.counters.failed("subscribe", tookMs(), channel.length);
    return reason;
  }

  stats(): UpstashClientStats {
    return { circuit: this.circuit.name, lastError: this.lastError, byPurpose: this.counters.read() };
  }

  private async once(purpose: Purpose, script: string, keys: readonly string[], args: readonly (string | number)[]) {
    const { clock } = this.options;
    const { admitted, circuit } = admit(this.circuit, clock.monotonicMs(), CIRCUIT);
    this.circuit = circuit;
    if (!admitted) {
      this.counters.refused(purpose);
      throw unavailable(purpose, "refused");
    }
    const redis = READS.has(purpose) ? this.readers : this.writers;
    const sentBytes = bytesOf(keys) + bytesOf(args);
    const startMs = performance.now();
    try {
      const answer: unknown = await redis.eval(script, [...keys], [...args]);
      this.counters.answered(purpose, performance.now() - startMs, sentBytes, bytesOf(answer));
      this.circuit = succeeded(this.circuit);
      return answer;
    } catch (error) {
      this.counters.failed(purpose, performance.now() - startMs, sentBytes);
      this.circuit = failed(this.circuit, clock.monotonicMs(), this.random(), CIRCUIT);
      throw error;
    }
  }

  private redacted(purpose: Purpose, error: unknown): Error {
    if (isTierUnavailable(error)) return error;
    const failure = unavailable(purpose, kindOf(error), codeOf(error));
    this.lastError = failure.message;
    return failure;
  }
}

function redisOf({ url, token }: UpstashClientOptions, timeoutMs: number): Redis {
  return new Redis({
    url,
    token,
    // The client would repeat an INCR as readily as a GET.
    retry: { retries: 0 },
    enableTelemetry: false,
    // One request is one command here, with its own error.
    enableAutoPipelining: false,
    // A view is text to us, even if it looks like a number.
    automaticDeserialization: false,
    // Everything we store is well-formed text, so base64 would only cost a third more bytes and their decoding.
    responseEncoding: false,
    // Scripts run on the writing server, so there is nothing older to read.
    readYourWrites: false,
    signal: () => patience(timeoutMs),
  });
}

/** Aborts after `ms`, not counting time in which this process stood still. */
function patience(ms: number): AbortSignal {
  const controller = new AbortController();
  const wait = (stepMs: number) => {
    const startMs = performance.now();
    const onTime = () => {
      if (performance.now() - startMs - stepMs > STANDSTILL_MS) wait(GRACE_MS);
      else controller.abort(new DOMException("Redis took too long", "TimeoutError"));
    };
    setTimeout(onTime, stepMs).unref();
  };
  wait(ms);
  return controller.signal;
}
