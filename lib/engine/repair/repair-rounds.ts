/** When a topic's gaps and failed messages are looked for again: at full speed while that helps, ever more rarely while it does not. */
import type { TopicId } from "../../core/ledger/ids";
import type { Clock } from "../../ports/clock";
import type { CommitDeps } from "../sync/commit";
import { repairTopic } from "./repair";

/** Half a minute is what a mirror needs to come round; what it did not have for an hour it may have in another. */
const WAIT_MS = { base: 30_000, max: 3_600_000 };

export class RepairRounds {
  private isNeeded = true;
  private dueMs = 0;
  private waitMs = WAIT_MS.base;
  private failedThrough = 0;

  constructor(
    private readonly topicId: TopicId,
    private readonly deps: CommitDeps & { readonly clock: Clock },
  ) {}

  /** There is something new to repair. */
  schedule(): void {
    this.isNeeded = true;
    this.waitMs = WAIT_MS.base;
    this.dueMs = this.deps.clock.monotonicMs() + this.waitMs;
  }

  /** Looks where it is time to. Costs nothing where nothing is missing or wrong. */
  async run(): Promise<void> {
    const nowMs = this.deps.clock.monotonicMs();
    if (!this.isNeeded || nowMs < this.dueMs) return;
    const { mended, left, failedThrough } = await repairTopic(this.deps, this.topicId, this.failedThrough);
    this.isNeeded = left > 0;
    this.failedThrough = failedThrough;
    const isRoundOver = failedThrough === 0;
    if (mended > 0 || !isRoundOver) this.waitMs = WAIT_MS.base;
    this.dueMs = mended > 0 ? nowMs : nowMs + this.waitMs;
    if (mended === 0 && isRoundOver) this.waitMs = Math.min(this.waitMs * 2, WAIT_MS.max);
  }
}
