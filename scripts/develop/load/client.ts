/** Requests of a load run to the app and to the devnet, over HTTP on this machine. */
import type { TopicId, TopicKind } from "@/lib/core/ledger/ids";
import { UsageError } from "../../command";

export interface DevnetInfo {
  readonly restUrl: string;
  readonly topics: Readonly<Record<TopicKind, TopicId>>;
}

const TIMEOUT_MS = 10_000;

/** Accepts addresses of this machine only. Throws for any other address before anything is sent. */
export function loopback(what: string, text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isHere = url !== null && /^(127(\.\d{1,3}){3}|localhost|\[::1\])$/.test(url.hostname);
  if (!isHere || !/^https?:$/.test(url.protocol))
    throw new UsageError(`${what} ${text} is not an address of this machine: http://127.0.0.1:PORT is expected.`);
  return url.origin;
}

export class AppClient {
  private readonly cookies = new Map<string, string>();

  constructor(private readonly urls: readonly string[]) {}

  /** A random instance, as a balancer would choose. */
  private url(path: string): string {
    return `${this.urls[Math.floor(Math.random() * this.urls.length)]}${path}`;
  }

  async isThere(): Promise<boolean> {
    try {
      return (await fetch(this.url("/api/health"), { signal: AbortSignal.timeout(TIMEOUT_MS) })).ok;
    } catch {
      return false;
    }
  }

  async signIn(userId: string): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const response = await this.post("/api/auth/demo", { userId }, {});
      const cookie = response.headers.get("set-cookie")?.split(";")[0];
      if (response.ok && cookie) {
        this.cookies.set(userId, cookie);
        return;
      }
      if (response.status !== 429 || attempt === 10)
        throw new UsageError(
          `The app refuses to sign ${userId} in (${response.status}). Check that it runs on the devnet.`,
        );
      await new Promise((done) => setTimeout(done, 1_000 * Number(response.headers.get("retry-after") ?? 1)));
    }
  }

  /** The answer's status. */
  async read(userId: string, path: string): Promise<number> {
    const response = await fetch(this.url(path), {
      headers: this.headers(userId),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await response.arrayBuffer();
    return response.status;
  }

  async submit(userId: string, envelope: object, key: string): Promise<number> {
    const response = await this.post("/api/hcs/submit", envelope, { ...this.headers(userId), "idempotency-key": key });
    return response.status;
  }

  /** Keeps a stream open until the signal, and opens it again when it ends. Calls `onEvent` for each signal. */
  async stream(userId: string, onEvent: () => void, signal: AbortSignal): Promise<void> {
    const decoder = new TextDecoder();
    for (let cursor = ""; !signal.aborted; ) {
      try {
        const response = await fetch(this.url(`/api/stream${cursor}`), { headers: this.headers(userId), signal });
        for await (const chunk of response.body ?? []) {
          for (const [, id] of decoder.decode(chunk, { stream: true }).matchAll(/^event: signal\nid: (\d+)$/gm)) {
            cursor = `?cursor=${id}`;
            onEvent();
          }
        }
      } catch {
        // The stream was ended by us or by the server. Reconnect, as a browser does.
      }
      if (!signal.aborted) await new Promise((done) => setTimeout(done, 500));
    }
  }

  /** The number of stored messages. Null if the app does not report it. */
  async storedMessages(): Promise<number | null> {
    const response = await fetch(this.url("/api/health/ingestion"), { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!response.ok) return null;
    const { topics } = (await response.json()) as { topics: { counts: { messages: number } }[] };
    return topics.reduce((sum, { counts }) => sum + counts.messages, 0);
  }

  private headers(userId: string): Record<string, string> {
    return { cookie: this.cookies.get(userId) ?? "" };
  }

  private async post(path: string, body: object, headers: Record<string, string>): Promise<Response> {
    const response = await fetch(this.url(path), {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await response.arrayBuffer();
    return response;
  }
}

export class DevnetClient {
  private constructor(
    private readonly url: string,
    private readonly topics: DevnetInfo["topics"],
  ) {}

  /** Null if no devnet answers there. */
  static async open(url: string): Promise<DevnetClient | null> {
    try {
      const response = await fetch(`${url}/devnet`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
      return response.ok ? new DevnetClient(url, ((await response.json()) as DevnetInfo).topics) : null;
    } catch {
      return null;
    }
  }

  async write(kind: TopicKind, message: object): Promise<void> {
    const response = await fetch(`${this.url}/devnet/submit`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ topicId: this.topics[kind], message }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`the devnet refused a message (${response.status})`);
  }

  async requests(): Promise<number> {
    const response = await fetch(`${this.url}/devnet/requests`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    return ((await response.json()) as { total: number }).total;
  }

  /** The median time of a few answers. */
  async answerMs(): Promise<number> {
    const times: number[] = [];
    for (let i = 0; i < 9; i += 1) {
      const startMs = performance.now();
      await (await fetch(`${this.url}/api/v1/blocks?order=desc&limit=1`)).arrayBuffer();
      times.push(performance.now() - startMs);
    }
    return times.sort((a, b) => a - b)[4] ?? 0;
  }
}
