import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AccountId, TopicId, UserId } from "@/lib/core/ledger/ids";
import { CHAIN_START, type ChainHead } from "@/lib/core/ledger/verify";
import type { LogEntry, NextBatch, UserRow } from "@/lib/core/signals/batch";
import { decodeMessage, parseBody } from "@/lib/core/signals/envelope";
import { interpret, project } from "@/lib/core/signals/interpret";
import { wordsIn } from "@/lib/core/signals/outdated";
import type { DecodedMessage } from "@/lib/core/signals/projection";
import { type RereadDeps, rereadTopics } from "@/lib/engine/repair/reread";
import { storedParts } from "@/lib/engine/sync/commit";
import type { SyncStore } from "@/lib/ports/store/sync-store";
import type { TopicState } from "@/lib/ports/store/topic-store";
import type { Stores } from "@/lib/server/boot/app";
import { differences, STORED_FLAWS, STORED_LINES } from "../../support/fleet/stored-state";
import { chainOf, chunked, OPERATOR, type Piece, sha384 } from "../../support/mirrors/chain";
import { quietLog } from "../../support/quiet-log";
import { VECTORS } from "../../support/repository/vectors";
import { addTopics } from "../../support/stores/add-topics";
import { damage, emptyStores, stored } from "../../support/stores/database";
import { deed } from "../../support/worlds/histories";

const TOPICS = ["0.0.101", "0.0.102"] as TopicId[];
const trustedPayers = new Set<AccountId>([OPERATOR]);

/** An earlier decoder's reading of a message: the same, nothing, or another meaning made of the message's own words. */
type Earlier =
  | "same"
  | "undecodable"
  | { readonly type: string; readonly picks: readonly [number, number, number]; readonly weight: number };

const EARLIER_TYPES = [
  "CONTACT_ACCEPT",
  "CONTACT_REVOKE",
  "TRUST_ALLOCATE",
  "PROFILE_UPDATE",
  "RECOGNITION_DEFINITION",
  "SIGNAL_MINT",
];
const earlier: fc.Arbitrary<Earlier> = fc.oneof(
  { weight: 3, arbitrary: fc.constant("same" as const) },
  { weight: 2, arbitrary: fc.constant("undecodable" as const) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constantFrom(...EARLIER_TYPES),
      picks: fc.tuple(fc.nat(20), fc.nat(20), fc.nat(20)),
      weight: fc.integer({ min: 1, max: 3 }),
    }),
  },
);
const forms = VECTORS.flatMap(({ message }) => (message === undefined ? [] : [message]));
const person = fc.constantFrom("tm-a", "tm-b", "tm-c");
const body: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 3, arbitrary: deed },
  { weight: 4, arbitrary: fc.constantFrom(...forms) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant("RECOGNITION_DEFINITION"),
      from: person,
      id: fc.constantFrom("d", "e"),
      name: person,
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("PROFILE_UPDATE"), from: person, displayName: person }) },
);
const message = fc.record({ body, earlier, isSplit: fc.boolean(), isStranger: fc.boolean() });
const history = fc.tuple(
  fc.array(message, { minLength: 1, maxLength: 25 }),
  fc.array(message, { minLength: 1, maxLength: 25 }),
);
type History = typeof history extends fc.Arbitrary<infer H> ? H : never;

const piecesOf = (messages: History[number]): readonly Piece[] =>
  messages.flatMap(({ body: each, isSplit, isStranger }, i) => {
    if (isSplit) return chunked(each, `key${i}`, 60).slice(0, 50);
    return [isStranger ? { body: each, payer: "0.0.666" as AccountId } : { body: each }];
  });

/** The batch that an earlier version would have stored, with the same log and the same chain. */
function asBefore(batch: NextBatch, meanings: readonly Earlier[]): NextBatch {
  let nth = 0;
  const rows: UserRow[] = [];
  const signals: DecodedMessage[] = [];
  const entries = batch.entries.map((entry): LogEntry => {
    const { sequence, consensusNs, verification, disposition } = entry;
    if (disposition === "part" || disposition === "failed") return entry;
    const meaning = meanings[nth++ % meanings.length] as Earlier;
    const place = { topicId: batch.topicId, sequence, consensusNs };
    if (meaning === "same") {
      const decoded = disposition === "signal" ? decodeMessage(entry.body ?? entry.message) : null;
      if (decoded?.ok) signals.push({ ...place, decoded: decoded.value });
      rows.push(...batch.rows.filter((row) => row.sequence === sequence));
      return entry;
    }
    const json = parseBody(entry.body ?? entry.message);
    const words = wordsIn(json.ok ? json.value : null);
    const [people, ids] = [[...words.people], [...words.ids]];
    if (meaning === "undecodable" || people.length === 0)
      return { ...entry, disposition: "undecodable", reason: "no-target" };
    const { type, weight, picks } = meaning;
    const actor = people[picks[0] % people.length] as UserId;
    const hasTarget = type !== "PROFILE_UPDATE" && type !== "RECOGNITION_DEFINITION";
    const target = hasTarget ? (people[picks[1] % people.length] as UserId) : null;
    const common = { sequence, consensusNs, verification, type };
    rows.push({ ...common, userId: actor, peerId: target, isActor: true });
    if (target !== null && target !== actor) rows.push({ ...common, userId: target, peerId: actor, isActor: false });
    const definition = { id: ids[picks[2] % ids.length] as string, fields: { title: "Earlier" } };
    signals.push({
      ...place,
      decoded: {
        ...{ type, actor, target, weight },
        ...(type === "RECOGNITION_DEFINITION" ? { definitions: [definition] } : {}),
        metadata: { displayName: "Earlier" },
        actorParty: { handle: "Earlier", hrl: null },
        targetParty: { handle: null, hrl: "hrl:earlier" },
      },
    });
    return { ...entry, disposition: "signal", reason: null };
  });
  return { ...batch, entries, rows, ...project(signals) };
}

const RANGE_OF_COMMITS = 7;

/** Stores both topics, as this version or as an earlier one. */
async function filled(topics: History, isEarlier: boolean): Promise<Stores> {
  const stores = await emptyStores();
  await addTopics(
    stores.registry,
    TOPICS.map((topicId) => ({ topicId, kinds: ["contact"] })),
  );
  for (const [i, messages] of topics.entries()) await fill(stores.sync, i, messages, isEarlier);
  return stores;
}

async function fill(sync: SyncStore, i: number, messages: History[number], isEarlier: boolean): Promise<void> {
  const topicId = TOPICS[i] as TopicId;
  const chain = chainOf(topicId, piecesOf(messages), 1_790_000_000_000_000_000n + BigInt(i) * 500_000_007n);
  const { cursor, headHash } = (await sync.topic(topicId)) as TopicState;
  let head: ChainHead = cursor === 0 ? CHAIN_START : { sequence: cursor, hash: headHash, consensusNs: 0n };
  for (let from = cursor; from < chain.length; from += RANGE_OF_COMMITS) {
    const run = chain.slice(from, from + RANGE_OF_COMMITS);
    const priorParts = await storedParts(sync, topicId, run);
    const { head: to, ...batch } = interpret({ topicId, head, messages: run, priorParts, trustedPayers, sha384 });
    const next: NextBatch = { ...batch, advance: { from, to, gap: null } };
    const meanings = messages.map(({ earlier: meaning }) => meaning);
    expect(await sync.commit(isEarlier ? asBefore(next, meanings) : next)).toMatchObject({ kind: "committed" });
    head = to;
  }
}

/** The columns as an earlier version leaves them. */
const AS_EARLIER = "UPDATE topics SET interpreted = 0, decoder_version = 1";

const stateOf = async () => {
  const lines = await stored(`SELECT line FROM (${STORED_LINES}) AS x (line) ORDER BY line COLLATE "C"`);
  expect(await stored(STORED_FLAWS)).toEqual([]);
  // People whom only an earlier decoder named keep their number.
  return lines.map(({ line }) => String(line)).filter((line) => !/^user \S+ 0$/.test(line));
};

const depsOf = ({ sync }: Pick<Stores, "sync">, bus: RereadDeps["bus"] = { publish: async () => {} }): RereadDeps => ({
  ...{ store: sync, bus, sha384, trustedPayers, log: quietLog, clock: { sleep: async () => {} }, range: 3 },
});

/** Reads everything again. Each of the store's methods may fail instead of being called, or after it was. */
async function rereadThrough(stores: Stores, failures: Iterator<number>): Promise<void> {
  let left = failures.next().value as number;
  const method = (target: SyncStore, name: string | symbol) => {
    const value = Reflect.get(target, name) as (...args: unknown[]) => Promise<unknown>;
    return async (...args: unknown[]) => {
      left -= 1;
      if (left === 0) throw new Error("killed");
      const answer = await value.apply(target, args);
      if (left === -1) throw new Error("killed");
      return answer;
    };
  };
  const sync = new Proxy(stores.sync, { get: method });
  for (;;) {
    try {
      return await rereadTopics(depsOf({ sync }), new AbortController().signal);
    } catch (cause) {
      expect(String(cause)).toBe("Error: killed");
      left = (failures.next().value as number | undefined) ?? Number.POSITIVE_INFINITY;
    }
  }
}

async function expectAsReplayed(topics: History, reread: (stores: Stores) => Promise<void>): Promise<void> {
  await filled(topics, false);
  const replayed = await stateOf();
  const stores = await filled(topics, true);
  await damage(AS_EARLIER);
  await reread(stores);
  expect(differences(replayed, await stateOf())).toEqual([]);
  expect((await stores.sync.topics()).map(({ isReread }) => isReread)).toEqual([true, true]);
}

const never = () => [Number.POSITIVE_INFINITY].values();

describe("a log that an earlier decoder has read", () => {
  it("ends as a clean replay has it, whatever that decoder made of the messages", async () => {
    await fc.assert(
      fc.asyncProperty(history, (topics) => expectAsReplayed(topics, (stores) => rereadThrough(stores, never()))),
      { numRuns: 12, endOnFailure: true },
    );
  });

  it("ends the same if the process is killed before or after any statement", async () => {
    const kills = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(history, kills, (topics, at) =>
        expectAsReplayed(topics, (stores) => rereadThrough(stores, at.values())),
      ),
      { numRuns: 8, endOnFailure: true },
    );
  });
});
