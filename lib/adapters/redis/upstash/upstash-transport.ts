/** Redis behind Upstash's HTTP: each command is one request, and a subscription is an event stream. */
import { Redis } from "@upstash/redis";
import { afterPatience } from "../client/patience";
import {
  type FailureKind,
  firstWord,
  type StreamHandlers,
  systemCode,
  type Transport,
  tookTooLong,
} from "../client/transport";
import { streamChannel } from "./subscription";

export interface UpstashAddress {
  readonly url: string;
  readonly token: string;
}

export class UpstashTransport implements Transport {
  readonly isCluster = false;
  /** One client for each time that commands are given. */
  private readonly clients = new Map<number, Redis>();

  constructor(private readonly address: UpstashAddress) {}

  /** One command each time: EVALSHA would cost a second one where the server does not know the script. */
  async eval(script: string, keys: readonly string[], args: readonly (string | number)[], timeoutMs: number) {
    return (await this.within(timeoutMs).eval(script, [...keys], [...args])) as unknown;
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
    return systemCode(error.cause) ?? (error.name === "UpstashError" ? firstWord(error.message) : null);
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
      afterPatience(timeoutMs, () => controller.abort(tookTooLong()));
      return controller.signal;
    },
  });
}
