import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AccountId, TopicId } from "@/lib/core/ledger/ids";
import type { LedgerMessage } from "@/lib/core/ledger/message";
import { CHAIN_START, type ChainHead } from "@/lib/core/ledger/verify";
import type { LogEntry, UserRow } from "@/lib/core/signals/batch";
import {
  type Interpretation,
  interpret,
  ledgerMessageOf,
  projectStored,
  type TrustedPayers,
} from "@/lib/core/signals/interpret";
import { chainOf, chunked, OPERATOR, type Piece, sha384 } from "../../../support/mirrors/chain";
import { unwrap } from "../../../support/unwrap";
import { deed } from "../../../support/worlds/histories/histories";

const TOPIC = "0.0.5005" as TopicId;
const STRANGER = "0.0.666" as AccountId;
const TRUSTED: TrustedPayers = new Set([OPERATOR]);

const run = (messages: readonly LedgerMessage[], trustedPayers: TrustedPayers = TRUSTED): Interpretation =>
  interpret({ topicId: TOPIC, head: CHAIN_START, messages, priorParts: [], trustedPayers, sha384 });
const runPieces = (pieces: readonly Piece[], trustedPayers: TrustedPayers = TRUSTED) =>
  run(chainOf(TOPIC, pieces), trustedPayers);

const request = (actor = "tm-a", target = "tm-b") => ({ type: "CONTACT_REQUEST", actor, target });
const fates = ({ entries }: Interpretation) => entries.map((entry) => [entry.disposition, entry.reason]);
const part = (text: string, number: number, total: number, key = "k", payer = OPERATOR): Piece => ({
  body: Buffer.from(text),
  payer,
  chunk: { key, number, total },
});

describe("a message", () => {
  it("becomes one row for its actor and one for its target", () => {
    const { rows, entries } = runPieces([{ body: request() }]);
    const { consensusNs, sequence } = unwrap(entries[0]);
    const common = { consensusNs, sequence, type: "CONTACT_REQUEST", verification: "verified" };
    expect(rows).toEqual([
      { ...common, userId: "tm-a", peerId: "tm-b", isActor: true },
      { ...common, userId: "tm-b", peerId: "tm-a", isActor: false },
    ]);
  });

  it("becomes one row if actor and target are one person, or if there is no target", () => {
    const mint = { type: "RECOGNITION_MINT", actor: "tm-a", target: "tm-a", recognitionId: "x" };
    const profile = { type: "PROFILE_UPDATE", actor: "tm-b", displayName: "B" };
    const { rows } = runPieces([{ body: mint }, { body: profile }]);
    expect(rows.map((row) => [row.userId, row.peerId, row.isActor])).toEqual([
      ["tm-a", "tm-a", true],
      ["tm-b", null, true],
    ]);
  });

  it("about an identity becomes a row of that identity, whose id nobody can have", () => {
    const sub = `did:ethr:0x${"aB".repeat(20)}`;
    const bind = { t: "IDENTITY_BIND", sub, iat: 1_790_000_000, payload: { hedera_account_id: "0.0.7" } };
    const { rows } = runPieces([
      { body: bind },
      { body: { ...bind, sub: "did:key:z6mk" } },
      { body: bind, payer: STRANGER },
    ]);
    expect(rows.map((row) => [row.userId, row.peerId, row.isActor, row.type, row.sequence])).toEqual([
      [`issuer ${sub.toLowerCase()}`, null, true, "IDENTITY_BIND", 1],
    ]);
  });

  it("becomes no row if it names nobody, and its definition still counts", () => {
    const { rows, definitions } = runPieces([{ body: { kind: "RECOGNITION_DEFINITION", id: "kind" } }]);
    expect(rows).toEqual([]);
    expect(definitions).toHaveLength(1);
  });

  it("that does not decode is kept with its reason and blocks nothing", () => {
    const view = runPieces([
      { body: Buffer.from([0xff]) },
      { body: Buffer.from("{") },
      { body: 5 },
      { body: request() },
    ]);
    expect(fates(view)).toEqual([
      ["undecodable", "not-utf8"],
      ["undecodable", "not-json"],
      ["undecodable", "not-an-object"],
      ["signal", null],
    ]);
    expect(view.rows).toHaveLength(2);
  });

  it("that fails verification is kept, has no row and changes no projection", () => {
    const chain = chainOf(TOPIC, [{ body: request() }, { body: request("tm-c", "tm-d") }]);
    const forged = chain.map((message, i) =>
      i === 0 ? { ...message, message: Buffer.from('{"type":"X","actor":"tm-x"}') } : message,
    );
    const view = run(forged);
    expect(fates(view)).toEqual([
      ["failed", "hash-mismatch"],
      ["signal", null],
    ]);
    expect(view.rows.map((row) => row.userId)).toEqual(["tm-c", "tm-d"]);
    expect(view.edges.map((edge) => edge.userId)).toEqual(["tm-c", "tm-d"]);
    expect(view.entries[0]?.message).toEqual(forged[0]?.message);
  });

  it("that cannot be verified is shown as such", () => {
    const chain = chainOf(TOPIC, [{ body: request() }]).map((message) => ({ ...message, runningHash: null }));
    const view = run(chain);
    expect(view.rows.map((row) => row.verification)).toEqual(["unverifiable", "unverifiable"]);
    expect(fates(view)).toEqual([["signal", "no-hash"]]);
  });

  it("that has a verdict keeps it and does not move the chain", () => {
    const [message] = chainOf(TOPIC, [{ body: request() }]);
    const judged = { ...unwrap(message), verdict: { verification: "unverifiable", reason: "no-predecessor" } } as const;
    const view = run([judged]);
    expect(view.head).toEqual(CHAIN_START);
    expect(view.rows[0]?.verification).toBe("unverifiable");
  });
});

describe("a message that cannot be accepted as the mirror reports it", () => {
  it.each([
    "bad-time",
    "bad-bytes",
    "bad-hash",
    "bad-version",
    "not-a-message",
    "not-storable",
    "ahead-of-ledger",
  ] as const)("for %s has failed, with that reason, even when it is interpreted again", (defect) => {
    const [first, second] = chainOf(TOPIC, [{ body: request() }, { body: request("tm-c", "tm-d") }]);
    const view = run([{ ...unwrap(first), defect }, unwrap(second)]);
    expect(fates(view)).toEqual([
      ["failed", defect],
      ["signal", null],
    ]);
    const again = run(view.entries.map((entry) => ledgerMessageOf(TOPIC, entry)));
    expect(fates(again)).toEqual(fates(view));
  });
});

describe("the payer", () => {
  it("trusts no message without a payer, whoever is trusted", () => {
    const [message] = chainOf(TOPIC, [{ body: request() }]);
    for (const trustedPayers of [TRUSTED, "*"] as const) {
      const view = run([{ ...unwrap(message), payer: null }], trustedPayers);
      expect(fates(view)).toEqual([["untrusted", "untrusted-payer"]]);
      expect(view.entries[0]).toMatchObject({ verification: "unverifiable", payer: null });
      expect(view.rows).toEqual([]);
    }
  });

  it("keeps messages of an untrusted payer for somebody else out of rows and projections", () => {
    const view = runPieces([{ body: request(), payer: STRANGER }]);
    expect(fates(view)).toEqual([["untrusted", "untrusted-payer"]]);
    expect([view.rows, view.edges, view.profiles, view.definitions]).toEqual([[], [], [], []]);
  });

  it("lets everybody write for themselves, trusted payers for all, and all for all if all are trusted", () => {
    expect(runPieces([{ body: request(STRANGER), payer: STRANGER }]).rows).toHaveLength(2);
    expect(runPieces([{ body: request(), payer: OPERATOR }]).rows).toHaveLength(2);
    expect(runPieces([{ body: request(), payer: STRANGER }], "*").rows).toHaveLength(2);
  });

  it("does not let a target write for the actor", () => {
    expect(runPieces([{ body: request("tm-a", STRANGER), payer: STRANGER }]).rows).toEqual([]);
  });

  it("calls an undecodable message undecodable, even from an untrusted payer", () => {
    expect(fates(runPieces([{ body: "?", payer: STRANGER }]))).toEqual([["undecodable", "not-an-object"]]);
  });

  it("keeps definitions without an actor out, if an untrusted payer wrote them", () => {
    const view = runPieces([{ body: { kind: "RECOGNITION_DEFINITION", id: "x" }, payer: STRANGER }]);
    expect(view.definitions).toEqual([]);
  });
});

describe("chunks", () => {
  const whole = { ...request(), note: "n".repeat(50) };

  it("are parts until the last one completes the message, which has its time and place and the whole body", () => {
    const pieces = chunked(whole, "k", 40);
    const view = runPieces([...pieces.slice(0, -1), { body: request("tm-x", "tm-y") }, ...pieces.slice(-1)]);
    expect(view.entries.map((entry) => entry.disposition)).toEqual([
      ...pieces.slice(1).map(() => "part"),
      "signal",
      "signal",
    ]);
    const last = unwrap(view.entries.at(-1));
    expect(JSON.parse(Buffer.from(unwrap(last.body)).toString())).toEqual(whole);
    expect(view.rows.at(-1)).toMatchObject({ userId: "tm-b", sequence: last.sequence, consensusNs: last.consensusNs });
    for (const entry of view.entries.slice(0, -1)) expect(entry.body).toBeNull();
  });

  it("with a total of one are messages like any other", () => {
    const view = runPieces([{ body: request(), chunk: { key: "k", number: 1, total: 1 } }]);
    expect(fates(view)).toEqual([["signal", null]]);
    expect(view.entries[0]?.body).toBeNull();
  });

  it("that never finish show nothing", () => {
    const view = runPieces(chunked(whole, "k", 40).slice(0, -1));
    expect(view.rows).toEqual([]);
    expect(new Set(view.entries.map((entry) => entry.disposition))).toEqual(new Set(["part"]));
  });

  it("repeat without effect: the first part of a number wins, and a message counts once", () => {
    const json = JSON.stringify(request());
    const [head, tail] = [json.slice(0, 9), json.slice(9)];
    const view = runPieces([part(head, 1, 2), part("XXX", 1, 2), part(tail, 2, 2), part(tail, 2, 2), part(head, 1, 2)]);
    expect(view.entries.map((entry) => entry.disposition)).toEqual(["part", "part", "signal", "part", "part"]);
    expect(view.rows).toHaveLength(2);
  });

  it("that add nothing are stored in no group, so that the look-up of a group never costs more", () => {
    const json = JSON.stringify(request());
    const [first, last] = [part(json.slice(0, 9), 1, 2), part(json.slice(9), 2, 2)];
    const view = runPieces([first, ...Array.from({ length: 5 }, () => first), last, first, last, part("?", 2, 3)]);
    expect(view.entries.filter(({ chunk }) => chunk?.key === "k").map(({ sequence }) => sequence)).toEqual([1, 7]);
    expect(view.entries[1]?.chunk).toEqual({ key: "", number: 1, total: 2 });
    // Looked at again, each comes to the same.
    const again = run(view.entries.map((entry) => ledgerMessageOf(TOPIC, entry)));
    expect(again.entries).toEqual(view.entries);
  });

  it("without a payer make a message without a payer", () => {
    const json = JSON.stringify(request());
    const chain = chainOf(TOPIC, [part(json.slice(0, 9), 1, 2), part(json.slice(9), 2, 2)]);
    const view = run(
      chain.map((message) => ({ ...message, payer: null })),
      "*",
    );
    expect(fates(view)).toEqual([
      ["part", "no-payer"],
      ["untrusted", "untrusted-payer"],
    ]);
  });

  it("that change their total or have a number beyond it are undecodable, and stop nothing", () => {
    const json = JSON.stringify(request());
    const view = runPieces([part(json.slice(0, 9), 1, 2), part("?", 2, 3), part("?", 5, 2), part(json.slice(9), 2, 2)]);
    expect(fates(view)).toEqual([
      ["part", null],
      ["undecodable", "bad-chunk"],
      ["undecodable", "bad-chunk"],
      ["signal", null],
    ]);
  });

  it("of a message that does not decode leave the reason on the last chunk, with the whole body", () => {
    const view = runPieces([part("{", 1, 2), part("{", 2, 2)]);
    expect(fates(view)).toEqual([
      ["part", null],
      ["undecodable", "not-json"],
    ]);
    expect(Buffer.from(unwrap(view.entries[1]?.body)).toString()).toBe("{{");
  });

  it("that failed verification complete no message", () => {
    const chain = chainOf(TOPIC, chunked(whole, "k", 40)).map((message, i) =>
      i === 0 ? { ...message, message: Buffer.from("forged") } : message,
    );
    const view = run(chain);
    expect(view.entries[0]?.disposition).toBe("failed");
    expect(view.rows).toEqual([]);
  });

  it("of an untrusted payer make an untrusted message", () => {
    const json = JSON.stringify(request());
    const view = runPieces([part(json.slice(0, 9), 1, 2, "k", STRANGER), part(json.slice(9), 2, 2, "k", STRANGER)]);
    expect(fates(view)).toEqual([
      ["part", null],
      ["untrusted", "untrusted-payer"],
    ]);
    expect(view.rows).toEqual([]);
  });
});

interface Told {
  readonly entries: readonly LogEntry[];
  readonly rows: readonly UserRow[];
  readonly head: ChainHead;
  readonly projected: ReturnType<typeof projectStored>;
}

/** Page by page, with what the log holds of earlier chunks: as the sync does it, and as it does after a restart. */
function inPages(messages: readonly LedgerMessage[], cuts: readonly number[]): Told {
  const ends = [...new Set(cuts.filter((cut) => cut > 0 && cut < messages.length))].sort((a, b) => a - b);
  const entries: LogEntry[] = [];
  const rows: UserRow[] = [];
  let head = CHAIN_START;
  for (const [i, from] of [0, ...ends].entries()) {
    const page = messages.slice(from, ends[i] ?? messages.length);
    const keys = new Set(page.map((message) => message.chunk?.key));
    const priorParts = entries.filter(
      ({ chunk, disposition }) => chunk !== null && keys.has(chunk.key) && disposition !== "failed",
    );
    const view = interpret({ topicId: TOPIC, head, messages: page, priorParts, trustedPayers: TRUSTED, sha384 });
    head = view.head;
    entries.push(...view.entries);
    rows.push(...view.rows);
    expect(projectStored(TOPIC, view.entries)).toEqual({
      edges: view.edges,
      profiles: view.profiles,
      definitions: view.definitions,
    });
  }
  return { entries, rows, head, projected: projectStored(TOPIC, entries) };
}

const payer = fc.constantFrom(OPERATOR, OPERATOR, OPERATOR, STRANGER);
const body = fc.oneof(
  { weight: 4, arbitrary: deed },
  fc.constantFrom<unknown>(5, { type: "X" }, { kind: "RECOGNITION_DEFINITION", id: "d", title: "D" }),
  fc.record({ type: fc.constant("PROFILE_UPDATE"), actor: fc.constantFrom("tm-a", "tm-b"), displayName: fc.string() }),
);
const single = fc.record({ body, payer });
/** Groups that finish, do not, or contradict themselves. */
const abuse = fc.record({
  body: fc.constantFrom(Buffer.from('{"type":'), Buffer.from('"X","actor":"tm-a"}')),
  chunk: fc.record({
    key: fc.constantFrom("k", "l"),
    number: fc.integer({ min: 0, max: 3 }),
    total: fc.integer({ min: 0, max: 3 }),
  }),
});
const group = fc
  .tuple(body, fc.nat({ max: 1_000_000 }), fc.integer({ min: 5, max: 40 }))
  .map(([whole, id, chunkBytes]) => chunked(whole, `g${id}`, chunkBytes));
/** Groups lie interleaved with what else there is: each piece goes to its own place, in its group's order. */
const pieces = fc
  .tuple(
    fc.array(fc.oneof(single, abuse), { maxLength: 25 }),
    fc.array(group, { maxLength: 4 }),
    fc.infiniteStream(fc.nat()),
  )
  .map(([others, groups, random]) => {
    const queues: Piece[][] = [...groups.map((each) => [...each]), [...others]];
    const mixed: Piece[] = [];
    for (const chance of random) {
      const waiting = queues.filter((queue) => queue.length > 0);
      if (waiting.length === 0) break;
      mixed.push(unwrap(unwrap(waiting[chance % waiting.length]).shift()));
    }
    return mixed;
  });

type Harm = "forged" | "no-hash" | "none";
const harmed = (messages: readonly LedgerMessage[], harms: readonly Harm[]) =>
  messages.map((message, i): LedgerMessage => {
    const harm = harms[i % Math.max(1, harms.length)];
    if (harm === "forged") return { ...message, message: Buffer.from("forged") };
    return harm === "no-hash" ? { ...message, runningHash: null } : message;
  });

describe("any split of a topic into pages", () => {
  it("gives the same log, rows, chain and projections as one page", () => {
    const harms = fc.array(fc.constantFrom<Harm>("none", "none", "none", "none", "none", "forged", "no-hash"), {
      maxLength: 20,
    });
    let [wholes, parts] = [0, 0];
    fc.assert(
      fc.property(pieces, harms, fc.array(fc.nat({ max: 60 }), { maxLength: 12 }), (some, harm, cuts) => {
        const messages = harmed(chainOf(TOPIC, some), harm);
        const told = inPages(messages, cuts);
        expect(told).toEqual(inPages(messages, []));
        wholes += told.entries.filter((entry) => entry.body !== null && entry.disposition === "signal").length;
        parts += told.entries.filter((entry) => entry.disposition === "part").length;
      }),
      { numRuns: 200 },
    );
    // Chunked messages were among them.
    expect(Math.min(wholes, parts)).toBeGreaterThan(50);
  });

  it("gives rows in the order of the ledger, at most one for each person and message", () => {
    fc.assert(
      fc.property(pieces, (some) => {
        const { rows, entries } = runPieces(some);
        expect(entries).toHaveLength(some.length);
        expect(new Set(rows.map((row) => `${row.sequence} ${row.userId}`)).size).toBe(rows.length);
        for (const [i, row] of rows.entries()) {
          if (i > 0) expect(row.sequence >= unwrap(rows[i - 1]).sequence).toBe(true);
          expect(entries[row.sequence - 1]?.disposition).toBe("signal");
        }
      }),
    );
  });
});
