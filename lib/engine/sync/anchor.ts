/**
 * Holds what is stored of a topic against the ledger, at the topic's cursor: the running hash there stands for everything before
 * it. Looked at when a process first reads the topic, after an outage, when a page does not follow, and every ten minutes. Where
 * several mirrors are configured the others are asked as well, so that it is known how many of them agree.
 */
import { fromMs } from "../../core/ledger/consensus-time";
import type { TopicId } from "../../core/ledger/ids";
import { equalBytes } from "../../core/ledger/running-hash";
import type { ChainHead } from "../../core/ledger/verify";
import type { Clock } from "../../ports/clock";
import type { Ledger, MirrorName } from "../../ports/ledger/ledger";
import type { MessageLog } from "../../ports/store/message-log";
import type { Incidents } from "../health/incidents";
import type { MirrorHeads } from "./mirror-heads";

export interface AnchorDeps {
  readonly ledger: Pick<Ledger, "message" | "mirrors">;
  readonly store: Pick<MessageLog, "log">;
  readonly heads: Pick<MirrorHeads, "ask">;
  readonly clock: Clock;
  readonly incidents: Incidents;
}

/** Rare enough to be no part of the mirror's budget: one request for a topic, an instance and a mirror. */
const EVERY_MS = 600_000;
/** A mirror that could not say is asked again after this. */
const RETRY_MS = 30_000;
/** A replica that is behind lacks a message for less than this after it was told by another (5 to 20 s). */
const BEHIND_MS = 60_000;

/** The answer to a page after the head: its first message follows from it, something else comes, or nothing. */
export type After = "follows" | "something" | "nothing";

/**
 * `refused`: this mirror's topic is not the one that is stored, and nothing of it may be written. `outdated`: the message at the
 * cursor was replaced by another instance, or by a repair: its hash is this.
 */
export type Checked =
  | { readonly kind: "ok" }
  | { readonly kind: "outdated"; readonly hash: Uint8Array | null }
  | { readonly kind: "refused"; readonly reason: string };

const OK: Checked = { kind: "ok" };

/** Compares the mirror's message at the cursor with the stored one. `unknown`: it cannot be told. */
type Told = "same" | "other" | "missing" | "unknown";

export class Anchor {
  private dueMs = 0;
  private reset: string | null = null;
  /** Mirrors that have another history than what is stored, while one has the same. */
  private readonly strangers = new Set<MirrorName>();
  private agreement: { readonly through: number; readonly mirrors: number } = { through: 0, mirrors: 0 };

  constructor(
    private readonly topicId: TopicId,
    private readonly deps: AnchorDeps,
  ) {}

  /** The topic on the ledger is not the one that is stored. */
  get isReset(): boolean {
    return this.reset !== null;
  }

  /** How many mirrors have given the same hash at a message, the last time that they were asked; 0 where nobody was. */
  get agreed(): { readonly through: number; readonly mirrors: number } {
    return this.agreement;
  }

  /** The mirror has another history than another mirror, which has ours. */
  isStranger(mirror: MirrorName): boolean {
    return this.strangers.has(mirror);
  }

  /** The next run looks again. */
  doubt(): void {
    this.dueMs = 0;
  }

  /** Looks where it is time to. `after`: what the mirror has just answered for what comes after the head. */
  async check(head: ChainHead, mirror: MirrorName, after: After): Promise<Checked> {
    const nowMs = this.deps.clock.monotonicMs();
    if (head.sequence === 0) return this.settle(null, nowMs + EVERY_MS);
    if (nowMs < this.dueMs && this.reset === null) return OK;
    const first = after === "follows" ? "same" : await this.told(head, mirror);
    // A mirror with later messages is not shorter: it lacks one message, which does not make another history.
    if (first === "unknown" || (first === "missing" && after !== "nothing"))
      return this.settle(this.reset, nowMs + RETRY_MS);
    if (first === "same") {
      await this.askOthers(head, mirror);
      return this.settle(null, nowMs + EVERY_MS);
    }
    const [other = mirror] = this.deps.ledger.mirrors.filter((each) => each !== mirror);
    const second = await this.told(head, other);
    if (second === "same") {
      this.strangers.add(mirror);
      this.disagree(head, other, [mirror]);
      return { kind: "refused", reason: `message ${head.sequence} is not the same on all mirrors` };
    }
    const isSure = second === "unknown" ? (await this.told(head, mirror)) === first : true;
    if (!isSure) return this.settle(null, nowMs + RETRY_MS);
    const [entry] = await this.deps.store.log(this.topicId, head.sequence, head.sequence);
    if (entry && !isHash(entry.runningHash, head.hash)) return { kind: "outdated", hash: entry.runningHash };
    // A stored message that failed verification differs from the ledger's, which is no other history.
    if (entry === undefined || entry.verification === "failed") return this.settle(null, nowMs + RETRY_MS);
    return this.settle(sentence(this.topicId, head.sequence, first), nowMs);
  }

  private settle(reset: string | null, dueMs: number): Checked {
    this.dueMs = dueMs;
    this.reset = reset;
    this.deps.incidents.report("topic-reset", this.topicId, reset);
    return reset === null ? OK : { kind: "refused", reason: reset };
  }

  private async told(head: ChainHead, mirror: MirrorName): Promise<Told> {
    const answer = await this.deps.ledger.message(this.topicId, head.sequence, { mirror });
    if (answer.ok) {
      const { runningHash } = answer.value;
      if (runningHash === null || head.hash === null) return "unknown";
      return isHash(runningHash, head.hash) ? "same" : "other";
    }
    if (answer.error.code !== "not-found") return "unknown";
    // It may be behind: only a mirror that is well past the message's time must have it.
    const newest = await this.deps.heads.ask(mirror).answer;
    const newestNs = newest.ok && newest.value !== null ? newest.value : fromMs(this.deps.clock.now());
    return newestNs > head.consensusNs + fromMs(BEHIND_MS) ? "missing" : "unknown";
  }

  private async askOthers(head: ChainHead, mirror: MirrorName): Promise<void> {
    const others = this.deps.ledger.mirrors.filter((each) => each !== mirror);
    const told = await Promise.all(others.map(async (each) => ({ mirror: each, told: await this.told(head, each) })));
    const saying = (what: Told) => told.filter((each) => each.told === what).map((each) => each.mirror);
    this.agreement = { through: head.sequence, mirrors: 1 + saying("same").length };
    const strangers = [...saying("other"), ...saying("missing")];
    this.strangers.delete(mirror);
    for (const each of saying("same")) this.strangers.delete(each);
    for (const each of strangers) this.strangers.add(each);
    this.disagree(head, mirror, [...this.strangers]);
  }

  private disagree({ sequence }: ChainHead, mirror: MirrorName, others: readonly MirrorName[]): void {
    const words = `${mirror} and ${others.join(", ")} do not have the same message ${sequence} of topic ${this.topicId}.`;
    this.deps.incidents.report("mirrors-disagree", this.topicId, others.length > 0 ? words : null);
  }
}

const isHash = (a: Uint8Array | null, b: Uint8Array | null) => (a === null || b === null ? a === b : equalBytes(a, b));

function sentence(topicId: TopicId, sequence: number, told: "other" | "missing"): string {
  const what =
    told === "missing"
      ? `no longer has message ${sequence}, up to which it is stored`
      : `has a different message ${sequence} from the stored one`;
  return `Topic ${topicId} on the mirror ${what}: the topic was reset, or this is another network.`;
}
