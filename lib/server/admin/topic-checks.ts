import "server-only";
/** Runs audits and resyncs of topics, whose progress stands in the audit log: seen by every instance, and taken up again by any. */
import type { TopicId } from "../../core/ledger/ids";
import { type CheckDeps, type CheckOptions, type CheckProgress, checkTopic, newCheck } from "../../engine/repair/audit";
import type { Log } from "../../ports/log";
import type { AdminEntry, AdminStore } from "../../ports/store/admin-store";
import { TopicCheck } from "../../wire/admin";

export interface TopicChecksDeps extends CheckDeps {
  readonly admin: AdminStore;
  readonly log: Log;
  /** Mirror requests a second, of all instances. */
  readonly mirrorRps: number;
}

export const CHECK_ACTIONS = { audit: "topic.audit", resync: "topic.resync" } as const;
/** A check takes up to a quarter of the mirror budget. */
const BUDGET_SHARE = 1 / 4;
/** Progress is written this often: what is done again at most after an interruption. */
const SAVE_EVERY_MS = 5_000;
/** A check that was silent for so long has ended with its process: a mirror that is asked again takes half of it at most. */
const SILENT_MS = 120_000;

export class TopicChecks {
  private readonly closing = new AbortController();

  constructor(private readonly deps: TopicChecksDeps) {}

  /** The checks of a topic, newest first: who is at it, and where an interrupted one stopped. Other than `except`. */
  async underWay(topicId: TopicId, except: AdminEntry): Promise<boolean> {
    const entries = await this.others(topicId, except);
    const oldestMs = this.deps.clock.now() - SILENT_MS;
    return entries.some(({ state, updatedMs }) => state === "running" && updatedMs > oldestMs);
  }

  /** Where a check begins: after what an interrupted one of the same kind has done, or with the first message. */
  async start(topicId: TopicId, entry: AdminEntry, cursor: number): Promise<CheckProgress> {
    const [last] = (await this.others(topicId, entry)).filter(({ action }) => action === entry.action);
    const known = TopicCheck.safeParse(last?.detail);
    const isUnfinished = last !== undefined && last.state !== "done" && known.success;
    return isUnfinished ? { ...known.data, to: Math.max(cursor, known.data.to) } : newCheck(cursor);
  }

  /** To its end, whatever that is. Never rejects. */
  async run(topicId: TopicId, entry: AdminEntry, mode: CheckOptions["mode"], start: CheckProgress): Promise<void> {
    const { deps } = this;
    let progress = start;
    let savedMs = Number.NEGATIVE_INFINITY;
    const save = (state: AdminEntry["state"], more: object = {}) =>
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
        await save("failed", { error: "it was interrupted; ask again to go on" });
      else {
        // Whatever was mended shows everywhere: a view may be missing what has no new row of its own.
        if (mode === "resync") await deps.bus.tellMissed(topicId, result.value.to);
        await save("done");
      }
    } catch (cause) {
      deps.log.error("a check of a topic failed", { topicId, mode, cause });
      // Where the database is what failed this fails too, and the silence tells.
      await save("failed", { error: "it could not go on; ask again to continue" }).catch(() => {});
    }
  }

  /** Ends every check; each can be taken up again. */
  close(): void {
    this.closing.abort();
  }

  private async others(topicId: TopicId, except: AdminEntry): Promise<readonly AdminEntry[]> {
    const entries = await Promise.all(
      Object.values(CHECK_ACTIONS).map((name) => this.deps.admin.latest([name], except.id)),
    );
    return entries.flat().filter(({ target }) => target === topicId);
  }
}
