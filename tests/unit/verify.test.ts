import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { consensusNs } from "@/lib/core/consensus-time";
import { parseAccountId } from "@/lib/core/ids";
import { advance, CHAIN_START, type ChainHead, type ChainMessage, verifyNext } from "@/lib/core/verify";
import { chainOf, sha384 } from "../support/chain";
import { unwrap } from "../support/unwrap";

const TOPIC = "0.0.5005";
const HONEST = chainOf(
  TOPIC,
  [1, 2, 3, 4, 5, 6].map((n) => ({ body: { n } })),
);

/** Each verdict as one word, `verified` or why not. */
function walk(messages: readonly ChainMessage[], start: ChainHead = CHAIN_START): readonly string[] {
  let head = start;
  return messages.map((message) => {
    const verdict = verifyNext(sha384, head, message);
    head = advance(head, message, verdict);
    return verdict.reason === null ? verdict.verification : `${verdict.verification}: ${verdict.reason}`;
  });
}

/** The honest chain with another fourth message. */
const altered = (change: Partial<ChainMessage>) =>
  HONEST.map((message): ChainMessage => (message.sequence === 4 ? { ...message, ...change } : message));
const ok = "verified";
const fourth = unwrap(HONEST[3]);

describe("verification along the chain", () => {
  it("verifies an honest topic from its first message on", () => {
    expect(walk(HONEST)).toEqual([ok, ok, ok, ok, ok, ok]);
  });

  it("fails forged content, and only that message", () => {
    const forged = altered({ message: Buffer.from('{"n":666}') });
    expect(walk(forged)).toEqual([ok, ok, ok, "failed: hash-mismatch", ok, ok]);
  });

  it("fails a forged payer, and only that message", () => {
    const forged = altered({ payer: unwrap(parseAccountId("0.0.666")) });
    expect(walk(forged)).toEqual([ok, ok, ok, "failed: hash-mismatch", ok, ok]);
  });

  it("does not hold a time that it could not verify against what follows", () => {
    const late = altered({ runningHash: null, consensusNs: consensusNs(fourth.consensusNs + 10n ** 18n) });
    expect(walk(late)).toEqual([ok, ok, ok, "unverifiable: no-hash", "unverifiable: no-predecessor", ok]);
  });

  it("fails a forged time, and only that message, be it years in the future", () => {
    for (const aheadNs of [1n, 10n ** 18n]) {
      const forged = altered({ consensusNs: consensusNs(fourth.consensusNs + aheadNs) });
      expect(walk(forged)).toEqual([ok, ok, ok, "failed: hash-mismatch", ok, ok]);
    }
  });

  it("fails a forged hash and the message that should follow from it, then goes on", () => {
    const forged = altered({ runningHash: sha384(Buffer.from("forged")) });
    expect(walk(forged)).toEqual([ok, ok, ok, "failed: hash-mismatch", "failed: hash-mismatch", ok]);
  });

  it("fails a hash of another length, and has no predecessor for the next", () => {
    const short = altered({ runningHash: unwrap(fourth.runningHash).slice(1) });
    expect(walk(short)).toEqual([ok, ok, ok, "failed: hash-mismatch", "unverifiable: no-predecessor", ok]);
  });

  it("cannot verify a message without a hash, nor the one after it, then goes on", () => {
    const missing = altered({ runningHash: null });
    expect(walk(missing)).toEqual([ok, ok, ok, "unverifiable: no-hash", "unverifiable: no-predecessor", ok]);
  });

  it.each([2, 1, null])("cannot verify hash version %j, and goes on from its hash", (runningHashVersion) => {
    expect(walk(altered({ runningHashVersion }))).toEqual([ok, ok, ok, "unverifiable: old-version", ok, ok]);
  });

  it("cannot verify the first message after a gap, and verifies from there on", () => {
    const holed = HONEST.filter(({ sequence }) => sequence !== 3);
    expect(walk(holed)).toEqual([ok, ok, "unverifiable: no-predecessor", ok, ok]);
    const afterGap: ChainHead = { sequence: 3, hash: null, consensusNs: unwrap(HONEST[1]).consensusNs };
    expect(walk(HONEST.slice(3), afterGap)).toEqual(["unverifiable: no-predecessor", ok, ok]);
  });

  it.each([
    ["at the time of", 0n],
    ["before", -1n],
  ])("fails a message %s its predecessor, though its hash is right, and goes on", (_, laterNs) => {
    const times = [0n, 10n, 20n, 20n + laterNs, 30n, 40n].map((ns) => 10n ** 18n + ns);
    const chain = chainOf(
      TOPIC,
      times.map((ns, n) => ({ body: { n }, consensusNs: ns })),
    );
    expect(walk(chain)).toEqual([ok, ok, ok, "failed: time-order", ok, ok]);
  });

  it("fails a message before its predecessor even where no hash could be checked", () => {
    const early = altered({ runningHash: null, consensusNs: consensusNs(fourth.consensusNs - 10n ** 10n) });
    expect(walk(early)[3]).toBe("failed: time-order");
  });

  it("verifies each chunk as a link of its own", () => {
    const chunk = (number: number) => ({ key: "k", number, total: 2 });
    const chain = chainOf(TOPIC, [
      { body: Buffer.from('{"a":'), chunk: chunk(1) },
      { body: Buffer.from("1}"), chunk: chunk(2) },
    ]);
    expect(walk(chain)).toEqual([ok, ok]);
  });

  it("fails exactly the message of which one bit was changed, wherever it lies", () => {
    fc.assert(
      fc.property(fc.nat({ max: 5 }), fc.nat({ max: 6 }), fc.nat({ max: 7 }), (index, byte, bit) => {
        const forged = HONEST.map((message, i) => {
          if (i !== index) return message;
          const bytes = Uint8Array.from(message.message);
          bytes[byte] = unwrap(bytes[byte]) ^ (1 << bit);
          return { ...message, message: bytes };
        });
        expect(walk(forged)).toEqual(HONEST.map((_, i) => (i === index ? "failed: hash-mismatch" : ok)));
      }),
    );
  });
});
