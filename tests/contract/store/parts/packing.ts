/** Readers see no seam: whatever is packed, and whenever, every answer is the one that a store gives in which nothing is packed. */
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { MAX_CONSENSUS_NS } from "@/lib/core/ledger/consensus-time";
import { TOPIC_KINDS } from "@/lib/core/ledger/ids";
import type { Batch } from "@/lib/core/signals/batch";
import { isPackable } from "@/lib/core/signals/packable";
import { rawQuery } from "@/tests/support/stores/raw-query";
import { type Database, type EmptyStore, emptied, openStore, type Subject } from "@/tests/support/stores/store-opening";
import { at, batchOf, type PlainSignal, seq, timeOf, topic, user } from "@/tests/support/worlds/histories/batches";
import { addTopics } from "../../../support/stores/add-topics";

const T = topic("0.0.7");
const R = topic("0.0.9");
const [A, B, C] = [user("tm-alice"), user("tm-bob"), user("tm-carol")];
const PEOPLE = [A, B, C];
const text = (of: string) => new TextEncoder().encode(of);
/** Numbers 300 to 309 are a declared gap. */
const GAP = { from: seq(300), to: seq(309) };

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

const run = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => signal(from + i));
const behind = (from: number, to: number, change: Partial<PlainSignal> = {}): Batch =>
  batchOf(
    T,
    0,
    run(from, to).map((each) => ({ ...each, ...change })),
    { first: from },
  );

/** The life of a topic. After each step something may be packed. */
const STEPS: readonly ((store: EmptyStore) => Promise<unknown>)[] = [
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
  ({ sync }) => sync.commit(batchOf(T, 530, run(531, 560))),
];

/** Packs everything that can be packed. */
async function packAll({ sync }: EmptyStore): Promise<number> {
  let packed = 0;
  for (const topicId of [T, R])
    for (;;) {
      const range = await sync.nextRange(topicId);
      if (range === null) break;
      const sequences = range.entries.filter(isPackable).map(({ sequence }) => sequence);
      expect(await sync.pack(range, sequences)).toBe(true);
      packed += sequences.length;
    }
  return packed;
}

/** The answers that most readers ask for. */
async function some({ sync, views, ledgerLog }: EmptyStore): Promise<unknown> {
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

/** Everything that the store tells anybody. */
async function told({ sync, views, ledgerLog, admin }: EmptyStore): Promise<unknown> {
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
      written: await views.written(userId, at(0n), 300),
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
    people: await Promise.all(people),
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
    rejected: await admin.rejected(50, 10),
    unverified: await admin.firstUnverified(),
  };
}

export function packingContract(subject: Subject): void {
  let store: EmptyStore;
  const begin = async () => {
    store = await emptied(subject);
    await addTopics(store.registry, [
      { topicId: T, kinds: ["contact", "trust", "profile"] },
      { topicId: R, kinds: ["recognition"] },
    ]);
  };
  beforeEach(begin);
  const inLog = async (topicNo = 1) =>
    Number((await rawQuery(store.db, `SELECT count(*) AS n FROM topic_log WHERE ref >> 40 = ${topicNo}`))[0]?.n);

  it("changes no answer, whenever it happens", async () => {
    const expected: unknown[] = [];
    /** Everything after the first backfill and at the end, because it takes a second; after the other steps some of it. */
    const answers = (i: number) => (i === 3 || i === STEPS.length - 1 ? told(store) : some(store));
    for (const [i, step] of STEPS.entries()) {
      await step(store);
      expected.push(await answers(i));
    }
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { minLength: STEPS.length, maxLength: STEPS.length }), async (packs) => {
        await begin();
        for (const [i, step] of STEPS.entries()) {
          await step(store);
          if (packs[i]) await packAll(store);
          expect(await answers(i)).toEqual(expected[i]);
        }
      }),
      { numRuns: 2, examples: [[STEPS.map(() => true)]] },
    );
  });

  it("takes whole ranges of 256 behind the cursor, and leaves what operators may still have to mend", async () => {
    await store.sync.commit(batchOf(T, 0, run(1, 299)));
    expect(await packAll(store)).toBe(208);
    expect(await inLog()).toBe(299 - 208);
    expect(await store.sync.nextRange(T)).toBeNull();
  });

  it("is done once, however many instances do it, and never after a change", async () => {
    await store.sync.commit(batchOf(T, 0, run(1, 520)));
    const range = await store.sync.nextRange(T);
    if (range === null) throw new Error("there is nothing to pack");
    const sequences = range.entries.filter(isPackable).map(({ sequence }) => sequence);
    const packs = await Promise.all([1, 2, 3].map(() => store.sync.pack(range, sequences)));
    expect(packs.filter((isOurs) => isOurs)).toHaveLength(1);
    const next = await store.sync.nextRange(T);
    if (next === null) throw new Error("there is nothing to pack");
    await store.sync.restore(behind(300, 301, { message: text("another") }));
    expect(await store.sync.pack(next, sequences)).toBe(false);
    expect((await store.sync.log(T, 300, 300))[0]?.message).toEqual(text("another"));
  });

  it("and a repair of the same messages leave each of them once, whichever is between the other's statements", async () => {
    const repairs: ((sync: EmptyStore["sync"]) => Promise<unknown>)[] = [
      (sync) => sync.restore(behind(15, 40, { message: text("another") })),
      (sync) => sync.backfill(behind(43, 43, { entry: {} })),
    ];
    for (const repair of repairs) {
      await begin();
      await store.sync.commit(batchOf(T, 0, run(1, 299)));
      await repair(store.sync);
      const expected = await some(store);
      for (let after = 1; after <= 3; after += 1) {
        await begin();
        await store.sync.commit(batchOf(T, 0, run(1, 299)));
        let [statements, isRepairing] = [0, false];
        const slow = await openStore(
          new Proxy(subject.db(), {
            get: (db, name) =>
              name !== "ask"
                ? Reflect.get(db, name)
                : async (...asked: Parameters<Database["ask"]>) => {
                    const answer = await db.ask(...asked);
                    statements += 1;
                    if (isRepairing && statements === after) await packAll(store);
                    return answer;
                  },
          }),
          "devnet",
        );
        [statements, isRepairing] = [0, true];
        await repair(slow.sync);
        isRepairing = false;
        expect(await some(store)).toEqual(expected);
        await packAll(store);
        expect(await some(store)).toEqual(expected);
      }
    }
  });

  it("ends pages of long messages by their bytes where they ended before", async () => {
    const long = (sequence: number) => ({
      ...{ type: "CONTACT_REQUEST", actor: A, target: B },
      message: new Uint8Array(4_000 + (sequence % 90)).map((_, i) => (sequence * i) % 251),
    });
    const messages = Array.from({ length: 512 }, (_, i) => long(i + 1));
    await store.sync.commit(batchOf(T, 0, messages));
    const pages = async () => {
      const query = {
        topicId: T,
        sequences: { from: 1, to: 600 },
        times: { from: 0n, to: MAX_CONSENSUS_NS as bigint },
      };
      const found = [];
      for (const order of ["asc", "desc"] as const)
        for (const limit of [100, 512]) found.push(await store.ledgerLog.page({ ...query, order, limit }));
      found.push(await store.views.signals(A, { types: [], beforeNs: null, limit: 500, maxRows: 10_000 }));
      found.push(await store.views.signalsAfter(A, 3, 400));
      return found.map(({ rows, ...end }) => ({ sequences: rows.map(({ sequence }) => sequence), ...end }));
    };
    const before = await pages();
    for (const [i, most] of [100, 100, 100, 100, 500, 400].entries())
      expect(before[i]?.sequences.length).toBeLessThan(most);
    await packAll(store);
    expect(await inLog()).toBe(0);
    expect(await pages()).toEqual(before);
  });

  it("waits while a topic is paused, read again or folded again", async () => {
    await store.sync.commit(batchOf(T, 0, run(1, 299)));
    await store.sync.setPaused(T, true);
    expect(await store.sync.nextRange(T)).toBeNull();
    await store.sync.setPaused(T, false);
    await rawQuery(store.db, "UPDATE topics SET decoder_version = 1");
    expect(await store.sync.nextRange(T)).toBeNull();
    await rawQuery(store.db, "UPDATE topics SET decoder_version = 99, projected = 5");
    expect(await store.sync.nextRange(T)).toBeNull();
  });

  describe("a segment that is damaged", () => {
    const damage = () => rawQuery(store.db, "UPDATE topic_segments SET content = '\\x0100'");

    it("is not counted twice where a gap beside it is filled", async () => {
      await store.sync.commit(batchOf(T, 0, run(1, 299)));
      await store.sync.commit(batchOf(T, 299, run(310, 530), { first: 310, gap: GAP }));
      const before = (await store.sync.topic(T))?.counts.messages ?? 0;
      await packAll(store);
      await damage();
      await store.sync.backfill(behind(303, 305));
      expect((await store.sync.topic(T))?.counts.messages).toBe(before + 3);
      await store.sync.restore(behind(310, 400));
      await packAll(store);
      await store.sync.restore(behind(401, 530));
      await store.sync.restore(behind(1, 299));
      expect((await store.sync.topic(T))?.counts.messages).toBe(before + 3);
      await packAll(store);
      expect((await store.sync.log(T, 1, 1_000)).length).toBe(before + 3);
    });

    it("breaks no answer, is counted, and is replaced when its messages come anew", async () => {
      await store.sync.commit(batchOf(T, 0, run(1, 299)));
      const before = await told(store);
      await packAll(store);
      await damage();
      const { rows } = await store.views.signals(A, { types: [], beforeNs: null, limit: 100, maxRows: 10_000 });
      expect(rows.length).toBeLessThan(100);
      await packAll(store);
      expect((await store.sync.log(T, 1, 299)).length).toBeLessThan(299);
      await store.sync.restore(behind(1, 299));
      expect(await told(store)).toEqual(before);
      await packAll(store);
      expect(await told(store)).toEqual(before);
    });
  });

  it("is undone where a topic is started over, and where everything is", async () => {
    for (const forget of [
      async () => {
        await store.sync.startOver(T);
        while ((await store.sync.topic(T))?.isDropping) await store.sync.dropSome(T, 100);
      },
      async () => void (await store.sync.rebuild()),
    ]) {
      await begin();
      await store.sync.commit(batchOf(T, 0, run(1, 299)));
      await packAll(store);
      await forget();
      expect(await store.sync.log(T, 1, 1_000)).toEqual([]);
      expect((await rawQuery(store.db, "SELECT count(*)::int AS n FROM topic_segments"))[0]?.n).toBe(0);
      expect(await store.sync.topic(T)).toMatchObject({ cursor: 0 });
    }
  });
}
