import "server-only";
/**
 * Lets a few requests of one caller work at a time. The others wait in the order in which they came. A thousand pages that are
 * rendered at once would keep everybody else waiting for six seconds.
 */
import type { Awaitable } from "../../core/awaitable";
import type { Clock } from "../../ports/clock";

/** A request keeps its place no longer than this, so that a client that does not read its answer does not block others. */
export const PLACE_MS = 2_000;

interface Turn<T> {
  readonly most: number;
  readonly mostWaiting: number;
  readonly work: () => Awaitable<T>;
  readonly refuse: () => Awaitable<T>;
}

interface Places {
  taken: number;
  readonly waiting: (() => void)[];
}

export class ConcurrencyLimit {
  private readonly byCaller = new Map<string, Places>();

  constructor(private readonly clock: Pick<Clock, "sleep">) {}

  /**
   * Runs `work` as soon as fewer than `most` of the caller's requests run, at once if possible. Returns or fails like `work`. Runs
   * `refuse` instead if `mostWaiting` of them wait already.
   */
  run<T>(caller: string, { most, mostWaiting, work, refuse }: Turn<T>): Awaitable<T> {
    const places = this.byCaller.get(caller) ?? { taken: 0, waiting: [] };
    if (places.taken >= most && places.waiting.length >= mostWaiting) return refuse();
    if (places.taken >= most)
      return new Promise<void>((resolve) => places.waiting.push(resolve)).then(() => this.work(caller, places, work));
    places.taken += 1;
    this.byCaller.set(caller, places);
    return this.work(caller, places, work);
  }

  /** Work that answers at once frees its place at once. */
  private work<T>(caller: string, places: Places, work: () => Awaitable<T>): Awaitable<T> {
    let worked: Awaitable<T> | undefined;
    try {
      worked = work();
      return worked;
    } finally {
      if (worked instanceof Promise) void this.leaveAfter(worked, caller, places);
      else this.leave(caller, places);
    }
  }

  private async leaveAfter(worked: Promise<unknown>, caller: string, places: Places): Promise<void> {
    const done = new AbortController();
    await Promise.race([worked.catch(() => {}), this.clock.sleep(PLACE_MS, done.signal)]);
    done.abort();
    this.leave(caller, places);
  }

  private leave(caller: string, places: Places): void {
    const next = places.waiting.shift();
    // The next request has the place now.
    if (next !== undefined) next();
    else {
      places.taken -= 1;
      if (places.taken === 0) this.byCaller.delete(caller);
    }
  }
}
