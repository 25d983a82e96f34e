/**
 * Mends what the shared tier was not told: a commit whose publisher died, or could not reach the tier. Views of everybody are
 * loaded again, which is dear and rare; without it a view could stay outdated for its whole time to live.
 */
import type { TopicId } from "../core/ids";
import type { Clock } from "../ports/clock";
import type { EventBus } from "../ports/event-bus";
import type { Log } from "../ports/log";
import { HotTierUnavailable, type ViewCache } from "../ports/view-cache";

export interface MendDeps {
  readonly bus: EventBus;
  /** Null where nothing is shared, and so nothing needs mending. */
  readonly shared: ViewCache | null;
  readonly clock: Clock;
  readonly log: Log;
}

/** Between its commit and its announcement an instance needs milliseconds; who is not done after this has died. */
const GRACE_MS = 1_000;

export class Mender {
  private isInDoubt = false;

  constructor(private readonly deps: MendDeps) {}

  /** This instance failed to announce a commit. */
  doubt(): void {
    this.isInDoubt = this.deps.shared !== null;
  }

  /** To be called when the shared tier answers: expires what could not be expired before. */
  async settle(): Promise<void> {
    if (!this.isInDoubt || this.deps.shared === null) return;
    try {
      await this.deps.shared.expireAll();
      this.isInDoubt = false;
      this.deps.log.warn("commits had not been announced; every shared view is loaded again");
    } catch (cause) {
      if (!(cause instanceof HotTierUnavailable)) throw cause;
    }
  }

  /** The store is at `cursor`: makes sure that whoever committed it lived to say so. */
  async check(topicId: TopicId, cursor: number): Promise<void> {
    const { shared, bus, clock, log } = this.deps;
    if (shared === null || cursor === 0) return;
    try {
      if (await this.isAnnounced(topicId, cursor)) return;
      await clock.sleep(GRACE_MS);
      if (await this.isAnnounced(topicId, cursor)) return;
      await shared.expireAll();
      await bus.publish({ topicId, cursor, users: [], renamed: [], definitionsChanged: true });
      log.warn("a commit had not been announced by whoever made it; every shared view is loaded again", { topicId });
    } catch (cause) {
      if (!(cause instanceof HotTierUnavailable)) throw cause;
      this.doubt();
    }
  }

  private async isAnnounced(topicId: TopicId, cursor: number): Promise<boolean> {
    const published = await this.deps.bus.lastPublished(topicId);
    return published !== null && published >= cursor;
  }
}
