/** Names of what is kept. Everything of a network begins with `tm:` and its name, everything of a user with the user's id. */
import type { TopicId, TopicKind, UserId } from "../../core/ids";
import type { SharedViewName } from "../../ports/view-cache";

/** It stands in keys and in the path of a subscription as it is. */
const NETWORK = /^[A-Za-z0-9_.-]{1,60}$/;

/** Ids and names come from people: no separator of ours, and nothing that is no text, gets through. */
const part = (text: string) => encodeURIComponent(text.toWellFormed());

export class Keys {
  private readonly root: string;

  constructor(
    network: string,
    private readonly viewVariant?: string,
  ) {
    if (!NETWORK.test(network)) throw new RangeError("a network's name has letters, digits, '_', '.' and '-' only");
    this.root = `tm:${network}`;
  }

  view(userId: UserId, name: SharedViewName): string {
    const view = `${this.root}:${part(userId)}:${name}`;
    return this.viewVariant === undefined ? view : `${view}:${this.viewVariant}`;
  }

  nonce(userId: UserId): string {
    return `${this.root}:${part(userId)}:nonce`;
  }

  /** Where the user's last message of a kind went. */
  lastWrite(userId: UserId, kind: TopicKind): string {
    return `${this.root}:${part(userId)}:wrote:${kind}`;
  }

  // The empty part is no user's: whatever an id may be, it names none of these.
  gate(gate: string): string {
    return `${this.root}::gate:${part(gate)}`;
  }

  syncGate(topicId: TopicId): string {
    return this.gate(`sync:${topicId}`);
  }

  budget(budget: string): string {
    return `${this.root}::budget:${part(budget)}`;
  }

  attempt(key: string): string {
    return `${this.root}::attempt:${part(key)}`;
  }

  /** Views that do not carry this token must be loaded again. */
  get generation(): string {
    return `${this.root}::generation`;
  }

  /** Hash of topic → consensus time through which it is synced. */
  get syncedThrough(): string {
    return `${this.root}::synced`;
  }

  /** Hash of topic → cursor of the last commit that was published. */
  get published(): string {
    return `${this.root}::published`;
  }

  /** Number of the last event that was published. */
  get sequence(): string {
    return `${this.root}::sequence`;
  }

  /** Marks of the last events (history.ts). */
  get history(): string {
    return `${this.root}::history`;
  }

  /** Hash of instance → what it tells of itself. */
  get reports(): string {
    return `${this.root}::reports`;
  }

  get channel(): string {
    return `${this.root}:events`;
  }
}
