/**
 * Mends what other instances were not told: a commit whose publisher died, or could not reach them. Views of everybody are
 * loaded again, which is dear and rare; without it a view could stay outdated for its whole time to live.
 */
import type { TopicId } from "../../core/ledger/ids";
import type { Clock } from "../../ports/clock";
import type { Log } from "../../ports/log";
import type { EventBus } from "../../ports/shared/event-bus";
import { ifDown } from "../../ports/tier-unavailable";

export interface MendDeps {
  readonly bus: Pick<EventBus, "lastPublished" | "publishMissed">;
  readonly clock: Clock;
  readonly log: Log;
}

/** Between its commit and its announcement an instance needs milliseconds: looked again after these. Then it has died. */
const LOOK_AGAIN_MS = [20, 80, 200, 700];

export class Mender {
  /** Topics with commits that this instance failed to announce, and the cursor that they led to; null if they moved none. */
  private readonly untold = new Map<TopicId, number | null>();
  /** Topics whose cursor this process has loaded before. */
  private readonly met = new Set<TopicId>();

  constructor(private readonly deps: MendDeps) {}

  /** A commit of the topic could not be announced. `cursor`: where it brought the topic; null for messages behind the cursor. */
  doubt(topicId: TopicId, cursor: number | null): void {
    const known = this.untold.get(topicId) ?? null;
    this.untold.set(topicId, known === null || cursor === null ? (cursor ?? known) : Math.max(cursor, known));
  }

  /** To be called when the shared tier answers: says what could not be said before. */
  async settle(): Promise<void> {
    for (const [topicId, cursor] of [...this.untold]) {
      const isTold = await this.deps.bus.publishMissed(cursor === null ? null : { topicId, cursor }).then(
        () => true,
        ifDown("redis", () => false),
      );
      if (!isTold) return;
      if (this.untold.get(topicId) === cursor) this.untold.delete(topicId);
      this.deps.log.warn("commits had not been announced; every view is loaded again", { topicId });
    }
  }

  /**
   * The store is at `cursor`: makes sure that whoever committed it lived to say so, and could. When this resolves no shared view
   * lacks it.
   */
  async check(topicId: TopicId, cursor: number): Promise<void> {
    const isFirst = !this.met.has(topicId);
    this.met.add(topicId);
    if (cursor === 0) return;
    await this.ensureAnnounced(topicId, cursor, isFirst).catch(ifDown("redis", () => this.doubt(topicId, cursor)));
  }

  private async ensureAnnounced(topicId: TopicId, cursor: number, isFirst: boolean): Promise<void> {
    const { bus, clock, log } = this.deps;
    if (await this.isAnnounced(topicId, cursor, isFirst)) return;
    for (const ms of LOOK_AGAIN_MS) {
      await clock.sleep(ms);
      if (await this.isAnnounced(topicId, cursor, isFirst)) return;
    }
    await bus.publishMissed({ topicId, cursor });
    log.warn("a commit had not been announced by whoever made it; every view is loaded again", { topicId });
  }

  private async isAnnounced(topicId: TopicId, cursor: number, isFirst: boolean): Promise<boolean> {
    const { bus } = this.deps;
    const isKnown = (published: number | null) => {
      // Without other instances, a cursor that is loaded again means that the answer to our own commit was lost.
      return published === null ? isFirst : published >= cursor;
    };
    const tellOurselves = async () => {
      // The publisher could not tell us either. This process's own streams and views must not wait for the outage to end.
      await bus.publishMissed({ topicId, cursor });
      return true;
    };
    return bus.lastPublished(topicId).then(isKnown, ifDown("redis", tellOurselves));
  }
}
