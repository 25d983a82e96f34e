/**
 * Compares what is stored of a topic with the ledger, at the topic's cursor: the running hash there stands for everything before
 * it. It compares when a process first reads the topic, after an outage, when a page does not follow, and every ten minutes. If
 * several mirrors are configured, it asks the others too, to know how many of them agree.
 */
import { fromMs } from "../../../core/ledger/consensus-time";
import type { TopicId } from "../../../core/ledger/ids";
import { equalBytes } from "../../../core/ledger/running-hash";
import type { ChainHead } from "../../../core/ledger/verify";
import type { Clock } from "../../../ports/clock";
import type { Ledger, MirrorName } from "../../../ports/ledger/ledger";
import type { MessageLog } from "../../../ports/store/sync/message-log";
import type { Incidents } from "../../health/incidents";
import type { MirrorHeads } from "../mirror-heads";

export interface HistoryCheckDeps {
  readonly ledger: Pick<Ledger, "message" | "mirrors">;
  readonly store: Pick<MessageLog, "log">;
  readonly heads: Pick<MirrorHeads, "ask">;
  readonly clock: Clock;
  readonly incidents: Incidents;
}

/** Each look takes one request for each topic, instance and mirror. At this interval that is a negligible part of the mirror budget. */
const EVERY_MS = 600_000;
/** A mirror that could not answer is asked again after this. */
const RETRY_MS = 30_000;
/** A replica that is behind lacks a message for less than this after another one had it (5 to 20 s). */
const BEHIND_MS = 60_000;

/**
 * The messages that the mirror has after the stored ones. `follows`: a message that the hash chain links to the last stored one.
 * `something`: other messages. `nothing`: none.
 */
export type Continuation = "follows" | "something" | "nothing";

/**
 * `refused`: this mirror's topic is not the stored one, and nothing of it may be written. `outdated`: another instance or a
 * repair has replaced the message at the cursor, and this is its hash now.
 */
export type Checked =
  | { readonly kind: "ok" }
  | { readonly kind: "outdated"; readonly hash: Uint8Array | null }
  | { readonly kind: "refused"; readonly reason: string };

const OK: Checked = { kind: "ok" };

/** How the mirror's message at the cursor compares with the stored one. `unknown`: the two cannot be compared. */
type Comparison = "same" | "other" | "missing" | "unknown";

export class HistoryCheck {
  private dueMs = 0;
  private reset: string | null = null;
  /** Mirrors whose history is not the stored one, while another mirror's is. */
  private readonly divergent = new Set<MirrorName>();
  private agreement: { readonly through: number; readonly mirrors: number } = { through: 0, mirrors: 0 };

  constructor(
    private readonly topicId: TopicId,
    private readonly deps: HistoryCheckDeps,
  ) {}

  /** The topic on the ledger is not the one that is stored. */
  get isReset(): boolean {
    return this.reset !== null;
  }

  /** How many mirrors gave the same hash at a message when they were last asked; 0 if none was. */
  get agreed(): { readonly through: number; readonly mirrors: number } {
    return this.agreement;
  }

  /** The mirror has another history than a mirror whose history is the stored one. */
  isDivergent(mirror: MirrorName): boolean {
    return this.divergent.has(mirror);
  }

  /** Makes the next run compare again. */
  recheck(): void {
    this.dueMs = 0;
  }

  /** Compares, if it is time to. `head`: the chain at the cursor. `after`: what the mirror has behind it. */
  async check(head: ChainHead, mirror: MirrorName, after: Continuation): Promise<Checked> {
    const nowMs = this.deps.clock.monotonicMs();
    if (head.sequence === 0) return this.settle(null, nowMs + EVERY_MS);
    if (nowMs < this.dueMs && this.reset === null) return OK;
    const first = after === "follows" ? "same" : await this.compare(head, mirror);
    // A mirror with later messages is not shorter. It lacks this one message, and that does not make another history.
    if (first === "unknown" || (first === "missing" && after !== "nothing"))
      return this.settle(this.reset, nowMs + RETRY_MS);
    if (first === "same") {
      await this.askOthers(head, mirror);
      return this.settle(null, nowMs + EVERY_MS);
    }
    const [other = mirror] = this.deps.ledger.mirrors.filter((each) => each !== mirror);
    const second = await this.compare(head, other);
    if (second === "same") {
      this.divergent.add(mirror);
      this.disagree(head, other, [mirror]);
      return { kind: "refused", reason: `message ${head.sequence} is not the same on all mirrors` };
    }
    const isSure = second === "unknown" ? (await this.compare(head, mirror)) === first : true;
    if (!isSure) return this.settle(null, nowMs + RETRY_MS);
    const [entry] = await this.deps.store.log(this.topicId, head.sequence, head.sequence);
    if (entry && !isHash(entry.runningHash, head.hash)) return { kind: "outdated", hash: entry.runningHash };
    // A stored message that failed verification differs from the ledger's, but it does not make another history.
    if (entry === undefined || entry.verification === "failed") return this.settle(null, nowMs + RETRY_MS);
    return this.settle(sentence(this.topicId, head.sequence, first), nowMs);
  }

  private settle(reset: string | null, dueMs: number): Checked {
    this.dueMs = dueMs;
    this.reset = reset;
    this.deps.incidents.report("topic-reset", this.topicId, reset);
    return reset === null ? OK : { kind: "refused", reason: reset };
  }

  private async compare(head: ChainHead, mirror: MirrorName): Promise<Comparison> {
    const answer = await this.deps.ledger.message(this.topicId, head.sequence, { mirror });
    if (answer.ok) {
      const { runningHash } = answer.value;
      if (runningHash === null || head.hash === null) return "unknown";
      return isHash(runningHash, head.hash) ? "same" : "other";
    }
    if (answer.error.code !== "not-found") return "unknown";
    // The mirror may be behind. It must have the message only if it is well past the message's time.
    const newest = await this.deps.heads.ask(mirror).answer;
    const newestNs = newest.ok && newest.value !== null ? newest.value : fromMs(this.deps.clock.now());
    return newestNs > head.consensusNs + fromMs(BEHIND_MS) ? "missing" : "unknown";
  }

  private async askOthers(head: ChainHead, mirror: MirrorName): Promise<void> {
    const others = this.deps.ledger.mirrors.filter((each) => each !== mirror);
    const compared = await Promise.all(
      others.map(async (each) => ({ mirror: each, result: await this.compare(head, each) })),
    );
    const saying = (result: Comparison) =>
      compared.filter((each) => each.result === result).map(({ mirror: name }) => name);
    this.agreement = { through: head.sequence, mirrors: 1 + saying("same").length };
    const found = [...saying("other"), ...saying("missing")];
    this.divergent.delete(mirror);
    for (const each of saying("same")) this.divergent.delete(each);
    for (const each of found) this.divergent.add(each);
    this.disagree(head, mirror, [...this.divergent]);
  }

  private disagree({ sequence }: ChainHead, mirror: MirrorName, others: readonly MirrorName[]): void {
    const words = `${mirror} and ${others.join(", ")} do not have the same message ${sequence} of topic ${this.topicId}.`;
    this.deps.incidents.report("mirrors-disagree", this.topicId, others.length > 0 ? words : null);
  }
}

const isHash = (a: Uint8Array | null, b: Uint8Array | null) => (a === null || b === null ? a === b : equalBytes(a, b));

function sentence(topicId: TopicId, sequence: number, result: "other" | "missing"): string {
  const what =
    result === "missing"
      ? `no longer has message ${sequence}, up to which it is stored`
      : `has a different message ${sequence} from the stored one`;
  return `Topic ${topicId} on the mirror ${what}: the topic was reset, or this is another network.`;
}
