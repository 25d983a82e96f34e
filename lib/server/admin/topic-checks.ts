import "server-only";
/** Runs topic audits and topic resyncs. Their progress is in the operator log, so any instance can show and continue them. */
import type { TopicId } from "../../core/ledger/ids";
import { type CheckDeps, type CheckOptions, type CheckProgress, checkTopic, newCheck } from "../../engine/repair/audit";
import type { Log } from "../../ports/log";
import type { AdminStore, OperatorLogRow } from "../../ports/store/admin-store";
import { isTierUnavailable } from "../../ports/tier-unavailable";
import { TopicCheck } from "../../wire/operators/admin";

export interface TopicChecksDeps extends CheckDeps {
  readonly admin: AdminStore;
  readonly log: Log;
  /** Mirror budget of all instances, in requests a second. */
  readonly mirrorRps: number;
}

export const CHECK_ACTIONS = { audit: "topic.audit", resync: "topic.resync" } as const;
/** A check takes at most a quarter of the mirror budget. */
const BUDGET_SHARE = 1 / 4;
/** Progress is saved this often, so an interruption loses at most five seconds of work. */
const SAVE_EVERY_MS = 5_000;
/** A check with no update for this long has ended with its process. A slow mirror delays an update by at most half of it. */
const SILENT_MS = 120_000;

export class TopicChecks {
  private readonly closing = new AbortController();

  constructor(private readonly deps: TopicChecksDeps) {}

  /** Whether another check of the topic than `except` is running. */
  async underWay(topicId: TopicId, except: OperatorLogRow): Promise<boolean> {
    const entries = await this.others(topicId, except);
    const oldestMs = this.deps.clock.now() - SILENT_MS;
    return entries.some(({ state, updatedMs }) => state === "running" && updatedMs > oldestMs);
  }

  /** The starting point of a check: where an interrupted check of the same kind stopped, otherwise the first message. */
  async start(topicId: TopicId, entry: OperatorLogRow, cursor: number): Promise<CheckProgress> {
    const [last] = (await this.others(topicId, entry)).filter(({ action }) => action === entry.action);
    const known = TopicCheck.safeParse(last?.detail);
    const isUnfinished = last !== undefined && last.state !== "done" && known.success;
    return isUnfinished ? { ...known.data, to: Math.max(cursor, known.data.to) } : newCheck(cursor);
  }

  /** Runs the check to its end and records the result. Never rejects. */
  async run(topicId: TopicId, entry: OperatorLogRow, mode: CheckOptions["mode"], start: CheckProgress): Promise<void> {
    const { deps } = this;
    let progress = start;
    let savedMs = Number.NEGATIVE_INFINITY;
    const save = (state: OperatorLogRow["state"], more: object = {}) =>
      deps.admin.update(entry.id, { state, detail: { ...progress, ...more }, nowMs: deps.clock.now() });
    const onProgress = async (now: CheckProgress) => {
      progress = now;
      if (deps.clock.monotonicMs() - savedMs < SAVE_EVERY_MS) return;
      savedMs = deps.clock.monotonicMs();
      await save("running");
    };
    const paceMs = Math.ceil(1_000 / (deps.mirrorRps * BUDGET_SHARE));
    try {
      const result = await checkTopic(deps, topicId, { mode, start, paceMs, signal: this.closing.signal, onProgress });
      if (!result.ok) await save("failed", { error: result.error.message });
      else if (result.value.through < result.value.to)
        await save("failed", { error: "interrupted; start the check again to continue" });
      else {
        // A resync can change views without a new row, so every instance drops its copies.
        if (mode === "resync") await deps.bus.publishMissed({ topicId, cursor: result.value.to }, "resynced");
        await save("done");
      }
    } catch (cause) {
      if (!isTierUnavailable(cause)) deps.log.error("a check of a topic failed", { topicId, mode, cause });
      // If the database failed, this fails too. The missing updates then show that the check has ended.
      await save("failed", { error: "stopped by an error; start the check again to continue" }).catch(() => {});
    }
  }

  /** Stops every check. Each can be continued. */
  close(): void {
    this.closing.abort();
  }

  private async others(topicId: TopicId, except: OperatorLogRow): Promise<readonly OperatorLogRow[]> {
    const entries = await Promise.all(
      Object.values(CHECK_ACTIONS).map((name) => this.deps.admin.latest([name], except.id)),
    );
    return entries.flat().filter(({ target }) => target === topicId);
  }
}
