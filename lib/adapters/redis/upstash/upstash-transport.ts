/** Redis behind Upstash's HTTP: each command is one request, and a subscription is an event stream. */
import { Redis } from "@upstash/redis";
import { startTimeout } from "../client/timeout";
import {
  type FailureKind,
  firstWord,
  type StreamHandlers,
  systemCode,
  type Transport,
  tookTooLong,
  USED_UP,
} from "../client/transport";
import { streamChannel } from "./subscription";

export interface UpstashAddress {
  readonly url: string;
  readonly token: string;
}

/**
 * Upstash runs a script under a lock on the whole database, unless its first line promises that it touches no keys but those that it
 * is given: then it locks only these (upstash.com/docs/redis/features/key-locking, read 2026-11-29). Scripts that name the history
 * of events still wait for each other. Those that end a write, fill a bucket or keep an answer wait for nobody.
 */
const KEY_LOCKING = "#!lua flags=allow-key-locking\n";
/**
 * Commands that work on something other than keys. That page refuses some of them and does not say which, so scripts with such
 * commands go without the promise.
 */
const BEYOND_KEYS = /\('(?:PUBLISH|INFO)'/;
/**
 * Answers of a Redis that does not know the promise: of version 7, and of older ones, which take the line for Lua. Both refuse before
 * anything has run. The last is that of a Redis which refuses the clock under the promise. That page does not say so, but it names
 * only some of what is refused. Our scripts ask the clock before they write.
 */
const UNKNOWN_PROMISE = /script shebang|unexpected symbol near '#'|\bTIME\b|'time'/;

/**
 * Refusals of a database whose plan is used up (upstash.com/docs/redis/troubleshooting, read 2026-12-01). Their first word is ERR. Redis
 * itself says OOM when its memory is full.
 */
const LIMIT_CODES: readonly (readonly [pattern: RegExp, code: string])[] = [
  [/^ERR max (?:daily request|requests) limit exceeded/, USED_UP],
  [/^ERR DB capacity quota exceeded/, "OOM"],
];

export class UpstashTransport implements Transport {
  readonly isCluster = false;
  /** False once the server has refused the promise: it is a proxy in front of another Redis. */
  private locksKeys = true;
  /** One client for each command timeout, in milliseconds. */
  private readonly clients = new Map<number, Redis>();

  constructor(private readonly address: UpstashAddress) {}

  /** One command each time: EVALSHA would cost a second one where the server does not know the script. */
  async eval(script: string, keys: readonly string[], args: readonly (string | number)[], timeoutMs: number) {
    const send = (text: string) => this.within(timeoutMs).eval(text, [...keys], [...args]) as Promise<unknown>;
    if (!this.locksKeys || BEYOND_KEYS.test(script)) return send(script);
    try {
      return await send(KEY_LOCKING + script);
    } catch (error) {
      if (!UNKNOWN_PROMISE.test(answerOf(error))) throw error;
      this.locksKeys = false;
      return send(script);
    }
  }

  subscribe(channel: string, handlers: StreamHandlers, signal: AbortSignal): Promise<string> {
    return streamChannel({ ...this.address, channel, signal }, handlers);
  }

  kindOf(error: unknown): FailureKind {
    const name = error instanceof Error ? error.name : "";
    if (name === "TimeoutError" || name === "AbortError") return "timeout";
    return name === "UpstashError" || name === "UpstashJSONParseError" ? "rejected" : "network";
  }

  codeOf(error: unknown): string | null {
    if (!(error instanceof Error)) return null;
    const known = systemCode(error.cause);
    if (known !== null || error.name !== "UpstashError") return known;
    const said = answerOf(error);
    return LIMIT_CODES.find(([pattern]) => pattern.test(said))?.[1] ?? firstWord(said);
  }

  /** No connection is kept that must be closed. */
  async close(): Promise<void> {}

  private within(timeoutMs: number): Redis {
    const known = this.clients.get(timeoutMs);
    if (known) return known;
    const client = clientOf(this.address, timeoutMs);
    this.clients.set(timeoutMs, client);
    return client;
  }
}

/** The server's part of an error. The client quotes the command behind it, with a script that names the clock and with values. */
const answerOf = (error: unknown): string =>
  error instanceof Error ? (error.message.split(", command was: ", 1)[0] ?? "") : "";

function clientOf({ url, token }: UpstashAddress, timeoutMs: number): Redis {
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
    signal: () => {
      const controller = new AbortController();
      startTimeout(timeoutMs, () => controller.abort(tookTooLong()));
      return controller.signal;
    },
  });
}
