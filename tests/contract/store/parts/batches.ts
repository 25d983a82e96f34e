/** Several signals in one ledger message: each reader gets each signal by itself, in its own bytes. */
import { beforeEach, expect, it } from "vitest";
import { CHAIN_START, type ChainHead } from "@/lib/core/ledger/verify";
import type { NextBatch } from "@/lib/core/signals/batch";
import { interpret } from "@/lib/core/signals/interpret";
import { packable } from "@/lib/core/signals/packable";
import { rawQuery } from "@/tests/support/stores/raw-query";
import { type EmptyStore, emptied, type Subject } from "@/tests/support/stores/store-opening";
import { at, seq, topic, user } from "@/tests/support/worlds/histories/batches";
import { packRows } from "@/tests/support/worlds/histories/packed-topics";
import { chainOf, OPERATOR, type Piece, sha384 } from "../../../support/mirrors/chain";
import { addTopics } from "../../../support/stores/add-topics";
import { unwrap } from "../../../support/unwrap";
import { signalBatch } from "../../../support/worlds/histories/signal-batch";

const T = topic("0.0.7");
const [A, B] = [user("tm-alice"), user("tm-bob")];
const ISSUER = `0x${"ab".repeat(20)}` as Parameters<EmptyStore["identities"]["messages"]>[1];

const SIGNALS: readonly object[] = [
  { type: "CONTACT_REQUEST", actor: A, target: B, note: "first" },
  { type: "CONTACT_ACCEPT", actor: B, target: A, note: "second" },
  { type: "TRUST_ALLOCATE", actor: A, target: B, weight: 2 },
  { type: "RECOGNITION_MINT", actor: A, target: B, recognitionId: "kind", note: "mint" },
  { type: "PROFILE_UPDATE", actor: A, displayName: "Alice" },
  { type: "PROFILE_UPDATE", actor: B, displayName: "Bob" },
  { t: "IDENTITY_BIND", sub: `did:ethr:${ISSUER}`, iat: 1_790_000_000, payload: { hedera_account_id: "0.0.7" } },
  { type: "CONTACT_REQUEST", actor: A, target: B, note: "again" },
];
const BATCH = signalBatch(SIGNALS);
const DEFINITION = { type: "RECOGNITION_DEFINITION", actor: B, id: "kind", name: "Kind" };
const DEFINITIONS = signalBatch([SIGNALS[0], DEFINITION]);
const ALONE = { type: "CONTACT_REQUEST", actor: B, target: A, note: "alone" };

/** Batches in the first and the second message, and single signals up to the 256th. */
const PIECES: readonly Piece[] = [
  { body: BATCH },
  { body: DEFINITIONS },
  ...Array.from({ length: 254 }, () => ({ body: ALONE })),
];
const MESSAGES = chainOf(T, PIECES);

function batchFrom(head: ChainHead, from: number, to: number): NextBatch {
  const { head: after, ...batch } = interpret({
    ...{ topicId: T, head, messages: MESSAGES.slice(from, to), priorParts: [] },
    ...{ trustedPayers: new Set([OPERATOR]), sha384 },
  });
  return { ...batch, advance: { from, to: after, gap: null } };
}

const textOf = (body: Uint8Array | null) => (body === null ? null : JSON.parse(new TextDecoder().decode(body)));

export function batchesContract(subject: Subject): void {
  let store: EmptyStore;
  beforeEach(async () => {
    store = await emptied(subject);
    await addTopics(store.registry, [{ topicId: T, kinds: ["contact", "trust", "recognition", "profile"] }]);
    expect(await store.sync.commit(batchFrom(CHAIN_START, 0, MESSAGES.length))).toMatchObject({ kind: "committed" });
  });

  /** Everything that readers are told of the batches. */
  async function told() {
    const { views, identities, ledgerLog, sync } = store;
    const page = { types: [], beforeNs: at(unwrap(MESSAGES[1]).consensusNs + 64n), limit: 50, maxRows: 1_000 };
    return {
      pages: await Promise.all([A, B].map((userId) => views.signals(userId, page))),
      missed: await Promise.all([A, B].map((userId) => views.signalsAfter(userId, 2, 5))),
      events: await Promise.all(
        (["contact", "trust", "recognition", "profile"] as const).map((kind) => views.events(A, kind, at(0n), 8)),
      ),
      written: await views.written(A, at(0n), 20),
      mints: await views.recognition(B, null, 5),
      definitions: await views.definitions(["kind"]),
      profiles: await views.profiles([A, B]),
      identity: await identities.messages(T, ISSUER, 5),
      proofs: await Promise.all([A, B, user("tm-eve")].map((userId) => views.proof(userId, T, seq(1)))),
      log: await sync.log(T, 1, 3),
      mirror: await ledgerLog.page({
        ...{ topicId: T, sequences: { from: 1, to: 3 }, times: { from: 0n, to: 2n ** 62n }, order: "asc", limit: 3 },
      }),
    };
  }

  it("gives each signal its own row, bytes, time and position", async () => {
    const { pages, missed, events, written, mints, definitions, identity, proofs } = await told();
    const { consensusNs } = unwrap(MESSAGES[0]);
    const ofAlice = [0, 1, 2, 3, 4, 7];
    const first = unwrap(pages[0])
      .rows.filter(({ sequence }) => sequence === 1)
      .reverse();
    expect(first.map(({ place = 0, body }) => [place, textOf(body)])).toEqual(
      ofAlice.map((place) => [place, SIGNALS[place]]),
    );
    expect(first.map((row) => row.consensusNs)).toEqual(ofAlice.map((place) => consensusNs + BigInt(place)));
    expect(first.map(({ position }) => position)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(unwrap(missed[0]).rows.map(({ position, place = 0 }) => [position, place])).toEqual(
      [3, 4, 5, 6, 7].map((position) => [position, position === 7 ? 0 : ofAlice[position - 1]]),
    );
    const [contacts, trust, recognitions, profiles] = events.map(({ rows }) => rows.map(({ body }) => textOf(body)));
    expect(unwrap(contacts).slice(0, 4)).toEqual([SIGNALS[0], SIGNALS[1], SIGNALS[7], SIGNALS[0]]);
    expect([trust, recognitions]).toEqual([[SIGNALS[2]], [SIGNALS[3], DEFINITION]]);
    // The other one's profile is known from the profiles, and from no row of the reader.
    expect(profiles).toEqual([SIGNALS[4], SIGNALS[5]]);
    expect(written.map(({ place = 0, body, batch }) => [place, textOf(body), batch])).toEqual([
      [0, SIGNALS[0], DEFINITIONS],
      ...[7, 4, 3, 2, 0].map((place) => [place, SIGNALS[place], BATCH]),
    ]);
    expect(mints.rows.map(({ place, body }) => [place, textOf(body)])).toEqual([[3, SIGNALS[3]]]);
    expect(definitions.map(({ title, sequence }) => [title, sequence as number])).toEqual([["Kind", 2]]);
    expect(identity.map(({ body }) => textOf(body))).toEqual([SIGNALS[6]]);
    expect(proofs.map((proof) => proof?.message ?? null)).toEqual([BATCH, BATCH, null]);
  });

  it("means the same once it is packed", async () => {
    const before = await told();
    const range = unwrap(await store.sync.nextRange(T));
    const packed = packable(range.entries).map(({ sequence }) => sequence);
    expect(packed.includes(seq(1)) && !packed.includes(seq(2))).toBe(true);
    expect(await store.sync.pack(range, packed)).toBe(true);
    expect(await told()).toEqual(before);
    expect(await packRows(store, 5)).toBeGreaterThan(100);
    const segments = () => rawQuery(store.db, "SELECT user_no, first_n FROM user_segments ORDER BY 1, 2");
    const whole = await segments();
    expect(await told()).toEqual(before);
    const { advance: _, ...again } = batchFrom(CHAIN_START, 0, 2);
    await store.sync.restore(again);
    expect(await told()).toEqual(before);
    // Nothing differs, so nothing was unpacked.
    expect(await segments()).toEqual(whole);
  });

  it("is written once, however often it comes", async () => {
    const before = await told();
    const { advance: _, ...again } = batchFrom(CHAIN_START, 0, 2);
    await store.sync.restore(again);
    expect(await told()).toEqual(before);
    expect(await store.views.head(A)).toBe(6 + 1 + 254);
  });

  it("has its rows found by the words of its signals, each under its own place", async () => {
    const words = [{ sequence: seq(1), consensusNs: unwrap(MESSAGES[0]).consensusNs, words: [A, B] }];
    const rows = (await store.sync.rowsOf(T, words)).map(({ row }) => row);
    const fresh = batchFrom(CHAIN_START, 0, 1).rows.filter(({ type }) => type !== "IDENTITY_BIND");
    const byTime = (a: { consensusNs: bigint; userId: string }, b: { consensusNs: bigint; userId: string }) =>
      Number(a.consensusNs - b.consensusNs) || (a.userId < b.userId ? -1 : 1);
    expect([...rows].sort(byTime)).toEqual([...fresh].sort(byTime));
  });
}
