/** What the mirror has imported so far: the ledger up to its visible head, in blocks. */
import { createHash } from "node:crypto";
import { type ConsensusNs, consensusNs, formatConsensusTime, fromMs } from "@/lib/core/consensus-time";
import type { Faults } from "../faults/faults";
import type { Ledger } from "../ledger/ledger";
import type { LedgerMessage, Topic } from "../ledger/types";

export interface Block {
  readonly number: number;
  readonly fromNs: ConsensusNs;
  readonly toNs: ConsensusNs;
}

const KEPT_BLOCKS = 100;
/** A block is due this often, so numbers stay rising over restarts (hedera closes one about every 2 s). */
const BLOCK_MS = 500;

export class MirrorView {
  /** The last page served of each topic, for the fault that serves it once more. */
  readonly previousPages = new Map<string, string>();
  #blocks: Block[] = [];

  constructor(
    readonly ledger: Ledger,
    readonly faults: Faults,
    private readonly nowMs: () => number,
  ) {}

  /** The last consensus time that is visible; null when all are. */
  visibleThroughNs(): bigint | null {
    return this.faults.visibleThroughNs(fromMs(this.nowMs()));
  }

  /** How many of the topic's messages are visible. */
  visibleCount(topic: Topic): number {
    const through = this.visibleThroughNs();
    if (through === null || topic.recorded) return topic.messages.length;
    return lowerBound(topic.messages, (message) => message.consensusNs > through);
  }

  /**
   * The latest blocks, newest first. Asking closes one whenever time has passed, so the head moves with the wall clock
   * though nothing happens, and no visible message is ever later than it.
   */
  blocks(): readonly Block[] {
    const closed = this.ledger.clock.close();
    const through = this.visibleThroughNs();
    const toNs = through !== null && through < closed ? consensusNs(through) : closed;
    const head = this.#blocks[0];
    if (!head || toNs > head.toNs) {
      const due = Math.floor(Number(toNs / 1_000_000n) / BLOCK_MS) % 10_000_000_000;
      const number = head ? Math.max(head.number + 1, due) : due;
      const fromNs = consensusNs(head ? head.toNs + 1n : toNs - BigInt(BLOCK_MS) * 1_000_000n);
      this.#blocks = [{ number, fromNs, toNs }, ...this.#blocks].slice(0, KEPT_BLOCKS);
    }
    return this.#blocks;
  }
}

/** A block in the mirror's JSON. */
export function blockJson(block: Block): Record<string, unknown> {
  const hash = (number: number) => `0x${createHash("sha384").update(`devnet block ${number}`).digest("hex")}`;
  return {
    count: 1,
    gas_used: 0,
    hapi_version: "0.66.0",
    hash: hash(block.number),
    logs_bloom: "0x",
    name: `${new Date(Number(block.fromNs / 1_000_000n)).toISOString().replaceAll(":", "_")}.rcd.gz`,
    number: block.number,
    previous_hash: hash(block.number - 1),
    size: 0,
    timestamp: { from: formatConsensusTime(block.fromNs), to: formatConsensusTime(block.toNs) },
  };
}

/** The first index whose message passes; `passes` must be false up to some point and true from there on. */
export function lowerBound(messages: readonly LedgerMessage[], passes: (message: LedgerMessage) => boolean): number {
  let low = 0;
  let high = messages.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (passes(messages[middle] as LedgerMessage)) high = middle;
    else low = middle + 1;
  }
  return low;
}
