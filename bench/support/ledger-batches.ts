/** Makes batches from a history as the sync does: pages of each topic, in ledger order, checked and interpreted. */

import type { AccountId, TopicId } from "@/lib/core/ledger/ids";
import type { LedgerMessage } from "@/lib/core/ledger/message";
import { CHAIN_START, type ChainHead } from "@/lib/core/ledger/verify";
import type { NextBatch } from "@/lib/core/signals/batch";
import { interpretChecked } from "@/lib/engine/sync/topic/commit";
import type { SyncStore } from "@/lib/ports/store/sync/sync-store";
import { sha384 } from "@/tests/support/mirrors/chain";
import { noSignatures } from "@/tests/support/mirrors/no-signatures";

const neverAsked = () => {
  throw new Error("a sound history gives no reason to ask again");
};

export class LedgerBatches {
  private readonly heads = new Map<TopicId, ChainHead>();

  constructor(
    private readonly store: SyncStore,
    private readonly payer: AccountId,
  ) {}

  /** Commit each batch before asking for the next, because chunks of earlier pages are read from the store. */
  async *of(messages: Iterable<LedgerMessage>, page: number): AsyncGenerator<NextBatch> {
    const waiting = new Map<TopicId, LedgerMessage[]>();
    for (const message of messages) {
      const run = waiting.get(message.topicId) ?? [];
      waiting.set(message.topicId, run);
      run.push(message);
      if (run.length < page) continue;
      waiting.delete(message.topicId);
      yield this.batch(message.topicId, run);
    }
    for (const [topicId, run] of waiting) yield this.batch(topicId, run);
  }

  private async batch(topicId: TopicId, messages: readonly LedgerMessage[]): Promise<NextBatch> {
    const before = this.heads.get(topicId) ?? CHAIN_START;
    const deps = {
      store: this.store,
      ledger: {
        mirrors: [],
        choose: neverAsked,
        page: neverAsked,
        message: neverAsked,
        head: neverAsked,
        account: neverAsked,
        accountAt: neverAsked,
      },
      bus: {
        publish: neverAsked,
        publishMissed: neverAsked,
        subscribe: neverAsked,
        lastPublished: neverAsked,
        newEpoch: neverAsked,
        follow: neverAsked,
        close: neverAsked,
      },
      sha384,
      trustedPayers: new Set([this.payer]),
      signatures: noSignatures,
      missed: { unpublished: neverAsked },
      renamedBy: neverAsked,
    };
    const { head, ...batch } = await interpretChecked(deps, topicId, before, messages);
    this.heads.set(topicId, head);
    return { ...batch, advance: { from: before.sequence, to: head, gap: null } };
  }
}
