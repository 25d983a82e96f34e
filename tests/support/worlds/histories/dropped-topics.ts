/** Compares a store with dropped messages with one that has dropped nothing. */
import { segmentStart } from "@/lib/adapters/postgres/codec/log-segment";
import type { ConsensusNs } from "@/lib/core/ledger/consensus-time";
import { MAX_CONSENSUS_NS } from "@/lib/core/ledger/consensus-time";
import { TOPIC_KINDS, type TopicId } from "@/lib/core/ledger/ids";
import { packable } from "@/lib/core/signals/packable";
import type { EmptyStore } from "@/tests/support/stores/store-opening";
import { at, seq } from "./batches";
import { A, B, C, R, T } from "./packed-topics";

const TOPICS = [T, R] as const;
export const EVER = { from: 0n, to: MAX_CONSENSUS_NS as bigint };

/** Drops everything that may be dropped. Resolves to the number of messages and of rows. */
export async function dropAll(
  { sync }: Pick<EmptyStore, "sync">,
  beforeNs: ConsensusNs,
  topics: readonly TopicId[] = TOPICS,
) {
  let [messages, rows] = [0, 0];
  for (const topicId of topics)
    for (let range = await sync.nextDrop(topicId, beforeNs); range; range = await sync.nextDrop(topicId, beforeNs))
      if (await sync.drop(range)) messages += range.messages;
  for (;;) {
    const dropped = await sync.dropRows(MAX_CONSENSUS_NS);
    if (dropped.people === 0) return { messages, rows };
    rows += dropped.rows;
  }
}

export async function droppedThrough({ sync }: Pick<EmptyStore, "sync">): Promise<ReadonlyMap<TopicId, number>> {
  return new Map((await sync.topics()).map(({ topicId, dropped }) => [topicId, dropped.through]));
}

/** Everything that is stored, answer by answer, without the ends of pages. */
export async function everything({ sync, views, ledgerLog, admin }: EmptyStore) {
  const people = [A, B, C].map(async (userId) => {
    const rows = [];
    let droppedNs = null as ConsensusNs | null;
    for (let beforeNs = null as ConsensusNs | null; ; ) {
      const page = await views.signals(userId, { types: [], beforeNs, limit: 90, maxRows: 10_000 });
      rows.push(...page.rows);
      droppedNs = page.droppedNs;
      beforeNs = page.nextBeforeNs;
      if (beforeNs === null) break;
    }
    const events = TOPIC_KINDS.map(async (kind) => (await views.events(userId, kind, at(0n), 2_000)).rows);
    const recognition = await views.recognition(userId, null, 2_000);
    return {
      ...{ userId, rows, droppedNs, head: await views.head(userId) },
      events: await Promise.all(events),
      written: await views.written(userId, at(0n), 2_000),
      mints: recognition.rows,
      own: recognition.own,
      contacts: await views.contacts(userId),
      profiles: await views.profiles([userId]),
    };
  });
  const pages = TOPICS.map(async (topicId) => {
    const query = { topicId, sequences: { from: 1, to: 2 ** 40 - 1 }, times: EVER, limit: 2_000 };
    return (await ledgerLog.page({ ...query, order: "asc" })).rows;
  });
  return {
    people: await Promise.all(people),
    logs: await Promise.all(TOPICS.map((topicId) => sync.log(topicId, 1, 10_000))),
    pages: await Promise.all(pages),
    state: (await sync.topics()).map(({ counts, cursor, headHash, headNs }) => ({ counts, cursor, headHash, headNs })),
    // In no order of their own.
    definitions: (await views.definitions(["d13", "d53", "d93"])).toSorted((a, b) =>
      a.definitionId < b.definitionId ? -1 : 1,
    ),
    gaps: (await Promise.all(TOPICS.map((topicId) => sync.gaps(topicId))))
      .flat()
      .map(({ from, to, state }) => [from, to, state]),
    open: await Promise.all(TOPICS.map((topicId) => sync.unsettled(topicId, 100))),
    rejected: await admin.rejected(50, 10),
    proofs: await Promise.all([11, 43, 258, 304, 515, 540].map((n) => views.proof(A, T, seq(n)))),
  };
}
export type Everything = Awaited<ReturnType<typeof everything>>;

/** The same without what `has` has not kept. */
export function keptOf(all: Everything, has: Everything): Everything {
  const kept = TOPICS.map((_, i) => new Set<number>(has.logs[i]?.map(({ sequence }) => sequence)));
  const isKept = ({ topicId, sequence }: { readonly topicId: TopicId; readonly sequence: number }) =>
    kept[TOPICS.indexOf(topicId)]?.has(sequence) ?? false;
  return {
    ...all,
    people: all.people.map((person, i) => ({
      ...person,
      droppedNs: has.people[i]?.droppedNs ?? null,
      rows: person.rows.filter(isKept),
      events: person.events.map((events) => events.filter(isKept)),
      written: person.written.filter(isKept),
      mints: person.mints.filter(isKept),
    })),
    logs: all.logs.map((entries, i) => entries.filter(({ sequence }) => kept[i]?.has(sequence))),
    pages: all.pages.map((entries, i) => entries.filter(({ sequence }) => kept[i]?.has(sequence))),
    // The hash before a message is known if that message is kept, or is the last one that was dropped.
    proofs: all.proofs.map((proof, i) =>
      proof !== null && isKept(proof)
        ? { ...proof, previousRunningHash: has.proofs[i]?.previousRunningHash ?? null }
        : null,
    ),
  };
}

/** The messages of `all` that must be kept: those behind the dropped range, and those that are never packed. */
export const mustKeep = (all: Everything, through: ReadonlyMap<TopicId, number>): readonly (readonly number[])[] =>
  all.logs.map((entries, i) => {
    const starts = [...new Set(entries.map(({ sequence }) => segmentStart(sequence)))];
    const isPacked = new Set(
      starts.flatMap((start) => packable(entries.filter(({ sequence }) => segmentStart(sequence) === start))),
    );
    return entries
      .filter((entry) => entry.sequence > (through.get(TOPICS[i] as TopicId) ?? 0) || !isPacked.has(entry))
      .map(({ sequence }) => sequence as number);
  });
