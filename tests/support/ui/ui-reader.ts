/**
 * A reader of mirror pages as the TrustMesh web UI has one, written from its contract (docs/trustmesh-ui.md) and not from its code: it
 * reads topics page by page, polls after the last time that it saw, decodes texts as Latin-1, and keeps the last 200 messages.
 */

interface MirrorMessage {
  readonly consensus_timestamp: string;
  readonly message: string;
  readonly sequence_number: number;
  readonly topic_id: string;
}
export interface MirrorPage {
  readonly messages: readonly MirrorMessage[];
  readonly links: { readonly next: string | null };
}
interface Kept {
  readonly id: string;
  readonly type: string;
  readonly actor: string;
  readonly target: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;
}

const KEPT_MAX = 200;
const ACCEPTS = new Set(["CONTACT_ACCEPT", "CONTACT_MIRROR"]);

export class UiReader {
  private readonly kept: Kept[] = [];
  private readonly cursors = new Map<string, string>();

  constructor(
    readonly userId: string,
    /** Asks for a path from the root, and resolves with a page; null for an answer other than 200. */
    private readonly ask: (path: string) => Promise<MirrorPage | null>,
    private readonly base: string,
    private readonly nowMs: () => number,
  ) {}

  /** Reads each topic from its cursor, or from seven days ago, to its end. */
  async start(topics: readonly string[]): Promise<void> {
    for (const topic of topics) {
      const sevenDaysAgo = `${Math.floor(this.nowMs() / 1_000) - 7 * 86_400}.0`;
      const since = this.cursors.get(topic) ?? sevenDaysAgo;
      let path: string | null = `${this.base}/topics/${topic}/messages?limit=100&order=asc&timestamp=gt%3A${since}`;
      while (path !== null) {
        const page: MirrorPage | null = await this.ask(path);
        if (page === null) break;
        this.take(topic, page);
        path = page.messages.length > 0 ? page.links.next : null;
      }
    }
  }

  /** One poll of each topic. */
  async poll(topics: readonly string[]): Promise<void> {
    for (const topic of topics) {
      const cursor = this.cursors.get(topic);
      const since = cursor === undefined ? "" : `&timestamp=gt%3A${cursor}`;
      const page = await this.ask(`${this.base}/topics/${topic}/messages?limit=100&order=asc${since}`);
      if (page !== null) this.take(topic, page);
    }
  }

  /** Peers of accepts that concern this person, with the names that the accepts give. */
  contacts(): ReadonlyMap<string, string | undefined> {
    const contacts = new Map<string, string | undefined>();
    for (const { type, actor, target, body } of this.kept) {
      if (!ACCEPTS.has(type) || target === undefined) continue;
      const peer = actor === this.userId ? target : target === this.userId ? actor : null;
      if (peer === null || contacts.has(peer)) continue;
      contacts.set(peer, nameIn(body, actor === this.userId ? "to" : "from"));
    }
    return contacts;
  }

  /** Contacts whom this person trusts. */
  circle(): readonly string[] {
    const contacts = this.contacts();
    const trusted = this.kept.filter(({ type, actor }) => type === "TRUST_ALLOCATE" && actor === this.userId);
    return [...new Set(trusted.flatMap(({ target }) => target ?? []))].filter((peer) => contacts.has(peer));
  }

  /** Cards of the feed. */
  feed(): readonly Readonly<Record<string, unknown>>[] {
    return this.kept
      .filter(({ type }) => type === "SIGNAL_MINT" || type === "RECOGNITION_MINT")
      .map(({ body }) => body);
  }

  private take(topic: string, { messages }: MirrorPage): void {
    for (const each of messages) {
      const id = `${each.topic_id}/${each.sequence_number}`;
      const body = bodyOf(each.message);
      this.cursors.set(topic, each.consensus_timestamp);
      const [type, actor] = [body?.type, body?.actor];
      if (body === null || typeof type !== "string" || typeof actor !== "string") continue;
      const target = typeof body.target === "string" ? body.target : undefined;
      if (!this.kept.some((known) => known.id === id)) this.kept.unshift({ id, type, actor, target, body });
    }
    this.kept.splice(KEPT_MAX);
  }
}

function bodyOf(base64: string): Record<string, unknown> | null {
  try {
    return JSON.parse(Buffer.from(base64, "base64").toString("latin1"));
  } catch {
    return null;
  }
}

function nameIn(body: Readonly<Record<string, unknown>>, side: string): string | undefined {
  const party = body[side];
  const handle = typeof party === "object" && party !== null ? (party as { handle?: unknown }).handle : undefined;
  return typeof handle === "string" ? handle : undefined;
}
