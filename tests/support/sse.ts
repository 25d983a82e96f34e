/** Reads the server-sent events of a response, and checks each against the documented schema. */
import { createParser, type EventSourceMessage } from "eventsource-parser";
import { z } from "zod";
import { STREAM_EVENTS } from "@/lib/wire/stream";
import { problemsOf, type Schema } from "./contract/json-schema";

const SCHEMAS = new Map<string, Schema>(
  Object.entries(STREAM_EVENTS).map(([name, schema]) => {
    const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: "output" });
    return [name, rest];
  }),
);
const noRefs = (ref: string): never => {
  throw new Error(`an event's schema has no ${ref}`);
};

export interface SseEvent {
  readonly event: string;
  readonly id: number | null;
  readonly data: Record<string, unknown>;
}

export class SseReader {
  private readonly reader: ReadableStreamDefaultReader<Uint8Array>;
  private readonly decoder = new TextDecoder();
  private readonly parser = createParser({ onEvent: (message) => this.take(eventOf(message)) });
  private readonly read: SseEvent[] = [];
  private readonly problems: string[] = [];
  isEnded = false;

  constructor(response: Response) {
    if (!response.body) throw new Error("the response has no body");
    this.reader = response.body.getReader();
    void this.pump();
  }

  private async pump(): Promise<void> {
    for (;;) {
      const { done, value } = await this.reader.read().catch(() => ({ done: true, value: undefined }) as const);
      if (done) break;
      this.parser.feed(this.decoder.decode(value, { stream: true }));
    }
    this.isEnded = true;
  }

  private take(event: SseEvent): void {
    this.read.push(event);
    const schema = SCHEMAS.get(event.event);
    this.problems.push(...(schema ? problemsOf(event.data, schema, noRefs, event.event) : [`no event ${event.event}`]));
  }

  /** All events so far. Throws if one of them differs from its schema. */
  get events(): readonly SseEvent[] {
    if (this.problems.length > 0) throw new Error(`the stream sent undocumented events: ${this.problems.join("; ")}`);
    return this.read;
  }

  of(event: string): readonly SseEvent[] {
    return this.events.filter((each) => each.event === event);
  }

  async cancel(): Promise<void> {
    await this.reader.cancel();
  }
}

const eventOf = ({ event = "message", id, data }: EventSourceMessage): SseEvent => ({
  event,
  id: id === undefined ? null : Number(id),
  data: JSON.parse(data) as Record<string, unknown>,
});
