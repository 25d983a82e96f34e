import { beforeEach, expect, it } from "vitest";
import { MAX_MESSAGE_BYTES, MAX_READ_BYTES } from "@/lib/core/bounds";
import type { AccountId, Position, UserId } from "@/lib/core/ledger/ids";
import { GENESIS_HASH } from "@/lib/core/ledger/running-hash";
import { rawQuery } from "@/tests/support/stores/raw-query";
import { type EmptyStore, emptied, type Subject } from "@/tests/support/stores/store-opening";
import {
  at,
  batchOf,
  hashOf,
  type PlainSignal,
  seq,
  timeOf,
  topic,
  user,
} from "@/tests/support/worlds/histories/batches";
import { addTopics } from "../../../support/stores/add-topics";

const T = topic("0.0.7");
const R = topic("0.0.9");
const A = user("tm-alice");
const B = user("tm-bob");
const C = user("tm-carol");

const SIGNALS: readonly PlainSignal[] = [
  { type: "CONTACT_REQUEST", actor: A, target: B, actorHandle: "Alice", actorHrl: "hcs://1/0.0.4" },
  { type: "CONTACT_ACCEPT", actor: B, target: A },
  { type: "TRUST_ALLOCATE", actor: A, target: B, weight: 3 },
  { type: "PROFILE_UPDATE", actor: B, metadata: { handle: "bobby", displayName: "Bob" } },
  { type: "CONTACT_REQUEST", actor: C, target: A },
  { type: "GREETING", actor: C, target: A },
  { type: "CONTACT_RENAME", actor: C, target: A },
  { type: "PROFILE_UPDATE", actor: C, metadata: { handle: "cee" } },
];

export function viewsContract(subject: Subject): void {
  let store: EmptyStore;
  beforeEach(async () => {
    store = await emptied(subject);
    await addTopics(store.registry, [
      { topicId: T, kinds: ["contact", "trust", "profile"] },
      { topicId: R, kinds: ["recognition"] },
    ]);
    await store.sync.commit(batchOf(T, 0, SIGNALS));
  });

  it("show the user's own rows after the database has given the user another number", async () => {
    const before = await store.views.contacts(C);
    expect((await store.views.contacts(A)).edges).not.toEqual(before.edges);
    const rename = (from: string, to: string) =>
      rawQuery(subject.db(), `UPDATE user_heads SET user_id = '${to}' WHERE user_id = '${from}'`);
    await rename(A, "tm-nobody");
    await rename(C, A);
    const { edges } = await store.views.contacts(A);
    expect(edges.map(({ peerId }) => peerId)).toEqual(["tm-nobody"]);
  });

  const sequences = (rows: readonly { sequence: number }[]) => rows.map((row) => row.sequence);
  const signals = (userId: UserId, types: string[], before: bigint | null, limit: number) =>
    store.views.signals(userId, { types, beforeNs: before === null ? null : at(before), limit, maxRows: 10_000 });

  it("answers position 0 and no rows for an unknown user", async () => {
    const nobody = user("nobody");
    expect(await store.views.head(nobody)).toBe(0);
    expect(await store.views.contacts(nobody)).toEqual({ position: 0, edges: [] });
    const none = { rows: [], droppedNs: null };
    expect(await signals(nobody, [], null, 5)).toEqual({ position: 0, nextBeforeNs: null, ...none });
    expect(await store.views.signalsAfter(nobody, 0, 5)).toMatchObject({ rows: [], through: 0, hasDropped: false });
    expect(await store.views.events(nobody, "profile", at(0n), 5)).toEqual({ throughNs: null, ...none });
    expect(await store.views.recognition(nobody, null, 5)).toEqual({
      ...{ position: 0, own: [], nextBeforeNs: null },
      ...none,
    });
    expect([
      await store.views.profiles([nobody]),
      await store.views.profiles([]),
      await store.views.peersOf([nobody]),
    ]).toEqual([[], [], []]);
  });

  it("gives a person's own messages since a time, newest first, with their bytes and payers", async () => {
    const [last, first] = await store.views.written(B, at(0n), 5);
    expect([last?.sequence, first?.sequence]).toEqual([4, 2]);
    const [entry] = await store.sync.log(T, 4, 4);
    expect(last).toEqual({
      topicId: T,
      sequence: 4,
      consensusNs: entry?.consensusNs,
      payer: entry?.payer,
      body: entry?.message,
    });
    expect(sequences(await store.views.written(B, last?.consensusNs ?? at(0n), 5))).toEqual([4]);
    expect(sequences(await store.views.written(B, at(0n), 1))).toEqual([4]);
    expect(await store.views.written(user("nobody"), at(0n), 5)).toEqual([]);
  });

  it("answers a user's edges with the profiles of the peers", async () => {
    const { position, edges } = await store.views.contacts(A);
    expect(position).toBe(6);
    expect(edges).toMatchObject([
      {
        userId: A,
        peerId: B,
        acceptNs: timeOf(T, 2),
        trustOutWeight: 3,
        trustInNs: 0n,
        profile: { handle: "bobby", displayName: "Bob" },
      },
      { userId: A, peerId: C, requestInNs: timeOf(T, 5), profile: { handle: "cee" } },
    ]);
    // Bonded peers come first, whatever is newer.
    expect((await store.views.contacts(A, 1)).edges.map(({ peerId }) => peerId)).toEqual([B]);
    expect((await store.views.peers(A, [C, user("nobody")])).edges).toMatchObject([
      { peerId: C, requestInNs: timeOf(T, 5), profile: { userId: C, handle: "cee", bio: null } },
    ]);
    expect(await store.views.peers(A, [])).toEqual({ position, edges: [] });
    expect((await store.views.contacts(B)).edges).toMatchObject([
      { peerId: A, peerHandle: "Alice", peerHrl: "hcs://1/0.0.4", profile: null },
    ]);
  });

  it("pages signals newest first, and filters them by type", async () => {
    const { position, rows } = await signals(A, [], null, 2);
    expect([position, sequences(rows)]).toEqual([6, [7, 6]]);
    expect(rows[1]).toEqual({
      position: 5,
      topicId: T,
      sequence: 6,
      consensusNs: timeOf(T, 6),
      type: "GREETING",
      peerId: C,
      isActor: false,
      verification: "verified",
      body: new Uint8Array(Buffer.from(`${T}/6`)),
    });
    expect(sequences((await signals(A, [], timeOf(T, 6), 2)).rows)).toEqual([5, 3]);
    expect(sequences((await signals(A, ["GREETING", "CONTACT_ACCEPT"], null, 9)).rows)).toEqual([6, 2]);
    expect(sequences((await signals(A, ["TRUST_ALLOCATE"], timeOf(T, 3), 9)).rows)).toEqual([]);
    expect(sequences((await signals(C, [], null, 9)).rows)).toEqual([8, 7, 6, 5]);
  });

  it("answers what a stream has missed in the order of positions, whatever the ledger's order", async () => {
    await store.sync.commit(batchOf(R, 0, [{ type: "RECOGNITION_MINT", actor: B, target: A, ns: 5n }]));
    const { position, rows } = await store.views.signalsAfter(A, 4, 2);
    expect([position, rows.map((row) => [row.position, row.sequence])]).toEqual([
      7,
      [
        [5, 6],
        [6, 7],
      ],
    ]);
    expect((await store.views.signalsAfter(A, 6, 9)).rows).toMatchObject([
      { position: 7 as Position, topicId: R, consensusNs: 5n },
    ]);
    expect((await store.views.signalsAfter(A, 7, 9)).rows).toEqual([]);
    expect((await store.views.signalsAfter(A, 2 ** 52, 9)).rows).toEqual([]);
  });

  it("answers the events of a kind, oldest first", async () => {
    const events = async (userId: UserId, kind: Parameters<typeof store.views.events>[1], since = 0n, limit = 99) =>
      sequences((await store.views.events(userId, kind, at(since), limit)).rows);
    // GREETING says nothing of itself, so it is of every kind of its topic; CONTACT_RENAME names its kind.
    expect(await events(A, "contact")).toEqual([1, 2, 5, 6, 7]);
    expect(await events(A, "trust")).toEqual([3, 6]);
    expect(await events(A, "contact", timeOf(T, 1), 2)).toEqual([2, 5]);
    // Bob is a contact, Carol is not.
    expect(await events(A, "profile")).toEqual([4, 6]);
    expect(await events(B, "profile")).toEqual([4]);
    expect(await events(C, "profile")).toEqual([6, 8]);
    await store.sync.commit(
      batchOf(R, 0, [
        { type: "RECOGNITION_DEFINITION", actor: C, definitionId: "d" },
        { type: "RECOGNITION_MINT", actor: C, target: B },
      ]),
    );
    expect([await events(A, "recognition"), await events(B, "recognition"), await events(C, "recognition")]).toEqual([
      [1],
      [1, 2],
      [1, 2],
    ]);
    expect(await store.views.events(A, "recognition", at(0n), 1)).toEqual({
      rows: [
        {
          topicId: R,
          sequence: 1,
          consensusNs: timeOf(R, 1),
          signature: null,
          body: new Uint8Array(Buffer.from(`${R}/1`)),
        },
      ],
      throughNs: timeOf(R, 1),
      droppedNs: null,
    });
  });

  it("answers mints to their target only, in pages, with the user's own definitions", async () => {
    const mint = (actor: string, target: string): PlainSignal => ({
      type: "RECOGNITION_MINT",
      actor,
      target,
      definitionId: "d",
    });
    await store.sync.commit(
      batchOf(R, 0, [
        mint(C, A),
        { type: "RECOGNITION_DEFINITION", actor: C, definitionId: "d", metadata: { title: "Deed" } },
        mint(A, B),
        mint(A, A),
        mint(B, A),
      ]),
    );
    const { position, rows, own, nextBeforeNs } = await store.views.recognition(A, null, 2);
    expect([position, sequences(rows), own]).toEqual([10, [5, 4], []]);
    const last = await store.views.recognition(A, nextBeforeNs, 2);
    expect([sequences(last.rows), last.nextBeforeNs]).toEqual([[1], null]);
    expect(sequences((await store.views.recognition(B, null, 9)).rows)).toEqual([3]);
    const deed = { definitionId: "d", title: "Deed", actor: C, topicId: R, sequence: 2 };
    expect((await store.views.recognition(C, null, 2)).own).toMatchObject([deed]);
    expect(await store.views.definitions(["d", "nobody's"])).toMatchObject([deed]);
  });

  it("offers definitions of trusted payers first, then a few of each other payer, in turns", async () => {
    const define = (actor: string | null, id: string, slug: string): PlainSignal => ({
      ...{ type: "RECOGNITION_DEFINITION", actor, definitionId: id, metadata: { title: id, slug } },
    });
    const many = (actor: string, slug: string) =>
      Array.from({ length: 9 }, (_, i) => define(actor, `${actor}-${i}`, slug));
    await store.sync.commit(batchOf(R, 0, [...many(C, "c"), ...many(B, "b"), define(A, "first", "b")]));
    const [entry] = await store.sync.log(R, 1, 1);
    const offered = async (
      trustedPayers: Parameters<typeof store.views.catalogue>[0]["trustedPayers"],
      limit: number,
    ) => {
      const catalogue = await store.views.catalogue({ trustedPayers, limit, limitOfUntrusted: 2 });
      return [catalogue.offered.map(({ definitionId }) => definitionId), catalogue.isCut] as const;
    };
    const firsts = [`${C}-0`, `${B}-0`, "first", `${C}-1`, `${B}-1`];
    expect(await offered(new Set(), 99)).toEqual([firsts, false]);
    expect(await offered(new Set(), 3)).toEqual([firsts.slice(0, 3), true]);
    const everything = await offered("*", 99);
    const [ids, isCut] = everything;
    expect([ids?.length, ids?.slice(0, 7), isCut]).toEqual([19, [...firsts, `${C}-2`, `${B}-2`], false]);
    expect(await offered(new Set([entry?.payer as AccountId]), 99)).toEqual(everything);
    // Several definitions share this slug: the newest counts.
    expect((await store.views.definitions(["b"])).map(({ definitionId }) => definitionId)).toEqual(["first"]);
  });

  const long = (bytes: number): PlainSignal => ({
    type: "NOTE",
    actor: C,
    target: A,
    message: new Uint8Array(bytes).fill(0x78),
  });

  it("shows the longest message that may be, and fills a page with many that are too long", async () => {
    const tooLong = Array.from({ length: 6 }, () => long(500_000));
    await store.sync.commit(batchOf(R, 0, [long(MAX_MESSAGE_BYTES), ...tooLong]));
    const { rows } = await signals(A, ["NOTE"], null, 100);
    expect(rows.map(({ body }) => body?.length ?? null)).toEqual([...tooLong.map(() => null), MAX_MESSAGE_BYTES]);
  });

  it("ends a page early if messages are long, goes on without a hole, and leaves out what is too long to show", async () => {
    await store.sync.commit(batchOf(R, 0, [...Array(40).fill(long(60_000)), long(MAX_MESSAGE_BYTES + 1)]));
    const seen: (readonly [number, number | null])[] = [];
    let pages = 0;
    for (let before: bigint | null = null; ; pages += 1) {
      const page = await signals(A, ["NOTE"], before, 100);
      const bytes = page.rows.reduce((sum, { body }) => sum + (body?.length ?? 0), 0);
      expect(bytes).toBeLessThanOrEqual(MAX_READ_BYTES + MAX_MESSAGE_BYTES);
      seen.push(...page.rows.map(({ sequence, body }) => [sequence, body?.length ?? null] as const));
      if (page.nextBeforeNs === null) break;
      before = page.nextBeforeNs;
    }
    expect(seen).toEqual([[41, null], ...Array.from({ length: 40 }, (_, i) => [40 - i, 60_000])]);
    expect(pages).toBeGreaterThanOrEqual(2);
    const missed: number[] = [];
    for (let after = 6; ; ) {
      const { rows, through, position } = await store.views.signalsAfter(A, after, 200);
      missed.push(...sequences(rows));
      if (through >= position) break;
      after = through;
    }
    expect(missed).toEqual(Array.from({ length: 41 }, (_, i) => i + 1));
  });

  it("answers profiles by id, the peers of several users, and several heads at once", async () => {
    expect((await store.views.profiles([A, B, C])).map((profile) => profile.handle).sort()).toEqual(["bobby", "cee"]);
    const pairs = await store.views.peersOf([A, C]);
    expect(pairs).toContainEqual({ userId: A, peerId: B });
    expect(await store.views.peersOf([])).toEqual([]);
    const heads = await store.views.heads([A, B, "tm-nobody" as UserId]);
    expect([...heads].sort()).toEqual(
      [
        [A, await store.views.head(A)],
        [B, await store.views.head(B)],
      ].sort(),
    );
  });

  it("proves a message to the people whom it concerns, and to nobody else", async () => {
    expect(await store.views.proof(A, T, seq(1))).toMatchObject({
      sequence: 1,
      previousRunningHash: GENESIS_HASH,
      runningHash: hashOf(1),
      verification: "verified",
    });
    expect(await store.views.proof(B, T, seq(3))).toMatchObject({
      consensusNs: timeOf(T, 3),
      previousRunningHash: hashOf(2),
      runningHashVersion: 3,
    });
    expect(await store.views.proof(B, T, seq(5))).toBeNull();
    expect(await store.views.proof(C, T, seq(3))).toBeNull();
    expect(await store.views.proof(A, R, seq(1))).toBeNull();
    expect(await store.views.proof(A, topic("0.0.999"), seq(1))).toBeNull();
    // A number whose last bits are those of a message that is there.
    for (const beyond of [2 ** 40, 2 ** 41, 2 ** 52]) expect(await store.views.proof(A, T, seq(1 + beyond))).toBeNull();
  });

  it("proves every chunk of a message that concerns the user; after a gap the hash before is unknown", async () => {
    const chunk = (number: number) => ({ key: "g", number, total: 2 });
    const gap = { from: seq(1), to: seq(1) };
    await store.sync.commit(
      batchOf(
        R,
        0,
        [
          { type: "X", actor: A, entry: { disposition: "part", chunk: chunk(1) } },
          { type: "RECOGNITION_MINT", actor: A, target: B, entry: { body: Buffer.from("whole"), chunk: chunk(2) } },
        ],
        { first: 2, gap },
      ),
    );
    expect(await store.views.proof(B, R, seq(2))).toMatchObject({
      previousRunningHash: null,
      message: new Uint8Array(Buffer.from(`${R}/2`)),
    });
    expect(await store.views.proof(B, R, seq(3))).toMatchObject({
      previousRunningHash: hashOf(2),
      message: new Uint8Array(Buffer.from(`${R}/3`)),
    });
    expect(await store.views.proof(C, R, seq(2))).toBeNull();
    expect(
      (await store.views.signals(B, { types: [], beforeNs: null, limit: 1, maxRows: 10_000 })).rows[0]?.body,
    ).toEqual(new Uint8Array(Buffer.from("whole")));
  });

  it("names a row's author and its actor", async () => {
    const batch = batchOf(T, (await store.sync.topic(T))?.cursor ?? 0, [
      { type: "PING", actor: A, target: B },
      { type: "PING", actor: A, target: B },
      { type: "PING", actor: A, target: B },
    ]);
    const authors = ["payer", "signature", "both"] as const;
    const rows = batch.rows.map((row) => {
      const author = authors[(row.sequence - (batch.entries[0]?.sequence ?? 0)) as 0 | 1 | 2];
      return author === "payer" ? row : { ...row, author };
    });
    await store.sync.commit({ ...batch, rows });
    for (const user of [A, B]) {
      const page = await store.views.signals(user, { types: ["PING"], beforeNs: null, limit: 3, maxRows: 99 });
      expect(page.rows.map(({ author = "payer" }) => author).toReversed()).toEqual([...authors]);
      expect(new Set(page.rows.map(({ isActor }) => isActor))).toEqual(new Set([user === A]));
    }
    const pings = (await store.views.written(B, at(0n), 99)).filter(({ topicId }) => topicId === T);
    expect(pings.filter(({ sequence }) => sequence >= (batch.entries[0]?.sequence ?? 0))).toEqual([]);
  });

  it("keeps the latest version of a profile, in whatever order versions come", async () => {
    const version = (displayName: string, cameNs: bigint, saidNs?: bigint) => {
      const batch = batchOf(T, 0, [{ type: "PROFILE_UPDATE", actor: A, metadata: { displayName }, ns: cameNs }]);
      const profiles = batch.profiles.map((each) => (saidNs === undefined ? each : { ...each, saidNs: at(saidNs) }));
      return { ...batch, profiles };
    };
    const base = 1_900_000_000_000_000_000n;
    const old = version("Old", base + 1n);
    const now = version("New", base + 5n, base + 4n);
    const repeated = version("Old", base + 9n, base + 1n);
    for (const order of [
      [old, now, repeated],
      [repeated, now, old],
      [now, repeated, old],
    ]) {
      store = await emptied(subject);
      await addTopics(store.registry, [{ topicId: T, kinds: ["profile"] }]);
      for (const [i, batch] of order.entries()) {
        const advance = { from: i, to: { ...batch.advance.to, sequence: i + 1 }, gap: null };
        const sequence = seq(i + 1);
        const entries = batch.entries.map((entry) => ({ ...entry, sequence }));
        const rows = batch.rows.map((row) => ({ ...row, sequence }));
        await store.sync.commit({ ...batch, entries, rows, advance });
      }
      expect((await store.views.profiles([A])).map(({ displayName }) => displayName)).toEqual(["New"]);
    }
  });
}
