/**
 * The mirrors' heads, and which of them are believed. All topics share one request for a mirror's head in half a gate period. A head
 * vouches only for pages of that same mirror.
 */
import { type ConsensusNs, consensusNs, fromMs } from "../../core/ledger/consensus-time";
import { err, ok, type Result } from "../../core/result";
import type { Clock } from "../../ports/clock";
import type { Ledger, LedgerError, MirrorName } from "../../ports/ledger/ledger";
import type { Incidents } from "../health/incidents";

/** A request for a mirror's head. */
export interface AskedHead {
  /** The number of the request, counted from 1. */
  readonly number: number;
  /** Null: the mirror answers, but has no finished block, so it vouches for nothing. */
  readonly answer: Promise<Result<ConsensusNs | null, LedgerError>>;
}

export interface MirrorHeadsDeps {
  readonly ledger: Pick<Ledger, "head">;
  readonly clock: Clock;
  readonly incidents: Incidents;
  /** An answer serves everybody who asks within this time. An older head only makes the data look older than it is. */
  readonly serveMs: number;
  /** The ledger may rest, and then it makes no blocks. On a public network blocks stand still only if the mirror does. */
  readonly mayBeQuiet: boolean;
  /** If the ledger may rest, blocks that have not moved for this long are quiet. */
  readonly quietMs: number;
}

/** Our clock and the network's agree within seconds. A head further ahead than this is wrong, or our clock is. */
const AHEAD_MARGIN_MS = 10_000;
/** A head that was not asked for again within this time is no longer current. */
const CURRENT_MS = 15_000;

interface Known {
  asked: (AskedHead & { readonly atMs: number }) | null;
  /** The last head that the mirror reported, believed or not; null if no block had ended. */
  reportedNs: ConsensusNs | null;
  /** When that head was reported first and last, on the monotonic clock. */
  movedMs: number;
  reportedMs: number;
}

export class MirrorHeads {
  private readonly byMirror = new Map<MirrorName, Known>();
  private sent = 0;
  private believedNs: ConsensusNs | null = null;

  constructor(private readonly deps: MirrorHeadsDeps) {}

  /** How many requests were sent so far. */
  get count(): number {
    return this.sent;
  }

  /** The latest head that was believed; null before the first. */
  get lastNs(): ConsensusNs | null {
    return this.believedNs;
  }

  /** Asks the mirror, or joins a request sent just now. */
  ask(mirror: MirrorName): AskedHead {
    const nowMs = this.deps.clock.monotonicMs();
    const known = this.of(mirror);
    if (known.asked === null || nowMs - known.asked.atMs >= this.deps.serveMs) {
      this.sent += 1;
      known.asked = { number: this.sent, atMs: nowMs, answer: this.answer(mirror, known) };
    }
    return known.asked;
  }

  /**
   * The state of a quiet ledger, as the mirrors report it. `throughNs`: the end of its newest block; null if it has none. The result
   * is null if new blocks come, if no mirror was asked recently, and on networks that are never quiet.
   */
  quiet(): { readonly throughNs: ConsensusNs | null } | null {
    const { mayBeQuiet, quietMs } = this.deps;
    if (!mayBeQuiet) return null;
    const nowMs = this.deps.clock.monotonicMs();
    const current = [...this.byMirror.values()].filter(({ reportedMs }) => nowMs - reportedMs <= CURRENT_MS);
    // Only what was reported counts: nobody knows whether blocks have moved since. Watched topics are seldom asked about.
    const moves = ({ reportedNs, reportedMs, movedMs }: Known) => reportedNs !== null && reportedMs - movedMs < quietMs;
    if (current.length === 0 || current.some(moves)) return null;
    const latest = current.reduce<ConsensusNs | null>(
      (most, { reportedNs }) => (reportedNs !== null && (most === null || reportedNs > most) ? reportedNs : most),
      null,
    );
    return { throughNs: latest };
  }

  private async answer(mirror: MirrorName, known: Known): Promise<Result<ConsensusNs | null, LedgerError>> {
    const { ledger, clock, incidents } = this.deps;
    const head = await ledger.head({ mirror });
    if (!head.ok) return head;
    const { throughNs } = head.value;
    const nowMs = clock.monotonicMs();
    if (throughNs !== known.reportedNs || known.reportedMs === Number.NEGATIVE_INFINITY) known.movedMs = nowMs;
    known.reportedNs = throughNs;
    known.reportedMs = nowMs;
    if (throughNs === null) return ok(null);
    const aheadMs = Number((throughNs - fromMs(clock.now())) / 1_000_000n);
    const isAhead = aheadMs > AHEAD_MARGIN_MS;
    incidents.report("head-in-future", mirror, isAhead ? aheadSentence(mirror, aheadMs) : null);
    if (isAhead) return err({ code: "malformed", message: "the mirror's newest block lies in the future" });
    if (this.believedNs === null || throughNs > this.believedNs) this.believedNs = throughNs;
    return ok(consensusNs(throughNs));
  }

  private of(mirror: MirrorName): Known {
    const known = this.byMirror.get(mirror) ?? {
      asked: null,
      reportedNs: null,
      movedMs: 0,
      reportedMs: Number.NEGATIVE_INFINITY,
    };
    this.byMirror.set(mirror, known);
    return known;
  }
}

const seconds = (ms: number) => `${Math.round(ms / 1_000).toLocaleString("en")} s`;
const aheadSentence = (mirror: MirrorName, ms: number) =>
  `${mirror} says that its newest block ends ${seconds(ms)} after this instance's clock: it is not believed.`;
