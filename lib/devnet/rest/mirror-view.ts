/** The mirror's view of the ledger: up to its visible head, in blocks. */
import { createHash } from "node:crypto";
import { type ConsensusNs, consensusNs, formatConsensusTime, fromMs, toMs } from "@/lib/core/ledger/consensus-time";
import type { Faults } from "../faults/faults";
import type { DevnetLedger } from "../ledger/ledger";
import type { DevnetMessage, Topic } from "../ledger/types";

/** A block of the mirror: the times that it covers, both ends included. */
export interface Block {
  readonly number: number;
  readonly fromNs: ConsensusNs;
  readonly toNs: ConsensusNs;
}

const KEPT_BLOCKS = 100;
/** A block is due this often (Hedera closes one about every 2 s). */
const BLOCK_MS = 500;

export class MirrorView {
  /** The last page served of each topic, for the fault that serves it once more. */
  readonly previousPages = new Map<string, string>();
  #blocks: Block[] = [];

  constructor(
    readonly ledger: DevnetLedger,
    readonly faults: Faults,
    readonly nowMs: () => number,
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
   * The latest blocks, newest first. Asking closes one whenever time has passed, so the head moves with the wall clock even if
   * nothing happens, and no visible message is ever later than it. If a fault holds the head back behind what was reported
   * before, it goes back, as with a slower mirror behind the same address.
   */
  blocks(): readonly Block[] {
    const closedNs = this.ledger.clock.close();
    const through = this.visibleThroughNs();
    const toNs = through !== null && through < closedNs ? consensusNs(through) : closedNs;
    const head = this.#blocks[0];
    if (head && toNs < head.toNs) return [blockEnding(toNs)];
    if (!head || toNs > head.toNs) {
      const due = blockEnding(toNs);
      const block = head ? { ...due, number: Math.max(head.number + 1, due.number), fromNs: after(head) } : due;
      this.#blocks = [block, ...this.#blocks].slice(0, KEPT_BLOCKS);
    }
    return this.#blocks;
  }
}

const after = (block: Block): ConsensusNs => consensusNs(block.toNs + 1n);

/** Its number comes from its time, so that numbers go on rising over restarts. */
function blockEnding(toNs: ConsensusNs): Block {
  const number = Math.floor(toMs(toNs) / BLOCK_MS);
  return { number, fromNs: consensusNs(toNs - fromMs(BLOCK_MS)), toNs };
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
    name: `${new Date(toMs(block.fromNs)).toISOString().replaceAll(":", "_")}.rcd.gz`,
    number: block.number,
    previous_hash: hash(block.number - 1),
    size: 0,
    timestamp: { from: formatConsensusTime(block.fromNs), to: formatConsensusTime(block.toNs) },
  };
}

/** The first index whose message passes; `passes` must be false up to some point and true from there on. */
export function lowerBound(messages: readonly DevnetMessage[], passes: (message: DevnetMessage) => boolean): number {
  let low = 0;
  let high = messages.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (passes(messages[middle] as DevnetMessage)) high = middle;
    else low = middle + 1;
  }
  return low;
}
