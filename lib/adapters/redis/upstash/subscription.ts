/**
 * One subscription to one channel. Upstash sends an event stream: `data: subscribe,<channel>,1` once the subscription stands, then
 * `data: message,<channel>,<payload>`. Node's own client reads it, because the body timeout of fetch would end a quiet stream after
 * five minutes. TCP's keep-alive and the numbers of events (events/subscriber.ts) find a connection that died silently.
 */
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { createParser } from "eventsource-parser";
import type { StreamHandlers } from "../client/transport";

export interface StreamOptions {
  readonly url: string;
  readonly token: string;
  readonly channel: string;
  readonly signal: AbortSignal;
}

/** From the request to the confirmation. */
const OPEN_TIMEOUT_MS = 5_000;
const TCP_KEEPALIVE_MS = 30_000;
/** Our events stay below a request's limit. A longer one does not belong to our channel. */
export const MAX_EVENT_CHARACTERS = 4_000_000;

/** Resolves with the reason when the stream has ended. Never rejects. */
export function streamChannel(options: StreamOptions, handlers: StreamHandlers): Promise<string> {
  const { signal } = options;
  if (signal.aborted) return Promise.resolve("closed");
  // An address or token that cannot be sent throws here.
  return listen(options, handlers).catch((cause: unknown) => (cause as NodeJS.ErrnoException).code ?? "not sent");
}

function listen({ url, token, channel, signal }: StreamOptions, handlers: StreamHandlers): Promise<string> {
  return new Promise((resolve) => {
    const target = new URL(`${url.replace(/\/+$/, "")}/subscribe/${channel}`);
    const send = target.protocol === "https:" ? requestHttps : requestHttp;
    const request = send(target, {
      method: "POST",
      // A connection of its own: it stays open as long as it can.
      agent: false,
      headers: { authorization: `Bearer ${token}`, accept: "text/event-stream", "content-length": "0" },
    });
    const end = (reason: string) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      request.destroy();
      resolve(reason);
    };
    const onAbort = () => end("closed");
    const timer = setTimeout(() => end("timeout"), OPEN_TIMEOUT_MS);
    signal.addEventListener("abort", onAbort, { once: true });
    request.on("error", (error: NodeJS.ErrnoException) => end(error.code ?? "network"));
    request.on("socket", (socket) => socket.setKeepAlive(true, TCP_KEEPALIVE_MS));
    request.on("response", (response) => {
      if (response.statusCode !== 200) return end(`status ${response.statusCode}`);
      const onEvent = ({ data }: { data: string }) => {
        if (signal.aborted) return;
        const [kind, of, payload] = fieldsOf(data);
        if (of !== channel) return;
        if (kind === "subscribe") {
          clearTimeout(timer);
          handlers.onOpen();
        } else if (kind === "message") handlers.onMessage(payload);
      };
      const parser = createParser({
        onEvent,
        maxBufferSize: MAX_EVENT_CHARACTERS,
        onError: ({ type }) => {
          if (type === "max-buffer-size-exceeded") end("too long");
        },
      });
      response.setEncoding("utf8");
      response.on("data", (text: string) => {
        if (!request.destroyed) parser.feed(text);
      });
      response.on("error", (error: NodeJS.ErrnoException) => end(error.code ?? "network"));
      response.on("close", () => end("ended"));
    });
    request.end();
  });
}

/** `<kind>,<channel>,<payload>`: only the payload may have commas of its own. */
function fieldsOf(data: string): readonly [kind: string, channel: string, payload: string] {
  const first = data.indexOf(",");
  const second = data.indexOf(",", first + 1);
  if (first < 0 || second < 0) return ["", "", ""];
  return [data.slice(0, first), data.slice(first + 1, second), data.slice(second + 1)];
}
