import type { TopicId } from "@/lib/core/ledger/ids";
import type { Batch, NextBatch } from "@/lib/core/signals/batch";
import type { ShardRegistry } from "@/lib/ports/store/shard-registry";
import type { BatchStore } from "@/lib/ports/store/sync/batch-store";
import { addTopics } from "@/tests/support/stores/add-topics";
import { pagesOf } from "../batches";
import { median } from "../statistics";

const USERS = 2_500;
const MESSAGES = 10_000;
const RUNS = 5;

let topics = 0;

/** Pages of a new topic. */
function freshPages(page: number): NextBatch[] {
  topics += 1;
  const topicId = `0.0.${9_000 + topics}` as TopicId;
  const startNs = 1_700_000_000_000_000_000n + BigInt(topics) * 1_000_000_000_000n;
  return pagesOf({ topicId, startNs, users: USERS, seed: topics }, MESSAGES, page);
}

export interface Speed {
  /** Messages a second, one value for each run. */
  readonly commit: readonly number[];
  readonly copy: readonly number[];
}

/** Measures commits and copies in turn, so that noise hits both alike. The first round warms up and is not counted. */
export async function measure(
  { sync, registry }: { readonly sync: BatchStore; readonly registry: ShardRegistry },
  page: number,
  copy: (pages: readonly Batch[]) => Promise<number>,
): Promise<Speed> {
  const speed = { commit: [] as number[], copy: [] as number[] };
  for (let run = 0; run <= RUNS; run++) {
    const pages = freshPages(page);
    await addTopics(registry, [{ topicId: (pages[0] as Batch).topicId, kinds: ["contact"] }]);
    const startMs = performance.now();
    for (const batch of pages) {
      const outcome = await sync.commit(batch);
      if (outcome.kind !== "committed") throw new Error("a commit that nobody races met a conflict");
    }
    const commit = (MESSAGES * 1_000) / (performance.now() - startMs);
    const copied = (MESSAGES * 1_000) / (await copy(pages));
    if (run === 0) continue;
    speed.commit.push(commit);
    speed.copy.push(copied);
  }
  return speed;
}

/** The median of commit divided by copy, for each run. */
export const ratio = ({ commit, copy }: Speed): number => median(commit.map((value, i) => value / (copy[i] as number)));
