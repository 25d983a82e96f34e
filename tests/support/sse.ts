/** Reads server-sent events out of a response, as a browser would. */
export interface SseEvent {
  readonly event: string;
  readonly id: number | null;
  readonly data: Record<string, unknown>;
}

export class SseReader {
  private readonly reader: ReadableStreamDefaultReader<Uint8Array>;
  private readonly decoder = new TextDecoder();
  private text = "";
  readonly events: SseEvent[] = [];
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
      this.text += this.decoder.decode(value, { stream: true });
      const frames = this.text.split("\n\n");
      this.text = frames.pop() ?? "";
      this.events.push(...frames.flatMap(parseFrame));
    }
    this.isEnded = true;
  }

  of(event: string): readonly SseEvent[] {
    return this.events.filter((each) => each.event === event);
  }

  async cancel(): Promise<void> {
    await this.reader.cancel();
  }
}

function parseFrame(frame: string): SseEvent[] {
  const fields = new Map(
    frame.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()]),
  );
  const data = fields.get("data");
  if (data === undefined) return [];
  const id = fields.get("id");
  return [
    {
      event: fields.get("event") ?? "message",
      id: id === undefined ? null : Number(id),
      data: JSON.parse(data) as Record<string, unknown>,
    },
  ];
}
