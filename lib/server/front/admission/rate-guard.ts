import "server-only";
/**
 * Refuses addresses over their limit before any other work on their requests, and lets expensive requests wait. A refusal takes a
 * twentieth of the CPU that the framework takes for a request (docs/measurements.md §1).
 */
import { type Awaitable, andThen } from "../../../core/awaitable";
import type { HeaderReader } from "../../access/client-address";
import { type LimitName, QUEUE, WAITING } from "../../access/limits";
import type { App } from "../../boot/app";
import { AdmissionQueue } from "./admission-queue";

export interface Visit {
  readonly limit: LimitName;
  /** True if a route counts the request itself, and takes its turn. Pages and files are counted here only. */
  readonly isCounted: boolean;
  readonly header: HeaderReader;
  /** True once the client has closed its connection. */
  readonly isGone: () => boolean;
  /** `address`: as limits count it. */
  readonly enter: (address: string) => Awaitable<void>;
  readonly refuse: (waitMs: number) => void;
}

export class RateGuard {
  private readonly queue: AdmissionQueue;

  constructor(private readonly app: Pick<App, "clock" | "limits" | "metrics">) {
    this.queue = new AdmissionQueue(app.clock);
  }

  /** Calls `enter`, at once or from the queue, or calls `refuse`. Calls neither if the client left while it waited. */
  admit(visit: Visit): Awaitable<void> {
    const { limits } = this.app;
    const { limit } = visit;
    const address = limits.addressOf(visit.header);
    const refusedMs = limits.knownRefusalMs(limit, address);
    if (refusedMs !== null) return this.refuse(visit, address, refusedMs);
    return andThen(visit.isCounted ? null : limits.countAddress(limit, address), (waitMs) => {
      if (waitMs !== null) return this.refuse(visit, address, waitMs);
      const gapMs = limits.queueGapMs(limit);
      if (gapMs !== null) return this.queued(visit, address, gapMs);
      // A route takes the turn itself, after it has counted the request.
      if (visit.isCounted) return visit.enter(address);
      const enter = () => (visit.isGone() ? undefined : visit.enter(address));
      return limits.limitAddressConcurrency(limit, address, enter, () => this.refuse(visit, address, WAITING.retryMs));
    });
  }

  private queued(visit: Visit, address: string, gapMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const enter = () => {
        // While this request waited, the address may have been refused or blocked.
        const refusedMs = this.app.limits.knownRefusalMs(visit.limit, address);
        const isGone = visit.isGone();
        if (isGone || refusedMs !== null) {
          if (!isGone && refusedMs !== null) this.refuse(visit, address, refusedMs);
          resolve();
          return false;
        }
        Promise.resolve(visit.enter(address)).then(resolve, reject);
        return true;
      };
      if (this.queue.add(address, gapMs, enter)) return;
      this.refuse(visit, address, QUEUE.maxWaiting * gapMs);
      resolve();
    });
  }

  private refuse({ limit, refuse }: Visit, address: string, waitMs: number): void {
    refuse(waitMs);
    this.app.limits.noteRefusal(limit, address);
    this.app.metrics.observeRefusal(limit);
  }
}
