import "server-only";
/**
 * How often an address may come in, asked before anybody looks at its request: what Next makes of one costs 1.5 ms of CPU
 * (docs/measurements.md §1), so that a thousand a second from one address take everybody's turn, however quickly the route says no; here it
 * is a twentieth of that. A burst of what is dear is let in one after the other. Routes count what they let in; pages and files
 * have nobody else who would count them.
 */
import type { HeaderReader } from "../access/client-address";
import type { LimitName } from "../access/limits";
import type { App } from "../boot/app";
import { MAX_WAITING, Turns } from "./admission-queue";

export interface Visit {
  readonly limit: LimitName;
  /** Whether a route counts it. */
  readonly isCounted: boolean;
  readonly header: HeaderReader;
  /** Whoever asked has left. */
  readonly isGone: () => boolean;
  readonly enter: () => Promise<void>;
  /** Refused for so long. */
  readonly refuse: (waitMs: number) => void;
}

export class Door {
  private readonly turns = new Turns();

  constructor(private readonly app: Pick<App, "limits" | "metrics">) {}

  /** Calls `enter`, now or in its address's turn, or `refuse`; neither where the visitor has left while waiting. */
  async meet(visit: Visit): Promise<void> {
    const { limits, metrics } = this.app;
    const { limit } = visit;
    const address = limits.addressOf(visit.header);
    const refuse = (waitMs: number) => {
      visit.refuse(waitMs);
      void limits.noteRefusal(limit, address);
      metrics.observeRefusal(limit);
    };
    /** Whether it was refused, with what is known of its address now. */
    const isRefused = () => {
      const waitMs = limits.knownRefusalMs(limit, address);
      if (waitMs !== null) refuse(waitMs);
      return waitMs !== null;
    };
    // A request that is refused anyway does not wait for its turn.
    if (isRefused()) return;
    if (!visit.isCounted) {
      await limits.countAddress(limit, address);
      if (isRefused()) return;
    }
    const gapMs = limits.gapMs(limit);
    if (gapMs === null) return visit.enter();
    return new Promise((resolve, reject) => {
      const enterInTurn = () => {
        // A client that has gone, or whose address is refused by now, leaves the turn to the next.
        const isLeft = visit.isGone() || isRefused();
        if (isLeft) resolve();
        else visit.enter().then(resolve, reject);
        return !isLeft;
      };
      if (this.turns.take(address, gapMs, enterInTurn)) return;
      refuse(MAX_WAITING * gapMs);
      resolve();
    });
  }
}
