/**
 * Hands out consensus times: unique on the whole network and strictly rising, near the wall clock.
 *
 * `close()` ends a stretch of time (a block): whatever it returned is history, and every later time is greater. So a
 * block's `timestamp.to` is never before a message that is already there, nor at or after one that is still to come.
 */
import { type ConsensusNs, consensusNs, fromMs } from "@/lib/core/ledger/consensus-time";

const NS_PER_MS = 1_000_000n;

export class ConsensusClock {
  #last: bigint;
  #tick = 0;

  /** `floorNs`: a time that is taken already, for instance by the last message on disk. */
  constructor(
    private readonly nowMs: () => number,
    floorNs: bigint,
  ) {
    // A block may have been reported up to the start of this very millisecond before a restart.
    this.#last = max(floorNs, fromMs(nowMs()));
  }

  /** The latest time handed out or closed. */
  get lastNs(): ConsensusNs {
    return consensusNs(this.#last);
  }

  /** The next consensus time. */
  next(): ConsensusNs {
    // Real timestamps do not end in zeros; a fixed stride keeps runs comparable.
    this.#tick = (this.#tick + 618_033) % Number(NS_PER_MS);
    this.#last = max(this.#last + 1n, fromMs(this.nowMs()) + BigInt(this.#tick));
    return consensusNs(this.#last);
  }

  /** Ends the time so far: all later times are greater than the answer. */
  close(): ConsensusNs {
    this.#last = max(this.#last, fromMs(this.nowMs()));
    return consensusNs(this.#last);
  }
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
