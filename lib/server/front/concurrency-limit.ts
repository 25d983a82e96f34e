import "server-only";
/**
 * Lets a few requests of one address work at a time. The others wait in the order in which they came. A thousand pages that are
 * rendered at once would keep everybody else waiting for six seconds.
 */
import type { Awaitable } from "../../core/awaitable";
import type { Clock } from "../../ports/clock";

/** A request keeps its place no longer than this: its client may not read the answer, and must not keep others from theirs. */
export const PLACE_MS = 2_000;

interface Places {
  taken: number;
  readonly waiting: (() => void)[];
}

export class ConcurrencyLimit {
  private readonly byAddress = new Map<string, Places>();

  constructor(private readonly clock: Pick<Clock, "sleep">) {}

  /** Calls `work` once the address has fewer than `most` requests at work. Resolves, or rejects, as it does. */
  async run(address: string, most: number, work: () => Awaitable<void>): Promise<void> {
    const places = this.byAddress.get(address) ?? { taken: 0, waiting: [] };
    this.byAddress.set(address, places);
    if (places.taken < most) places.taken += 1;
    else await new Promise<void>((resolve) => places.waiting.push(resolve));
    const worked = (async () => work())();
    void this.leaveAfter(worked, address, places);
    return worked;
  }

  private async leaveAfter(worked: Promise<void>, address: string, places: Places): Promise<void> {
    const done = new AbortController();
    await Promise.race([worked.catch(() => {}), this.clock.sleep(PLACE_MS, done.signal)]);
    done.abort();
    const next = places.waiting.shift();
    // The next request has the place now.
    if (next !== undefined) return next();
    places.taken -= 1;
    if (places.taken === 0) this.byAddress.delete(address);
  }
}
