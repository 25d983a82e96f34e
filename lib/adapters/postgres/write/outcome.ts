/** The effect of a write: on the counters of its topic, and the positions that its rows take. */
import type { Position } from "../../../core/ledger/ids";
import type { LogEntry, UserRow } from "../../../core/signals/batch";
import { POSITIONS_PER_EPOCH } from "../../../core/signals/position";
import type { CommitOutcome } from "../../../ports/store/sync/batch-store";
import type { TopicCounts } from "../../../ports/store/sync/topic-store";
import type { WriteAnswer } from "./write-statement";

/** Counts entries as the counters of a topic do. */
export function countsOf(entries: readonly LogEntry[]): TopicCounts {
  const verified = entries.filter((entry) => entry.verification === "verified").length;
  const failed = entries.filter((entry) => entry.verification === "failed").length;
  return {
    messages: entries.length,
    verified,
    failed,
    unverifiable: entries.length - verified - failed,
    undecodable: entries.filter((entry) => entry.disposition === "undecodable").length,
    untrusted: entries.filter((entry) => entry.disposition === "untrusted").length,
    unproven: entries.filter((entry) => entry.disposition === "unproven").length,
  };
}

/** Reads the answer of a write statement. Rows that were there already take no position. */
export function commitOutcome(
  rows: readonly UserRow[],
  users: readonly string[],
  answer: WriteAnswer | undefined,
): CommitOutcome {
  if (answer === undefined || answer.topicNo === null) return { kind: "conflict" };
  const heads = numbersIn(answer.heads);
  const kept = answer.kept === null ? null : new Set(numbersIn(answer.kept));
  const added = rows.filter((_, i) => kept === null || kept.has(i + 1));
  const next = new Map<string, number>(users.map((userId, i) => [userId, heads[i] as number]));
  for (const { userId } of added) next.set(userId, (next.get(userId) as number) - 1);
  const before = answer.epoch * POSITIONS_PER_EPOCH;
  return {
    kind: "committed",
    rows: added.map(({ userId, consensusNs }) => {
      const n = (next.get(userId) as number) + 1;
      next.set(userId, n);
      return { userId, consensusNs, position: (before + n) as Position };
    }),
  };
}

/** "3,1,2" */
export const numbersIn = (text: string | null): readonly number[] =>
  text === null || text === "" ? [] : text.split(",").map(Number);
