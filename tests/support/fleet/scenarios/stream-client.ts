/** A stream client that moves between instances. As a browser does, it resumes after the last event id that it saw. */
import { type ClientRequest, request } from "node:http";
import { createParser, type EventSourceMessage } from "eventsource-parser";
import type { Fleet, Instance } from "../fleet";

export interface Received {
  /** Each signal's id, `<topicId>/<sequence>`, as often as it arrived. */
  readonly ids: readonly string[];
  /** Events whose position was not the previous position plus one. */
  readonly outOfOrder: number;
  /** Stream resyncs: the server told the client to start its view over. */
  readonly resyncs: number;
  readonly connections: number;
}

/** Bounds of the time that the client stays with one instance. Each stay is random. */
export interface Stay {
  readonly leastMs: number;
  readonly mostMs: number;
}

/** Wait after a refused or broken connection. A browser would wait longer. */
const RETRY_MS = 100;

export class StreamClient {
  private readonly ids: string[] = [];
  private position = 0;
  private outOfOrder = 0;
  private resyncs = 0;
  private connections = 0;
  private current: ClientRequest | null = null;
  private at: Instance | null = null;
  private timer: NodeJS.Timeout | null = null;
  private isStopped = false;
  isOpen = false;
  hasBeenOpen = false;

  constructor(
    readonly userId: string,
    private readonly fleet: Fleet,
    private stay: Stay | null,
    private readonly random: () => number,
  ) {}

  get received(): Received {
    const { ids, outOfOrder, resyncs, connections } = this;
    return { ids, outOfOrder, resyncs, connections };
  }

  /** Opens a stream, and a new one whenever it ends, until `stop`. */
  start(): void {
    void this.open();
  }

  /** Ends the moves: the client stays with its instance. */
  settle(): void {
    this.stay = null;
    if (this.timer && this.isOpen) clearTimeout(this.timer);
  }

  stop(): void {
    this.isStopped = true;
    if (this.timer) clearTimeout(this.timer);
    this.current?.destroy();
  }

  private async open(): Promise<void> {
    const cookie = await this.fleet.cookieOf(this.userId);
    const running = this.fleet.instances.filter((instance) => instance.port !== null);
    const others = running.filter((instance) => instance !== this.at);
    const choice = others.length > 0 ? others : running;
    const instance = choice[Math.floor(this.random() * choice.length)];
    if (this.isStopped) return;
    if (!instance || instance.port === null) return this.again(RETRY_MS);
    this.at = instance;
    this.connections += 1;
    const headers = { cookie, accept: "text/event-stream", "last-event-id": String(this.position) };
    const sent = request({ host: "127.0.0.1", port: instance.port, path: "/api/stream", headers, agent: false });
    this.current = sent;
    sent.on("response", (response) => {
      if (response.statusCode !== 200) {
        response.resume();
        return;
      }
      this.isOpen = true;
      this.hasBeenOpen = true;
      const parser = createParser({ onEvent: (event) => this.take(event) });
      response.setEncoding("utf8");
      response.on("data", (text: string) => parser.feed(text));
      response.on("error", () => {});
      const { stay } = this;
      if (stay)
        this.timer = setTimeout(() => sent.destroy(), stay.leastMs + this.random() * (stay.mostMs - stay.leastMs));
    });
    sent.on("error", () => {});
    sent.on("close", () => {
      this.isOpen = false;
      if (this.timer) clearTimeout(this.timer);
      this.again(RETRY_MS);
    });
    sent.end();
  }

  private again(afterMs: number): void {
    if (!this.isStopped) this.timer = setTimeout(() => void this.open(), afterMs);
  }

  private take({ event, id: position, data }: EventSourceMessage): void {
    if (event === "resync") this.resyncs += 1;
    const id = /"id":"([\d.]+\/\d+)"/.exec(data)?.[1];
    if (position === undefined || id === undefined) return;
    if (Number(position) !== this.position + 1) this.outOfOrder += 1;
    this.position = Number(position);
    this.ids.push(id);
  }
}
