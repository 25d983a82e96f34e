/**
 * Mends what other instances were not told: a commit whose publisher died, or could not reach them. Views of everybody are
 * loaded again, which is dear and rare; without it a view could stay outdated for its whole time to live.
 */
import type { TopicId } from "../../core/ledger/ids";
import type { Clock } from "../../ports/clock";
import type { Log } from "../../ports/log";
import type { EventBus } from "../../ports/shared/event-bus";
import { HotTierUnavailable } from "../../ports/shared/view-cache";

export interface MendDeps {
  readonly bus: Pick<EventBus, "lastPublished" | "tellMissed">;
  readonly clock: Clock;
  readonly log: Log;
}

/** Between its commit and its announcement an instance needs milliseconds: looked again after these. Then it has died. */
const LOOK_AGAIN_MS = [20, 80, 200, 700];

export class Mender {
  /** Cursors that this instance failed to announce. */
  private readonly untold = new Map<TopicId, number>();
  /** Topics whose cursor this process has loaded before. */
  private readonly met = new Set<TopicId>();

  constructor(private readonly deps: MendDeps) {}

  /** The commit that brought a topic to `cursor` could not be announced. */
  doubt(topicId: TopicId, cursor: number): void {
    this.untold.set(topicId, Math.max(cursor, this.untold.get(topicId) ?? 0));
  }

  /** To be called when the shared tier answers: says what could not be said before. */
  async settle(): Promise<void> {
    for (const [topicId, cursor] of [...this.untold]) {
      try {
        await this.deps.bus.tellMissed(topicId, cursor);
      } catch (cause) {
        if (!(cause instanceof HotTierUnavailable)) throw cause;
        return;
      }
      if (this.untold.get(topicId) === cursor) this.untold.delete(topicId);
      this.deps.log.warn("commits had not been announced; every view is loaded again", { topicId });
    }
  }

  /**
   * The store is at `cursor`: makes sure that whoever committed it lived to say so, and could. When this resolves no shared view
   * lacks it.
   */
  async check(topicId: TopicId, cursor: number): Promise<void> {
    const { bus, clock, log } = this.deps;
    const isFirst = !this.met.has(topicId);
    this.met.add(topicId);
    if (cursor === 0) return;
    try {
      if (await this.isAnnounced(topicId, cursor, isFirst)) return;
      for (const ms of LOOK_AGAIN_MS) {
        await clock.sleep(ms);
        if (await this.isAnnounced(topicId, cursor, isFirst)) return;
      }
      await bus.tellMissed(topicId, cursor);
      log.warn("a commit had not been announced by whoever made it; every view is loaded again", { topicId });
    } catch (cause) {
      if (!(cause instanceof HotTierUnavailable)) throw cause;
      this.doubt(topicId, cursor);
    }
  }

  private async isAnnounced(topicId: TopicId, cursor: number, isFirst: boolean): Promise<boolean> {
    const { bus } = this.deps;
    try {
      const published = await bus.lastPublished(topicId);
      // Nobody else is there: who loads a cursor again has lost the answer to a commit of its own.
      return published === null ? isFirst : published >= cursor;
    } catch (cause) {
      if (!(cause instanceof HotTierUnavailable)) throw cause;
      // Whoever it was could not tell us either: this process's own streams and views must not wait for the outage to end.
      await bus.tellMissed(topicId, cursor);
      return true;
    }
  }
}
