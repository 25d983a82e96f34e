/**
 * Whatever JSON a mirror answers, through the adapter, the sync and the database: nothing throws, nothing stands still, and the
 * messages around what is odd are served.
 */
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { TopicId, UserId } from "@/lib/core/ledger/ids";
import { decodeMessage } from "@/lib/core/signals/envelope";
import type { Stores } from "@/lib/server/boot/app";
import { DrivenClock } from "../../support/control/driven-clock";
import { chainOf } from "../../support/mirrors/chain";
import { EXTREMES, MEMBERS, withMember } from "../../support/mirrors/extreme-json";
import { ledgerOfJson } from "../../support/mirrors/json-mirror";
import { mirrorJson } from "../../support/mirrors/mirror-json";
import { MIRROR_PAGES } from "../../support/mirrors/mirror-pages";
import { addTopics } from "../../support/stores/add-topics";
import { damage, emptyStores } from "../../support/stores/database";
import { syncOf } from "../../support/worlds/topic-sync";

const HEAD_NS = BigInt(new DrivenClock().now()) * 1_000_000n;
/** Far enough for the longest topic here. */
const APART_NS = 100_000_000_000_000n;
/** Each topic has a time of its own. It lies before the mirror's head, however many topics the property makes. */
const startOf = (topic: number) => HEAD_NS - BigInt(topic) * APART_NS;
/** Rounds of the sync until everything that can be stored is: a hole waits for its grace of two minutes. */
const ROUNDS = 200;

let stores: Stores;
let topics = 0;
beforeAll(async () => {
  stores = await emptyStores();
});

async function newTopic(): Promise<TopicId> {
  topics += 1;
  const topicId = `0.0.${50_000 + topics}` as TopicId;
  await addTopics(stores.registry, [{ topicId, kinds: ["contact"] }]);
  return topicId;
}

const honestMessages = (topicId: TopicId, count: number) =>
  chainOf(
    topicId,
    Array.from({ length: count }, (_, i) => ({
      body: { type: "CONTACT_REQUEST", from: `tm-${topics}-${i + 1}`, to: `tm-${topics}` },
      // A start of its own each, so that sweeps have every member of a chunk to change.
      chunk: { key: `175683405${i % 10}.000000321`, number: 1, total: 1 },
    })),
    startOf(topics),
  ).map(mirrorJson);

/** Syncs until the whole topic is behind the cursor, and answers the log. */
async function replay(topicId: TopicId, messages: readonly unknown[]) {
  const clock = new DrivenClock();
  const sync = syncOf(topicId, stores.sync, ledgerOfJson(messages, clock, HEAD_NS), clock);
  for (let i = 0; i < ROUNDS && (sync.cursor ?? 0) < messages.length; i += 1) {
    await clock.drive(sync.run());
    await clock.advance(130_000);
  }
  return { cursor: sync.cursor ?? 0, log: await stores.sync.log(topicId, 1, messages.length) };
}

describe("each page of the collection", () => {
  it.each(MIRROR_PAGES)("$name goes in, and a message after it", async ({ page, expect: expected }) => {
    const topicId = await newTopic();
    const first = Number(page.messages[0]?.sequence_number);
    const messages = page.messages.map((message, i) => ({ ...message, sequence_number: i + 1, topic_id: topicId }));
    const [after] = honestMessages(topicId, 1);
    const { log } = await replay(topicId, [...messages, { ...after, sequence_number: messages.length + 1 }]);
    expect(log).toHaveLength(messages.length + 1);
    // Under another id no hash of a page is right any more: those of its own id are in tests/unit/adapters/mirror/read-message.test.ts.
    const isHashed = page.messages.some(({ running_hash: hash }) => typeof hash === "string" && hash !== "");
    if (!isHashed && first === 1)
      expect(log.slice(0, -1).map(({ disposition }) => disposition)).toEqual(
        // The payers of the collection are nobody's here.
        expected.map(({ disposition }) => (disposition === "signal" ? "untrusted" : disposition)),
      );
  });
});

/** Whether a change puts another hash in the place of the message's own. */
const isForgedHash = (change: unknown) =>
  Array.isArray(change) && change[0]?.[0] === "running_hash" && change[1] === "A".repeat(64);

describe("every member of a message, at every extreme", () => {
  it("is stored or failed with its reason, and every message beside it is served", async () => {
    const topicId = await newTopic();
    const odd = MEMBERS.flatMap((path) => EXTREMES.map((value) => ({ path, value })));
    const honest = honestMessages(topicId, odd.length * 3);
    // The second of each three is odd. Its hash may be of no use for checking the third; the next first one can be checked again.
    const messages = honest.map((message, i) => {
      const { path, value } = odd[Math.floor(i / 3)] as (typeof odd)[number];
      // Which message a chunk is of says nothing where there is one chunk only.
      const base = path.length > 2 ? withMember(message, ["chunk_info", "total"], 2) : message;
      return i % 3 === 1 ? withMember(base, path, value) : message;
    });
    const { cursor, log } = await replay(topicId, messages);
    expect(cursor).toBe(messages.length);
    const bySequence = new Map(log.map((entry) => [entry.sequence as number, entry]));
    for (const [i, { path, value }] of odd.entries()) {
      const what = `${path.join(".")} = ${JSON.stringify(value)?.slice(0, 60)}`;
      expect(bySequence.get(i * 3 + 1), what).toMatchObject({ disposition: "signal" });
      // The message after a forged hash does not follow from it, and fails too.
      const after = isForgedHash([path, value]) ? "failed" : "signal";
      expect(bySequence.get(i * 3 + 3)?.disposition, what).toBe(after);
      // Nothing passed the adapter that the database could not hold.
      expect(bySequence.get(i * 3 + 2)?.reason, what).not.toBe("not-storable");
    }
    const gaps = await stores.sync.gaps(topicId);
    const missing = gaps.reduce((sum, { from, to }) => sum + (to - from + 1), 0);
    expect(log.length + missing).toBe(messages.length);
  });
});

describe("any JSON in place of a message", () => {
  const change = fc.oneof(
    fc.tuple(fc.constantFrom(...MEMBERS), fc.oneof(fc.jsonValue(), fc.constantFrom(...EXTREMES))),
    fc.jsonValue().map((value) => ({ value })),
    fc.constant("copied" as const),
  );

  it("keeps nothing else from being served", async () => {
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.constantFrom("2", "3", "5", "8"), change, { minKeys: 1 }), async (changes) => {
        const topicId = await newTopic();
        const honest = honestMessages(topicId, 12);
        const messages = honest.map((message, i) => {
          const how = changes[String(i + 1)];
          if (how === undefined) return message;
          if (how === "copied") return honest[0];
          return Array.isArray(how) ? withMember(message, how[0], how[1]) : how.value;
        });
        const { cursor, log } = await replay(topicId, messages);
        expect(cursor).toBe(12);
        // One that claims another's number takes it away: nobody can say which of the two it is.
        const claimed = new Set(
          Object.keys(changes).map(
            (n) => (messages[Number(n) - 1] as { sequence_number?: unknown } | null)?.sequence_number,
          ),
        );
        const told = new Map(log.map((entry) => [entry.sequence as number, entry]));
        for (let n = 1; n <= 12; n += 1) {
          const isAfterForged = isForgedHash(changes[String(n - 1)]);
          const isOdd = changes[String(n)] !== undefined || claimed.has(n) || claimed.has(String(n)) || isAfterForged;
          // A message after an absent hash cannot be checked; it is shown all the same.
          if (!isOdd) expect(told.get(n)?.disposition, `message ${n}`).toBe("signal");
          expect(told.get(n)?.reason).not.toBe("not-storable");
        }
      }),
      // A message under another's number, which the look-up of that number does not know.
      { numRuns: 40, examples: [[{ "2": [["sequence_number"], "3"], "3": "copied" }]] },
    );
  });
});

describe("a message that the database refuses all the same", () => {
  const POISON = "0.0.666";

  it.each([
    [
      "for what it means",
      "ALTER TABLE hcs_messages ADD CONSTRAINT refused CHECK (type_name <> 'POISON')",
      "hcs_messages",
      30,
    ],
    ["for who paid", `ALTER TABLE topic_log ADD CONSTRAINT refused CHECK (payer <> '${POISON}')`, "topic_log", 0],
  ])("%s is kept as failed, and the others go in", async (_, constraint, table, keptBytes) => {
    const topicId = await newTopic();
    const ids = [7, 8, 150];
    const honest = chainOf(
      topicId,
      Array.from({ length: 200 }, (_, i) => ({
        body: { type: ids.includes(i + 1) ? "POISON" : "PING", actor: `tm-${topics}-${i}` },
      })),
      startOf(topics),
    ).map(mirrorJson);
    const messages = honest.map((message, i) =>
      ids.includes(i + 1) && table === "topic_log" ? { ...message, payer_account_id: POISON } : message,
    );
    await damage(constraint);
    const { cursor, log } = await replay(topicId, messages).finally(() =>
      damage(`ALTER TABLE ${table} DROP CONSTRAINT refused`),
    );
    expect(cursor).toBe(200);
    const failed = log.filter(({ disposition }) => disposition === "failed");
    expect(failed.map(({ sequence, reason }) => [sequence, reason])).toEqual(ids.map((id) => [id, "not-storable"]));
    expect(failed.every(({ message }) => message.length >= keptBytes)).toBe(true);
    expect(log.filter(({ disposition }) => disposition === "signal")).toHaveLength(197);
  });
});

describe("messages of one person at one time", () => {
  it("are all served, verified and in the order of the ledger where their hashes follow from each other", async () => {
    const topicId = await newTopic();
    const times = [0n, 1n, 1n, 1n, 2n, 0n];
    const pieces = times.map((ns, i) => ({
      body: { type: "PING", actor: `tm-${topics}-same`, i },
      consensusNs: startOf(topics) + ns,
    }));
    const { log } = await replay(topicId, chainOf(topicId, pieces).map(mirrorJson));
    expect(log.map(({ verification, disposition }) => [verification, disposition])).toEqual(
      times.map(() => ["verified", "signal"]),
    );
    const { rows } = await stores.views.signalsAfter(`tm-${topics}-same` as UserId, 0, 10);
    expect(rows.map(({ position, sequence }) => [position, sequence])).toEqual(times.map((_, i) => [i + 1, i + 1]));
  });
});

describe("a chunk that is repeated", () => {
  it("20,000 times costs the same each time, and completes with the first of each number", async () => {
    const topicId = await newTopic();
    const body = JSON.stringify({ type: "CONTACT_REQUEST", from: "tm-chunked", to: "tm-reader", n: "x".repeat(30) });
    const part = (number: number, text: string) => ({
      body: new TextEncoder().encode(text),
      chunk: { key: "1756834059.000000321", number, total: 3 },
    });
    const [first, second, third] = [body.slice(0, 30), body.slice(30, 60), body.slice(60)];
    const pieces = [
      part(2, second),
      ...Array.from({ length: 20_000 }, (_, i) => part(2, `no. ${i}`)),
      part(1, first),
      part(3, third),
      part(3, "late"),
    ];
    const messages = chainOf(topicId, pieces, startOf(topics)).map(mirrorJson);
    let [read, most] = [0, 0];
    const counted: Stores["sync"] = Object.assign(Object.create(stores.sync) as Stores["sync"], {
      parts: async (topic: TopicId, keys: readonly string[]) => {
        const rows = await stores.sync.parts(topic, keys);
        read += rows.length;
        most = Math.max(most, rows.length);
        return rows;
      },
    });
    const clock = new DrivenClock();
    const sync = syncOf(topicId, counted, ledgerOfJson(messages, clock, HEAD_NS), clock);
    await clock.drive(sync.run());
    expect(sync.cursor).toBe(pieces.length);
    // In 41 commits one row each at first, at the end of three.
    expect([most, read]).toEqual([
      expect.toSatisfy((rows: number) => rows <= 3),
      expect.toSatisfy((rows: number) => rows < 60),
    ]);
    const repeats = await stores.sync.log(topicId, 19_000, 19_010);
    expect(repeats.map(({ chunk }) => chunk)).toEqual(repeats.map(() => ({ key: "", number: 2, total: 3 })));
    const { rows } = await stores.views.signalsAfter("tm-reader" as UserId, 0, 10);
    expect(rows.map(({ sequence }) => sequence)).toEqual([pieces.length - 1]);
    expect(decodeMessage(rows[0]?.body ?? new Uint8Array())).toMatchObject({
      ok: true,
      value: { actor: "tm-chunked" },
    });
  });
});
