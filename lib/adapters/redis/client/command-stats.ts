/** Counts commands to Redis by purpose, because Redis bills by command. */
import type { Elapsed } from "../../../system/stopwatch";

/** Why a command is sent. Each is one line of the bill, and one label of the metrics. */
export const PURPOSES = [
  "lookup",
  "fill",
  "release",
  "held",
  "expire",
  "gate",
  "round",
  "lease",
  "budget",
  "begin",
  "end",
  "idempotency",
  "publish",
  "cursor",
  "subscribe",
  "report",
  "settings",
  "ping",
] as const;
export type Purpose = (typeof PURPOSES)[number];

/** Counts since the start, and times in milliseconds. */
export interface CommandCounts {
  /** Sent, and so billed. Includes failures and retries. */
  readonly commands: number;
  readonly errors: number;
  /** Not sent, because the circuit breaker was open. */
  readonly refused: number;
  /** The time that this process waited for the answers, without the time in which it was busy itself. */
  readonly waitedMs: number;
  readonly maxMs: number;
  /** Keys and values, without the scripts and the protocol around them. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

/** One command that came back or failed, for a histogram. */
export interface CommandSample {
  readonly purpose: Purpose;
  readonly ms: number;
  readonly isError: boolean;
}

const NOTHING: CommandCounts = {
  commands: 0,
  errors: 0,
  refused: 0,
  waitedMs: 0,
  maxMs: 0,
  sentBytes: 0,
  receivedBytes: 0,
};

export class CommandStats {
  private readonly counts = new Map<Purpose, CommandCounts>();

  constructor(private readonly onCommand: (sample: CommandSample) => void = () => {}) {}

  refused(purpose: Purpose): void {
    this.add(purpose, { refused: 1 });
  }

  answered(purpose: Purpose, { ms, waitedMs }: Elapsed, sentBytes: number, receivedBytes: number): void {
    this.add(purpose, { commands: 1, waitedMs, maxMs: ms, sentBytes, receivedBytes });
    this.onCommand({ purpose, ms, isError: false });
  }

  failed(purpose: Purpose, { ms, waitedMs }: Elapsed, sentBytes: number): void {
    this.add(purpose, { commands: 1, errors: 1, waitedMs, maxMs: ms, sentBytes });
    this.onCommand({ purpose, ms, isError: true });
  }

  /** Counts a further part of an answer that still goes on. */
  received(purpose: Purpose, receivedBytes: number): void {
    this.add(purpose, { receivedBytes });
  }

  /** All purposes. Those that did not occur are zeros. */
  read(): Readonly<Record<Purpose, CommandCounts>> {
    const of = (purpose: Purpose) => [purpose, this.counts.get(purpose) ?? NOTHING] as const;
    return Object.fromEntries(PURPOSES.map(of)) as Record<Purpose, CommandCounts>;
  }

  private add(purpose: Purpose, more: Partial<CommandCounts>): void {
    const known = this.counts.get(purpose) ?? NOTHING;
    this.counts.set(purpose, {
      commands: known.commands + (more.commands ?? 0),
      errors: known.errors + (more.errors ?? 0),
      refused: known.refused + (more.refused ?? 0),
      waitedMs: known.waitedMs + (more.waitedMs ?? 0),
      maxMs: Math.max(known.maxMs, more.maxMs ?? 0),
      sentBytes: known.sentBytes + (more.sentBytes ?? 0),
      receivedBytes: known.receivedBytes + (more.receivedBytes ?? 0),
    });
  }
}

/** Bytes of the strings in keys, arguments or an answer. */
export function bytesOf(value: unknown): number {
  if (typeof value === "string") return Buffer.byteLength(value);
  return Array.isArray(value) ? value.reduce((sum: number, item) => sum + bytesOf(item), 0) : 0;
}
