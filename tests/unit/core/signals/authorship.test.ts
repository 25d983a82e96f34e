/** Interprets messages with verdicts on their signatures: payer, signature or both stand behind each. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AccountId, TopicId } from "@/lib/core/ledger/ids";
import { CHAIN_START } from "@/lib/core/ledger/verify";
import { interpret, ledgerMessageOf, project, projectStored, type TrustedPayers } from "@/lib/core/signals/interpret";
import { isLaterProfile } from "@/lib/core/signals/projection";
import type { SignatureVerdict } from "@/lib/core/signals/signal";
import { chainOf, chunked, OPERATOR, type Piece, sha384 } from "../../../support/mirrors/chain";
import { ed25519Wallet } from "../../../support/stand-ins/wallet";
import { unwrap } from "../../../support/unwrap";
import { signedMint, signedProfile } from "../../../support/worlds/histories/signed";

const TOPIC = "0.0.5005" as TopicId;
const ANA = "0.0.7001" as AccountId;
const BEN = "0.0.7002" as AccountId;
const STRANGER = "0.0.666" as AccountId;
const TRUSTED: TrustedPayers = new Set([OPERATOR]);
const START_MS = 1_790_000_000_000;
const wallet = ed25519Wallet();
const profile = (timestamp = START_MS, more: object = {}) => signedProfile(wallet, ANA, { timestamp, ...more });
const mint = (timestamp = START_MS, more: object = {}) => signedMint(wallet, ANA, BEN, { timestamp, ...more });

const run = (pieces: readonly Piece[], verdict?: SignatureVerdict | readonly SignatureVerdict[], trusted = TRUSTED) => {
  const messages = chainOf(TOPIC, pieces);
  const of = (i: number) => (typeof verdict === "string" ? verdict : (verdict?.[i] ?? "open"));
  const judged = new Map(messages.map(({ sequence }, i) => [sequence as number, of(i)]));
  return interpret({
    topicId: TOPIC,
    head: CHAIN_START,
    messages,
    priorParts: [],
    trustedPayers: trusted,
    sha384,
    judged,
  });
};
const fate = (piece: Piece, verdict?: SignatureVerdict) => {
  const { entries, rows } = run([piece], verdict);
  const { disposition, reason, signature } = unwrap(entries.at(-1));
  return [disposition, reason, signature, rows[0]?.author ?? (rows.length > 0 ? "payer" : null)];
};

describe.each([
  ["a profile", profile],
  ["a recognition", mint],
])("%s", (_, body) => {
  it("with a right signature counts as its actor's, whoever paid for it", () => {
    expect(fate({ body: body(), payer: STRANGER }, "right")).toEqual(["signal", null, "alone", "signature"]);
    expect(fate({ body: body() }, "right")).toEqual(["signal", null, "both", "both"]);
    expect(fate({ body: body(), payer: ANA }, "right")).toEqual(["signal", null, "both", "both"]);
  });

  it("with a wrong signature does not count, whoever paid for it", () => {
    for (const payer of [STRANGER, OPERATOR, ANA])
      expect(fate({ body: body(), payer }, "wrong")).toEqual(["untrusted", "wrong-signature", "wrong", null]);
  });

  it("with text that is no signature does not count, and nobody is asked for a key", () => {
    expect(fate({ body: body(START_MS, { signature: "demo_signature" }) })).toEqual([
      ...["untrusted", "wrong-signature", "wrong", null],
    ]);
  });

  it("whose actor has no key of its own counts by its payer", () => {
    expect(fate({ body: body() }, "unprovable")).toEqual(["signal", null, "unprovable", "payer"]);
    expect(fate({ body: body(), payer: STRANGER }, "unprovable")).toEqual([
      ...["untrusted", "untrusted-payer", "unprovable", null],
    ]);
  });

  it("whose key is not known yet is kept without effect, whoever paid for it", () => {
    for (const payer of [STRANGER, OPERATOR])
      expect(fate({ body: body(), payer })).toEqual(["unproven", null, "open", null]);
    expect(project([])).toEqual({ ...projectStored(TOPIC, run([{ body: body() }]).entries) });
  });

  it("that a stranger puts on the ledger too late counts no more, and nobody is asked for a key", () => {
    const old = body(START_MS - 400_000);
    expect(fate({ body: old, payer: STRANGER })).toEqual(["untrusted", "outdated-signature", "open", null]);
    expect(fate({ body: old }, "right")).toEqual(["signal", null, "both", "both"]);
  });

  it("shows no more than its signature covers if a stranger paid", () => {
    const dressed = body(START_MS, {
      handle: "evil",
      profileHrl: "evil",
      profile: { bio: "evil" },
      definitionId: "evil",
    });
    const { profiles, entries } = run([{ body: dressed, payer: STRANGER }], "right");
    expect(JSON.stringify(profiles, (__, value) => (typeof value === "bigint" ? String(value) : value))).not.toContain(
      "evil",
    );
    expect(projectStored(TOPIC, entries).profiles).toEqual(profiles);
  });

  it("comes to the same from the log alone, without anybody who knows keys", () => {
    const verdicts = fc.constantFrom<SignatureVerdict>("right", "wrong", "unprovable");
    const payers = fc.constantFrom(STRANGER, OPERATOR, ANA);
    fc.assert(
      fc.property(fc.array(fc.tuple(payers, verdicts), { minLength: 1, maxLength: 6 }), (each) => {
        const pieces = each.map(([payer], i) => ({ body: body(START_MS + i), payer }));
        const first = run(
          pieces,
          each.map(([, verdict]) => verdict),
        );
        const messages = first.entries.map((entry) => ({
          ...ledgerMessageOf(TOPIC, entry),
          verdict: { verification: entry.verification, reason: null },
        }));
        const again = interpret({
          topicId: TOPIC,
          head: first.head,
          messages,
          priorParts: [],
          trustedPayers: TRUSTED,
          sha384,
        });
        expect(again).toEqual(first);
      }),
      { numRuns: 30 },
    );
  });

  it("is judged as a whole if it came in chunks", () => {
    const pieces = chunked(body(), "k", 120).map((piece) => ({ ...piece, payer: STRANGER }));
    const { entries } = run(pieces, "right");
    expect(entries.map(({ disposition }) => disposition)).toEqual([...pieces.slice(1).map(() => "part"), "signal"]);
    expect(unwrap(entries.at(-1)).signature).toBe("alone");
  });
});

describe("a profile that its actor has signed", () => {
  it("is not rolled back by a stranger who repeats an older one", () => {
    const [older, newer] = [
      profile(START_MS, { displayName: "Old" }),
      profile(START_MS + 2_000, { displayName: "New" }),
    ];
    const pieces = [
      { body: older, payer: OPERATOR },
      { body: newer, payer: STRANGER, consensusNs: BigInt(START_MS + 3_000) * 1_000_000n },
      { body: older, payer: STRANGER, consensusNs: BigInt(START_MS + 60_000) * 1_000_000n },
    ];
    const { profiles, entries } = run(pieces, "right");
    expect(entries.map(({ disposition }) => disposition)).toEqual(["signal", "signal", "signal"]);
    expect(profiles.map(({ displayName }) => displayName)).toEqual(["New"]);
  });

  it("is the newest by what was said last, in whatever order the versions come", () => {
    const version = fc.record({ saidMs: fc.nat(5), cameMs: fc.nat(5), isAlone: fc.boolean(), name: fc.nat(2) });
    fc.assert(
      fc.property(
        fc.uniqueArray(version, { selector: ({ cameMs }) => cameMs, minLength: 1 }),
        fc.infiniteStream(fc.nat()),
        (versions, order) => {
          const bodies = versions.map(({ saidMs, cameMs, isAlone, name }) => ({
            body: profile(START_MS + saidMs, { displayName: `${name}` }),
            payer: isAlone ? STRANGER : OPERATOR,
            consensusNs: BigInt(START_MS + cameMs) * 1_000_000n,
          }));
          const each = bodies.map((piece) => unwrap(run([piece], "right").profiles[0]));
          const fold = (list: typeof each) =>
            list.reduce((known, next) => (isLaterProfile(next, known) ? next : known));
          const shuffled = each.map((one) => ({ one, at: unwrap(order.next().value) })).sort((a, b) => a.at - b.at);
          expect(fold(shuffled.map(({ one }) => one))).toEqual(fold(each));
        },
      ),
      { numRuns: 50 },
    );
  });
});
