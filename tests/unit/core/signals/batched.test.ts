/** A signal batch means the same as its signals in messages of their own. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AccountId, TopicId } from "@/lib/core/ledger/ids";
import { CHAIN_START } from "@/lib/core/ledger/verify";
import { decodeSignals } from "@/lib/core/signals/envelope";
import { type Interpretation, interpret, projectStored, type TrustedPayers } from "@/lib/core/signals/interpret";
import { packable } from "@/lib/core/signals/packable";
import { sealBatch } from "@/lib/core/signals/signal-batch";
import { chainOf, chunked, OPERATOR, type Piece, sha384 } from "../../../support/mirrors/chain";
import { ed25519Wallet } from "../../../support/stand-ins/wallet";
import { unwrap } from "../../../support/unwrap";
import { deed } from "../../../support/worlds/histories/histories";
import { signalBatch } from "../../../support/worlds/histories/signal-batch";
import { signedProfile } from "../../../support/worlds/histories/signed";

const TOPIC = "0.0.5005" as TopicId;
const STRANGER = "0.0.666" as AccountId;
const TRUSTED: TrustedPayers = new Set([OPERATOR]);

const batch = (...bodies: readonly unknown[]) => signalBatch(bodies);
const run = (pieces: readonly Piece[], trustedPayers: TrustedPayers = TRUSTED): Interpretation =>
  interpret({
    ...{ topicId: TOPIC, head: CHAIN_START, messages: chainOf(TOPIC, pieces), priorParts: [] },
    ...{ trustedPayers, sha384 },
  });
const fates = ({ entries }: Interpretation) => entries.map(({ disposition, reason }) => [disposition, reason]);

const request = { type: "CONTACT_REQUEST", actor: "tm-a", target: "tm-b" };
const accept = { type: "CONTACT_ACCEPT", actor: "tm-b", target: "tm-a" };
const trust = { type: "TRUST_ALLOCATE", actor: "tm-a", target: "tm-b", weight: 2 };

describe("a batch", () => {
  it("becomes the rows of its signals, each a nanosecond after the one before", () => {
    const { entries, rows } = run([{ body: batch(request, accept, trust) }]);
    const { consensusNs, sequence, body } = unwrap(entries[0]);
    expect([entries.length, body]).toEqual([1, null]);
    expect(rows.map((row) => [row.userId, row.type, row.sequence, row.place ?? 0, row.consensusNs])).toEqual(
      [request, accept, trust].flatMap(({ type }, place) =>
        (place === 1 ? ["tm-b", "tm-a"] : ["tm-a", "tm-b"]).map((userId) => [
          ...[userId, type, sequence, place, consensusNs + BigInt(place)],
        ]),
      ),
    );
  });

  it("means the same as its signals in messages of their own, however they are grouped", () => {
    const groups = fc.array(fc.array(deed, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 8 });
    const told = ({ rows, edges, profiles, definitions }: Interpretation) => ({
      rows: rows.map(({ userId, type, peerId, isActor, verification }) => [
        userId,
        type,
        peerId,
        isActor,
        verification,
      ]),
      // Times differ, and their order does not.
      edges: edges.map((edge) => ranked(edge)),
      ...{ profiles: profiles.length, definitions: definitions.length },
    });
    let batched = 0;
    fc.assert(
      fc.property(groups, (given) => {
        const alone = run(given.flat().map((body) => ({ body })));
        const together = run(given.map((deeds) => ({ body: deeds.length > 1 ? batch(...deeds) : deeds[0] })));
        if (fates(alone).every(([disposition]) => disposition === "signal")) {
          batched += given.length;
          expect(told(together)).toEqual(told(alone));
          expect(projectStored(TOPIC, together.entries)).toEqual({
            ...{ edges: together.edges, profiles: together.profiles, definitions: together.definitions },
          });
        }
      }),
    );
    expect(batched).toBeGreaterThan(100);
  });

  it("counts for nothing if one of its signals cannot be decoded, and is kept with that reason", () => {
    const view = run([
      { body: batch(request, { type: "CONTACT_REQUEST", actor: "tm-a" }, accept) },
      { body: batch(request, 5) },
      { body: Uint8Array.of(0xba, 1, 2, 3) },
      { body: request },
    ]);
    expect(fates(view)).toEqual([
      ["undecodable", "no-target"],
      ["undecodable", "not-an-object"],
      ["undecodable", "bad-batch"],
      ["signal", null],
    ]);
    expect([view.rows.length, view.edges.length]).toEqual([2, 2]);
  });

  it("counts only if its payer is trusted, and is not opened otherwise", () => {
    const own = { type: "PROFILE_UPDATE", actor: STRANGER, displayName: "S" };
    const pieces = [batch(request, own), batch(own, own), batch(own, request)].map((body) => ({
      body,
      payer: STRANGER,
    }));
    expect(fates(run(pieces))).toEqual([
      ["untrusted", "untrusted-payer"],
      ["untrusted", "untrusted-payer"],
      ["untrusted", "untrusted-payer"],
    ]);
    expect(fates(run([{ body: Uint8Array.of(0xba, 1), payer: STRANGER }]))).toEqual([["untrusted", "untrusted-payer"]]);
    expect(fates(run(pieces, "*")).map(([disposition]) => disposition)).toEqual(["signal", "signal", "signal"]);
  });

  it("holds no signed signal: a message has one state for its signature", () => {
    const signed = signedProfile(ed25519Wallet(), "0.0.7001" as AccountId, { timestamp: 1_790_000_000_000 });
    expect(fates(run([{ body: batch(request, signed) }]))).toEqual([["undecodable", "bad-batch"]]);
  });

  it("may come in chunks, though no writer splits one", () => {
    const whole = batch(request, accept);
    const pieces = chunked(whole, "k", 20);
    const view = run(pieces);
    expect(pieces.length).toBeGreaterThan(1);
    expect(fates(view).at(-1)).toEqual(["signal", null]);
    expect(view.rows.map(({ sequence, place }) => [sequence, place ?? 0])).toEqual(
      [0, 0, 1, 1].map((place) => [pieces.length, place]),
    );
    expect(projectStored(TOPIC, view.entries).edges).toEqual(view.edges);
  });

  it("is packed as any signal is, unless it holds a definition", () => {
    const definition = { type: "RECOGNITION_DEFINITION", actor: "tm-a", id: "kind" };
    const { entries } = run([{ body: batch(request, accept) }, { body: batch(request, definition) }]);
    expect(packable(entries)).toEqual(entries.slice(0, 1));
  });

  it("never stops the decoder, whatever it holds", () => {
    fc.assert(
      fc.property(fc.array(fc.json(), { minLength: 1, maxLength: 5 }), (texts) => {
        const message = sealBatch(
          texts.map((text) => new TextEncoder().encode(text)),
          0,
        );
        if (message !== null) expect(typeof decodeSignals(message).ok).toBe("boolean");
      }),
    );
  });
});

/** An edge with each time replaced by its rank among the edge's times. */
function ranked(edge: object): object {
  const times = [...new Set(Object.values(edge).filter((value) => typeof value === "bigint"))].sort((a, b) =>
    a < b ? -1 : 1,
  );
  return Object.fromEntries(
    Object.entries(edge).map(([name, value]) => [name, typeof value === "bigint" ? times.indexOf(value) : value]),
  );
}
