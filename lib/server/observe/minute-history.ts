import "server-only";
/**
 * An instance's work in each of the last 60 minutes, so that charts have a past when a page opens. It is kept in memory and
 * sent with the instance's report: at most 60 samples of nine numbers, about 3 KB.
 */
import type { Clock } from "../../ports/clock";
import { HISTORY_COUNTERS, HISTORY_MINUTES, type MinuteColumns } from "../../wire/operators/minute-history";

type Counters = Readonly<Record<(typeof HISTORY_COUNTERS)[number], number>>;

/** One sample of the instance: counters since its start, and current levels. */
export interface InstanceSample extends Counters {
  readonly openStreams: number;
  /** Null if no topic has a lag. */
  readonly lagMs: number | null;
}

interface Minute extends InstanceSample {
  readonly minute: number;
}

const MINUTE_MS = 60_000;

export class MinuteHistory {
  private minutes: readonly Minute[] = [];
  /** The current minute: the counters at its beginning, and its highest levels. */
  private current: (Minute & { readonly before: Counters }) | null = null;

  constructor(
    private readonly read: () => InstanceSample,
    private readonly clock: Pick<Clock, "now">,
  ) {}

  /** Must be called at least once a minute. The first call in a new minute closes the last one. No I/O. */
  observe(): void {
    const minute = Math.floor(this.clock.now() / MINUTE_MS);
    const reading = this.read();
    const { current } = this;
    // The clock was set back. Wait until it passes the last sample.
    if (current !== null && minute < current.minute) return;
    if (current?.minute === minute) {
      const lagMs = current.lagMs === null ? reading.lagMs : Math.max(current.lagMs, reading.lagMs ?? 0);
      const openStreams = Math.max(current.openStreams, reading.openStreams);
      this.current = { ...reading, minute, before: current.before, openStreams, lagMs };
      return;
    }
    if (current !== null) {
      const { before, ...ended } = current;
      // Counts since the last call belong to the minute that ends, or to a pause without calls.
      const grown = HISTORY_COUNTERS.map((name) => [name, Math.max(0, reading[name] - before[name])]);
      const sample = { ...ended, ...(Object.fromEntries(grown) as Counters) };
      this.minutes = [...this.minutes, sample].slice(-HISTORY_MINUTES);
    }
    this.current = { ...reading, minute, before: current === null ? NOTHING : reading };
  }

  /** The minutes that have ended, oldest first. A minute without a call is missing. */
  columns(): MinuteColumns {
    const minute = Math.floor(this.clock.now() / MINUTE_MS);
    const kept = this.minutes.filter((each) => each.minute >= minute - HISTORY_MINUTES);
    const column = <Name extends keyof Minute>(name: Name) => kept.map((each) => each[name]);
    return {
      minutes: column("minute"),
      ...(Object.fromEntries(HISTORY_COUNTERS.map((name) => [name, column(name)])) as Record<
        (typeof HISTORY_COUNTERS)[number],
        number[]
      >),
      openStreams: column("openStreams"),
      lagMs: column("lagMs"),
    };
  }
}

const NOTHING = Object.fromEntries(HISTORY_COUNTERS.map((name) => [name, 0])) as Counters;
