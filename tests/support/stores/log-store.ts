/** One topic's log in memory. It has the part of a sync store that audits and repairs use. */

import type { LedgerMessage } from "@/lib/core/ledger/message";
import type { Sha384 } from "@/lib/core/ledger/running-hash";
import { CHAIN_START } from "@/lib/core/ledger/verify";
import type { Batch, LogEntry } from "@/lib/core/signals/batch";
import { interpret } from "@/lib/core/signals/interpret";
import type { CommitOutcome } from "@/lib/ports/store/sync/batch-store";
import type { Gap } from "@/lib/ports/store/sync/gap-store";
import type { SyncStore } from "@/lib/ports/store/sync/sync-store";
import type { DroppedRange } from "@/lib/ports/store/sync/topic-store";
import { OPERATOR, sha384 } from "../mirrors/chain";

export class LogStore {
  readonly entries = new Map<number, LogEntry>();
  gapsNow: Gap[] = [];
  readonly written: Batch[] = [];
  private dropped: DroppedRange = { through: 0, throughNs: 0n, hash: null };

  /** Stores these messages as a first sync of the topic would. */
  hold(messages: readonly LedgerMessage[], hash: Sha384 = sha384): void {
    const [first] = messages;
    if (!first) return;
    const trustedPayers = new Set([OPERATOR]);
    const meaning = interpret({
      ...{ topicId: first.topicId, head: CHAIN_START, messages, priorParts: [], trustedPayers, sha384: hash },
    });
    for (const entry of meaning.entries) this.entries.set(entry.sequence, entry);
  }

  /** Drops the messages through this sequence. */
  dropThrough(through: number): void {
    const last = this.entries.get(through);
    this.dropped = { through, throughNs: last?.consensusNs ?? 0n, hash: last?.runningHash ?? null };
    for (let sequence = 1; sequence <= through; sequence += 1) this.entries.delete(sequence);
  }

  get store(): SyncStore {
    const sorted = () => [...this.entries.values()].sort((a, b) => a.sequence - b.sequence);
    const write = async (batch: Batch): Promise<CommitOutcome> => {
      this.written.push(batch);
      for (const entry of batch.entries) this.entries.set(entry.sequence, entry);
      return { kind: "committed", rows: [] } as unknown as CommitOutcome;
    };
    return {
      topic: async () => ({ dropped: this.dropped }),
      log: async (_: string, from: number, to: number) =>
        sorted().filter(({ sequence }) => sequence >= from && sequence <= to),
      failed: async (_: string, limit: number, after = 0) =>
        sorted()
          .filter(({ verification, sequence }) => verification === "failed" && sequence > after)
          .slice(0, limit),
      unsettled: async (_: string, limit: number, after = 0) =>
        sorted()
          .filter(({ disposition, sequence }) => ["failed", "unproven"].includes(disposition) && sequence > after)
          .slice(0, limit),
      parts: async (_: string, keys: readonly string[]) =>
        sorted().filter(({ chunk }) => chunk?.key != null && keys.includes(chunk.key)),
      gaps: async () => this.gapsNow,
      backfill: write,
      restore: write,
    } as unknown as SyncStore;
  }
}
