/**
 * One subscription to one channel: Upstash's event stream, as `data: subscribe,<channel>,1` once it stands and then
 * `data: message,<channel>,<payload>`. By node's own client and not by fetch, whose body timeout of five minutes would end every
 * quiet stream. A connection that died without a word is found by TCP's keep-alive, and by the numbers of events (event-bus.ts).
 */
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";

export interface StreamOptions {
  readonly url: string;
  readonly token: string;
  readonly channel: string;
  readonly signal: AbortSignal;
}

export interface StreamHandlers {
  /** What is published from now on arrives. */
  onOpen(): void;
  onMessage(payload: string): void;
}

/** From the request to the confirmation. */
const OPEN_TIMEOUT_MS = 5_000;
const TCP_KEEPALIVE_MS = 30_000;
/** A line longer than any event of ours, which stay below a request's limit: what sends it is not our channel. */
const MAX_BUFFER_CHARACTERS = 4_000_000;

/** Resolves with the reason when the stream has ended, however it did. */
export function streamChannel(options: StreamOptions, handlers: StreamHandlers): Promise<string> {
  const { signal } = options;
  if (signal.aborted) return Promise.resolve("closed");
  // An address or token that cannot be sent throws here; it is one more way to end.
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
      const parser = new EventStreamParser((data) => {
        if (signal.aborted) return;
        const [kind, of, payload] = fieldsOf(data);
        if (of !== channel) return;
        if (kind === "subscribe") {
          clearTimeout(timer);
          handlers.onOpen();
        } else if (kind === "message") handlers.onMessage(payload);
      });
      response.setEncoding("utf8");
      response.on("data", (text: string) => {
        if (!parser.push(text)) end("too long");
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

/** The part of the event stream format that is used: events of `data:` lines; comments and other fields are left out. */
export class EventStreamParser {
  private unread = "";
  private data: string[] = [];

  constructor(private readonly onData: (data: string) => void) {}

  /** False where a line has no end in sight. */
  push(text: string): boolean {
    const lines = (this.unread + text).split("\n");
    this.unread = lines.pop() ?? "";
    for (const line of lines) this.line(line.endsWith("\r") ? line.slice(0, -1) : line);
    return this.unread.length <= MAX_BUFFER_CHARACTERS;
  }

  private line(line: string): void {
    if (line === "") {
      const data = this.data;
      this.data = [];
      if (data.length > 0) this.onData(data.join("\n"));
    } else if (line.startsWith("data:")) {
      this.data.push(line.slice(line.startsWith("data: ") ? 6 : 5));
    }
  }
}
