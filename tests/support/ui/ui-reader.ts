/**
 * Reads mirror pages as the TrustMesh web UI does. It follows the UI's contract (docs/integrations/trustmesh-ui.md) and shares no
 * code with it. It reads topics page by page, polls from the last time that it saw, decodes texts as Latin-1, and keeps the last
 * 200 messages. Cursors and messages belong to the browser and not to the user. It runs in Node and in a browser.
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

/** Topic ids by the UI's names. Each name has its own cursor, even if two names share a topic. */
export type UiTopics = Readonly<Record<"contacts" | "trust" | "profile" | "signal" | "recognition", string>>;

/** The part of `localStorage` that the reader uses. */
export interface BrowserStorage {
  getItem(name: string): string | null;
  setItem(name: string, value: string): void;
}

export interface UiReaderOptions {
  readonly userId: string;
  readonly topics: UiTopics;
  /** Requests a path from the root. Resolves to a page, or to null if the status is not 200. */
  readonly ask: (path: string) => Promise<MirrorPage | null>;
  /** Path prefix of the mirror's routes. */
  readonly base: string;
  readonly nowMs: () => number;
  readonly storage: BrowserStorage;
}

const KEPT_MAX = 200;
const ACCEPTS = new Set(["CONTACT_ACCEPT", "CONTACT_MIRROR"]);
const SIGNALS = "trustmesh:signals";
const cursorOf = (name: string) => `hcs-cursor:${name}`;

export class UiReader {
  private readonly options: UiReaderOptions;
  private kept: readonly Kept[];

  constructor(options: UiReaderOptions) {
    this.options = options;
    this.kept = JSON.parse(options.storage.getItem(SIGNALS) ?? "[]");
  }

  /** Reads each topic to its end, from its cursor or from seven days ago. */
  async start(): Promise<void> {
    const { topics, storage, nowMs, base, ask } = this.options;
    const sevenDaysAgo = `${Math.floor(nowMs() / 1_000) - 7 * 86_400}.0`;
    const read = async ([name, topic]: [string, string]) => {
      const since = storage.getItem(cursorOf(name)) ?? sevenDaysAgo;
      let path: string | null = `${base}/topics/${topic}/messages?limit=100&order=asc&timestamp=gt%3A${since}`;
      while (path !== null) {
        const page: MirrorPage | null = await ask(path);
        if (page === null) break;
        this.take(name, page);
        path = page.messages.length > 0 ? page.links.next : null;
      }
    };
    await Promise.all(Object.entries(topics).map(read));
  }

  /** Polls each topic once. */
  async poll(): Promise<void> {
    const { topics, storage, base, ask } = this.options;
    const read = async ([name, topic]: [string, string]) => {
      const cursor = storage.getItem(cursorOf(name));
      const since = cursor === null ? "" : `&timestamp=gt%3A${cursor}`;
      const page = await ask(`${base}/topics/${topic}/messages?limit=100&order=asc${since}`);
      if (page !== null) this.take(name, page);
    };
    await Promise.all(Object.entries(topics).map(read));
  }

  /** This person's contacts by id, with the names in the accepts. */
  contacts(): ReadonlyMap<string, string | undefined> {
    const { userId } = this.options;
    const contacts = new Map<string, string | undefined>();
    for (const { type, actor, target, body } of this.kept) {
      if (!ACCEPTS.has(type) || target === undefined) continue;
      const peer = actor === userId ? target : target === userId ? actor : null;
      if (peer === null || contacts.has(peer)) continue;
      contacts.set(peer, nameIn(body, actor === userId ? "to" : "from"));
    }
    return contacts;
  }

  /** Contacts that this person trusts. */
  circle(): readonly string[] {
    const contacts = this.contacts();
    const isOwn = ({ type, actor }: Kept) => type === "TRUST_ALLOCATE" && actor === this.options.userId;
    return [...new Set(this.kept.filter(isOwn).flatMap(({ target }) => target ?? []))].filter((peer) =>
      contacts.has(peer),
    );
  }

  /** The feed's cards. */
  feed(): readonly Readonly<Record<string, unknown>>[] {
    return this.kept
      .filter(({ type }) => type === "SIGNAL_MINT" || type === "RECOGNITION_MINT")
      .map(({ body }) => body);
  }

  private take(name: string, { messages }: MirrorPage): void {
    const { storage } = this.options;
    for (const each of messages) {
      const id = `${each.topic_id}/${each.sequence_number}`;
      const body = bodyOf(each.message);
      storage.setItem(cursorOf(name), each.consensus_timestamp);
      const [type, actor] = [body?.type, body?.actor];
      if (body === null || typeof type !== "string" || typeof actor !== "string") continue;
      const target = typeof body.target === "string" ? body.target : undefined;
      if (this.kept.some((known) => known.id === id)) continue;
      this.kept = [{ id, type, actor, target, body }, ...this.kept].slice(0, KEPT_MAX);
      storage.setItem(SIGNALS, JSON.stringify(this.kept));
    }
  }
}

function bodyOf(base64: string): Record<string, unknown> | null {
  try {
    return JSON.parse(atob(base64));
  } catch {
    return null;
  }
}

function nameIn(body: Readonly<Record<string, unknown>>, side: string): string | undefined {
  const party = body[side];
  const handle = typeof party === "object" && party !== null ? (party as { handle?: unknown }).handle : undefined;
  return typeof handle === "string" ? handle : undefined;
}
