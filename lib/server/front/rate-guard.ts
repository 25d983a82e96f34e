import "server-only";
/**
 * Refuses addresses over their limit before any other work on their requests, and queues expensive requests. The framework
 * takes 1.5 ms of CPU for a request (docs/measurements.md §1), however quickly its route refuses it. A refusal here takes a
 * twentieth of that.
 */
import type { HeaderReader } from "../access/client-address";
import { type LimitName, QUEUE } from "../access/limits";
import type { App } from "../boot/app";
import { AdmissionQueue } from "./admission-queue";

export interface Visit {
  readonly limit: LimitName;
  /** True if a route counts the request itself. Pages and files are counted here only. */
  readonly isCounted: boolean;
  readonly header: HeaderReader;
  /** True once the client has closed its connection. */
  readonly isGone: () => boolean;
  readonly enter: () => Promise<void>;
  readonly refuse: (waitMs: number) => void;
}

export class RateGuard {
  private readonly queue: AdmissionQueue;

  constructor(private readonly app: Pick<App, "clock" | "limits" | "metrics">) {
    this.queue = new AdmissionQueue(app.clock);
  }

  /** Calls `enter`, at once or from the queue, or calls `refuse`. Calls neither if the client left while it waited. */
  async admit(visit: Visit): Promise<void> {
    const { limits, metrics } = this.app;
    const { limit } = visit;
    const address = limits.addressOf(visit.header);
    const refuse = (waitMs: number) => {
      visit.refuse(waitMs);
      void limits.noteRefusal(limit, address);
      metrics.observeRefusal(limit);
    };
    const isRefused = () => {
      const waitMs = limits.knownRefusalMs(limit, address);
      if (waitMs !== null) refuse(waitMs);
      return waitMs !== null;
    };
    if (isRefused()) return;
    if (!visit.isCounted) {
      const waitMs = await limits.countAddress(limit, address);
      if (waitMs !== null) return refuse(waitMs);
    }
    const gapMs = limits.queueGapMs(limit);
    if (gapMs === null) return visit.enter();
    return new Promise((resolve, reject) => {
      const enter = () => {
        // While this request waited, the address may have been refused or blocked.
        const isLeftOut = visit.isGone() || isRefused();
        if (isLeftOut) resolve();
        else visit.enter().then(resolve, reject);
        return !isLeftOut;
      };
      if (this.queue.add(address, gapMs, enter)) return;
      refuse(QUEUE.maxWaiting * gapMs);
      resolve();
    });
  }
}
