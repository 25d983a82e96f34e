/**
 * The way to a Redis: Upstash's HTTP (upstash/) or Redis' own protocol over TCP (tcp/). A transport only sends.
 * client.ts builds the commands, counts them, sets their timeouts and classifies their errors.
 */

export interface StreamHandlers {
  /** The subscription is confirmed: everything that is published from now on arrives. */
  onOpen(): void;
  onMessage(payload: string): void;
}

/** `timeout`: no answer in time. `network`: the connection failed. `rejected`: Redis, or a proxy in front of it, refused. */
export type FailureKind = "timeout" | "network" | "rejected";

/** A way to Redis: over TCP, or over Upstash's HTTP. */
export interface Transport {
  /** Whether this is a Redis Cluster. */
  readonly isCluster: boolean;
  /**
   * Runs a script, whether or not the server has it in its script cache. Answers are numbers, strings, null and lists of them. Rejects with
   * the client's own error, or with a timeout after `timeoutMs`.
   */
  eval(
    script: string,
    keys: readonly string[],
    args: readonly (string | number)[],
    timeoutMs: number,
  ): Promise<unknown>;
  /** Follows a channel until the connection ends. Resolves with the reason, redacted; never rejects. */
  subscribe(channel: string, handlers: StreamHandlers, signal: AbortSignal): Promise<string>;
  kindOf(error: unknown): FailureKind;
  /** The system's code of a network error, or the first word of Redis' answer: names of errors, never data. Null for none. */
  codeOf(error: unknown): string | null;
  close(): Promise<void>;
}

/** Every transport throws this when it has waited long enough. */
export const tookTooLong = (): Error => new DOMException("Redis took too long", "TimeoutError");

const SYSTEM_CODE = /^[A-Z][A-Z0-9_]{1,40}$/;

/** The code of a network error, as Node names it. */
export function systemCode(error: unknown): string | null {
  const code = (error as { readonly code?: unknown } | null | undefined)?.code;
  return typeof code === "string" && SYSTEM_CODE.test(code) ? code : null;
}

/** The code of a refusal because the plan's number of commands is used up (core/health/reasons.ts has its sentence). */
export const USED_UP = "QUOTA";

/** The code of an error that Redis answered, such as NOSCRIPT. */
export const firstWord = (message: string): string | null => /^[A-Z]{2,20}(?= )/.exec(message)?.[0] ?? null;
