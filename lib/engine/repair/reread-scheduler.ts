/**
 * Reads topics again in the background: after the start, and while messages come in, since an instance of an earlier version may
 * still commit what its decoder makes of them.
 */
import { isTierUnavailable } from "../../ports/tier-unavailable";
import { type RereadDeps, rereadTopics } from "./reread";

/** A look costs one statement, and an upgrade takes minutes. */
const LOOK_EVERY_MS = 60_000;

export class RereadScheduler {
  private readonly closing = new AbortController();
  private running: Promise<void> | null = null;
  private lookedMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly deps: RereadDeps & { readonly nowMs: () => number }) {}

  /** Looks for topics to read again, unless it has just looked. Never rejects. */
  notice(): void {
    const nowMs = this.deps.nowMs();
    if (this.running !== null || this.closing.signal.aborted || nowMs - this.lookedMs < LOOK_EVERY_MS) return;
    this.lookedMs = nowMs;
    this.running = this.run().finally(() => {
      this.running = null;
    });
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    try {
      await rereadTopics(this.deps, this.closing.signal);
    } catch (cause) {
      // The next look goes on where this one has stopped.
      if (!isTierUnavailable(cause))
        this.deps.log.error("stored messages could not be read again; trying again", { cause });
    }
  }
}
