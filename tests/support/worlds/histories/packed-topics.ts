/** The history of two topics in which messages are repaired, repeated and packed, and everything that a store tells of it. */
import { expect } from "vitest";
import { MAX_CONSENSUS_NS } from "@/lib/core/ledger/consensus-time";
import { TOPIC_KINDS } from "@/lib/core/ledger/ids";
import type { Batch } from "@/lib/core/signals/batch";
import { packable } from "@/lib/core/signals/packable";
import { addTopics } from "@/tests/support/stores/add-topics";
import { rawQuery } from "@/tests/support/stores/raw-query";
import type { EmptyStore } from "@/tests/support/stores/store-opening";
import { at, batchOf, type PlainSignal, seq, timeOf, topic, user } from "./batches";

export const T = topic("0.0.7");
export const R = topic("0.0.9");
export const A = user("tm-alice");
export const B = user("tm-bob");
export const C = user("tm-carol");
const PEOPLE = [A, B, C];
export const text = (of: string) => new TextEncoder().encode(of);
/** Numbers 300 to 309 are a declared gap. */
export const GAP = { from: seq(300), to: seq(309) };

/** The message of a sequence number: all kinds, and now and then one that is not packed. */
function signal(sequence: number): PlainSignal {
  const [actor, target] = [PEOPLE[sequence % 3], PEOPLE[(sequence + 1) % 3]] as [string, string];
  const request: PlainSignal = { type: "CONTACT_REQUEST", actor, target };
  const group = `0.0.5@${Math.floor(sequence / 40)}`;
  switch (sequence % 40) {
    case 3:
      return { ...request, entry: { verification: "failed", disposition: "failed", reason: "hash-mismatch" } };
    case 5:
      return { ...request, entry: { disposition: "undecodable", reason: "not-json" } };
    case 7:
      return { ...request, entry: { verification: "unverifiable", reason: "no-payer", payer: null } };
    case 9:
      return { ...request, entry: { disposition: "part", chunk: { key: group, number: 1, total: 2 } } };
    case 11:
      return { ...request, entry: { body: text(`whole ${sequence}`), chunk: { key: group, number: 2, total: 2 } } };
    case 13:
      return {
        ...{ type: "RECOGNITION_DEFINITION", actor, definitionId: `d${sequence}`, metadata: { name: "n" } },
        message: text(JSON.stringify({ type: "RECOGNITION_DEFINITION", from: actor, id: `d${sequence}`, name: "n" })),
      };
    case 15:
      return { type: "RECOGNITION_MINT", actor, target, definitionId: "d13" };
    case 17:
      return { type: "PROFILE_UPDATE", actor, metadata: { handle: `h${sequence}` } };
    case 19:
      return { ...request, message: new Uint8Array(9_000).fill(sequence % 256) };
    case 21:
      return { ...request, entry: { signature: "both", chunkInfo: '{"odd":true}' } };
    case 23:
      return { type: "TRUST_ALLOCATE", actor, target, weight: 2 };
    case 25:
      return { type: "GREETING", actor, target };
    default:
      return request;
  }
}

export const run = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => signal(from + i));
export const behind = (from: number, to: number, change: Partial<PlainSignal> = {}): Batch =>
  batchOf(
    T,
    0,
    run(from, to).map((each) => ({ ...each, ...change })),
    { first: from },
  );

/** The life of a topic. After each step something may be packed. */
export const STEPS: readonly ((store: EmptyStore) => Promise<unknown>)[] = [
  ({ sync }) => sync.commit(batchOf(T, 0, run(1, 299))),
  ({ sync }) => sync.commit(batchOf(R, 0, run(1, 256))),
  ({ sync }) => sync.commit(batchOf(T, 299, run(310, 530), { first: 310, gap: GAP })),
  // A part of the gap comes.
  ({ sync }) => sync.backfill(behind(303, 305)),
  // A message that had failed is right now.
  ({ sync }) => sync.backfill(behind(43, 43, { entry: {} })),
  // Stored messages come anew: some as they were, and some otherwise.
  ({ sync }) => sync.restore(behind(500, 520)),
  ({ sync }) => sync.restore(behind(20, 24, { message: text("another") })),
  // Rows mean something else, have another peer, and belong to others.
  ({ sync }) => sync.restore(behind(100, 102, { type: "GREETING" })),
  ({ sync }) => sync.restore(behind(104, 105, { target: null })),
  ({ sync }) => sync.restore(behind(107, 108, { actor: C, target: A })),
  ({ sync }) => sync.commit(batchOf(T, 530, run(531, 560))),
];

/** Packs the rows of people in short segments, so that a few hundred messages fill many. Resolves to the number of rows. */
export async function packRows({ db }: Pick<EmptyStore, "db">, length = 16): Promise<number> {
  let packed = 0;
  for (;;) {
    const [did] = await rawQuery(db, "SELECT * FROM pack_rows($1::bigint, $1::bigint, 4, 3, $2::integer, 4)", [
      String(MAX_CONSENSUS_NS),
      length,
    ]);
    if (Number(did?.looked) === 0) return packed;
    packed += Number(did?.packed);
  }
}

/** Packs everything that can be packed. Resolves to the number of messages. */
export async function packAll(store: EmptyStore): Promise<number> {
  await packRows(store);
  const { sync } = store;
  let packed = 0;
  for (const topicId of [T, R])
    for (;;) {
      const range = await sync.nextRange(topicId);
      if (range === null) break;
      const sequences = packable(range.entries).map(({ sequence }) => sequence);
      expect(await sync.pack(range, sequences)).toBe(true);
      packed += sequences.length;
    }
  return packed;
}

/** The answers that most readers ask for. */
export async function some({ sync, views, ledgerLog }: EmptyStore): Promise<unknown> {
  const page = { topicId: T, times: { from: 0n, to: MAX_CONSENSUS_NS as bigint }, limit: 30 };
  return [
    await sync.log(T, 1, 1_000),
    await views.signals(A, { types: [], beforeNs: null, limit: 100, maxRows: 10_000 }),
    await views.signalsAfter(B, 30, 200),
    await ledgerLog.page({ ...page, sequences: { from: 250, to: 600 }, order: "asc" }),
    await ledgerLog.page({ ...page, sequences: { from: 1, to: 600 }, order: "desc" }),
    (await sync.topics()).map(({ counts, cursor, headHash }) => ({ counts, cursor, headHash })),
  ];
}

export const wordedIn = (topicId: typeof T) => (n: number) => ({
  ...{ sequence: seq(n), consensusNs: timeOf(topicId, n), words: [...PEOPLE, "no-one"] },
});
export const worded = wordedIn(T);

/** Everything that the store tells anybody. */
export async function told({ sync, views, ledgerLog, admin }: EmptyStore): Promise<unknown> {
  const ever = { from: 0n, to: MAX_CONSENSUS_NS as bigint };
  const people = PEOPLE.map(async (userId) => {
    const pages = [];
    for (let beforeNs = null as ReturnType<typeof at> | null; ; ) {
      const page = await views.signals(userId, { types: [], beforeNs, limit: 90, maxRows: 10_000 });
      pages.push(page);
      beforeNs = page.nextBeforeNs;
      if (beforeNs === null) break;
    }
    const some = { types: ["GREETING", "TRUST_ALLOCATE"], beforeNs: null, limit: 20, maxRows: 400 };
    return {
      pages,
      some: await views.signals(userId, some),
      missed: [await views.signalsAfter(userId, 0, 60), await views.signalsAfter(userId, 150, 500)],
      events: await Promise.all(TOPIC_KINDS.map((kind) => views.events(userId, kind, at(0n), 200))),
      later: await Promise.all(TOPIC_KINDS.map((kind) => views.events(userId, kind, timeOf(T, 140), 5))),
      written: [await views.written(userId, at(0n), 300), await views.written(userId, timeOf(T, 250), 9)],
      recognition: await views.recognition(userId, null, 9),
      contacts: await views.contacts(userId),
      proofs: await Promise.all([1, 9, 11, 43, 256, 257, 304, 513, 9_999].map((n) => views.proof(userId, T, seq(n)))),
    };
  });
  const page = (query: object) =>
    ledgerLog.page({
      topicId: T,
      sequences: { from: 1, to: 2 ** 40 - 1 },
      times: ever,
      order: "asc",
      limit: 100,
      ...query,
    });
  return {
    views: await Promise.all(people),
    log: [await sync.log(T, 1, 1_000), await sync.log(T, 250, 260), await sync.log(R, 1, 1_000)],
    parts: await sync.parts(T, ["0.0.5@0", "0.0.5@3", "0.0.5@12", "none"]),
    open: [await sync.failed(T, 100), await sync.unsettled(T, 100)],
    mirror: await Promise.all([
      page({}),
      page({ order: "desc" }),
      page({ sequences: { from: 240, to: 270 } }),
      page({ sequences: { from: 255, to: 330 }, limit: 7 }),
      page({ sequences: { from: 1, to: 260 }, order: "desc", limit: 25 }),
      page({ times: { from: timeOf(T, 200), to: timeOf(T, 205) } }),
      page({ times: { from: timeOf(T, 290), to: timeOf(T, 600) }, order: "desc", limit: 30 }),
      page({ sequences: { from: 559, to: 2 ** 40 - 1 } }),
      page({ topicId: topic("0.0.4") }),
    ]),
    at: await Promise.all([1, 43, 256, 300, 304, 513, 559, 900].map((n) => ledgerLog.at(timeOf(T, n)))),
    topics: (await sync.topics()).map(({ counts, cursor, headHash }) => ({ counts, cursor, headHash })),
    rows: (await sync.rowsOf(T, [1, 9, 23, 256, 304, 531].map(worded))).map(({ row, rowNs }) => ({ row, rowNs })),
    people: await admin.peopleByTopic(),
    rejected: await admin.rejected(50, 10),
    unverified: await admin.firstUnverified(),
  };
}

export const addPackedTopics = ({ registry }: Pick<EmptyStore, "registry">) =>
  addTopics(registry, [
    { topicId: T, kinds: ["contact", "trust", "profile"] },
    { topicId: R, kinds: ["recognition"] },
  ]);
