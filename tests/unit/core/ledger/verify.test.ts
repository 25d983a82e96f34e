import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { consensusNs } from "@/lib/core/ledger/consensus-time";
import { parseAccountId } from "@/lib/core/ledger/ids";
import type { LedgerMessage } from "@/lib/core/ledger/message";
import { advance, CHAIN_START, type ChainHead, verifyNext } from "@/lib/core/ledger/verify";
import { chainOf, sha384 } from "../../../support/mirrors/chain";
import { unwrap } from "../../../support/unwrap";

const TOPIC = "0.0.5005";
const HONEST = chainOf(
  TOPIC,
  [1, 2, 3, 4, 5, 6].map((n) => ({ body: { n } })),
);

/** Each verdict as one word, `verified` or why not. */
function walk(messages: readonly LedgerMessage[], start: ChainHead = CHAIN_START): readonly string[] {
  let head = start;
  return messages.map((message) => {
    const verdict = verifyNext(sha384, head, message);
    head = advance(head, message, verdict);
    return verdict.reason === null ? verdict.verification : `${verdict.verification}: ${verdict.reason}`;
  });
}

/** The honest chain with another fourth message. */
const altered = (change: Partial<LedgerMessage>) =>
  HONEST.map((message): LedgerMessage => (message.sequence === 4 ? { ...message, ...change } : message));
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

  it("does not judge later messages by a time that it could not verify", () => {
    const late = altered({ runningHash: null, consensusNs: consensusNs(fourth.consensusNs + 10n ** 18n) });
    expect(walk(late)).toEqual([ok, ok, ok, "unverifiable: no-hash", "unverifiable: no-predecessor", ok]);
  });

  it("fails a forged time, and only that message, even one years in the future", () => {
    for (const aheadNs of [1n, 10n ** 18n]) {
      const forged = altered({ consensusNs: consensusNs(fourth.consensusNs + aheadNs) });
      expect(walk(forged)).toEqual([ok, ok, ok, "failed: hash-mismatch", ok, ok]);
    }
  });

  it("fails a forged hash and the message that should follow from it, then goes on", () => {
    const forged = altered({ runningHash: sha384(Buffer.from("forged")) });
    expect(walk(forged)).toEqual([ok, ok, ok, "failed: hash-mismatch", "failed: hash-mismatch", ok]);
  });

  it("fails a hash of another length, whatever is before it, and cannot verify the next message", () => {
    const short = altered({ runningHash: unwrap(fourth.runningHash).slice(1) });
    expect(walk(short)).toEqual([ok, ok, ok, "failed: hash-mismatch", "unverifiable: no-predecessor", ok]);
  });

  it("cannot verify a message without a hash, nor the one after it, then goes on", () => {
    const missing = altered({ runningHash: null });
    expect(walk(missing)).toEqual([ok, ok, ok, "unverifiable: no-hash", "unverifiable: no-predecessor", ok]);
  });

  it.each([0, 1, 2, 4, -3, null])(
    "fails hash version %j in a chain of version 3, and goes on from its hash",
    (version) => {
      expect(walk(altered({ runningHashVersion: version }))).toEqual([ok, ok, ok, "failed: bad-version", ok, ok]);
    },
  );

  it("fails it even if nothing before it was verified, if its time is after the change to version 3", () => {
    const first = HONEST.map((message) => (message.sequence === 1 ? { ...message, runningHashVersion: 2 } : message));
    expect(walk(first)).toEqual(["failed: bad-version", ok, ok, ok, ok, ok]);
    const afterGap: ChainHead = { sequence: 3, hash: null, consensusNs: 0n };
    expect(walk(altered({ runningHashVersion: null }).slice(3), afterGap)[0]).toBe("failed: bad-version");
  });

  it("does not take a version for a hash: without a hash the message stays unverifiable", () => {
    for (const runningHashVersion of [0, 2, 3, null]) {
      for (const runningHash of [null, new Uint8Array(0)])
        expect(walk(altered({ runningHashVersion, runningHash }))[3]).toBe("unverifiable: no-hash");
    }
  });

  it("takes versions 1 and 2 from before August 2020 as unverifiable, and verifies from the first message of version 3 on", () => {
    const startNs = BigInt(Date.UTC(2020, 6, 20)) * 1_000_000n;
    const old = chainOf(
      TOPIC,
      HONEST.map((_, n) => ({ body: { n } })),
      startNs,
    ).map((message) => (message.sequence <= 2 ? { ...message, runningHashVersion: message.sequence } : message));
    const older = "unverifiable: old-version";
    expect(walk(old)).toEqual([older, older, ok, ok, ok, ok]);
    const lowered = old.map((message) => (message.sequence === 5 ? { ...message, runningHashVersion: 2 } : message));
    expect(walk(lowered)).toEqual([older, older, ok, ok, "failed: bad-version", ok]);
  });

  it("cannot verify a message without a payer, and goes on from its hash", () => {
    expect(walk(altered({ payer: null }))).toEqual([ok, ok, ok, "unverifiable: no-payer", ok, ok]);
  });

  it("fails a message that it cannot read, and goes on from its hash", () => {
    expect(walk(altered({ defect: "bad-time" }))).toEqual([ok, ok, ok, "failed: bad-time", ok, ok]);
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
  ])("verifies a message %s its predecessor, because its hash proves the order", (_, laterNs) => {
    const times = [0n, 10n, 20n, 20n + laterNs, 30n, 40n].map((ns) => 10n ** 18n + ns);
    const chain = chainOf(
      TOPIC,
      times.map((ns, n) => ({ body: { n }, consensusNs: ns })),
    );
    expect(walk(chain)).toEqual([ok, ok, ok, ok, ok, ok]);
  });

  it("fails a message without a checkable hash whose time is before the last verified one", () => {
    const early = altered({ runningHash: null, consensusNs: consensusNs(fourth.consensusNs - 10n ** 10n) });
    expect(walk(early)[3]).toBe("failed: time-order");
    const third = unwrap(HONEST[2]).consensusNs;
    const close = altered({ runningHash: null, consensusNs: consensusNs(third - 2_000n) });
    expect(walk(close)[3]).toBe("unverifiable: no-hash");
  });

  it("verifies each chunk as its own link", () => {
    const chunk = (number: number) => ({ key: "k", number, total: 2 });
    const chain = chainOf(TOPIC, [
      { body: Buffer.from('{"a":'), chunk: chunk(1) },
      { body: Buffer.from("1}"), chunk: chunk(2) },
    ]);
    expect(walk(chain)).toEqual([ok, ok]);
  });

  it("fails exactly the message in which one bit was changed, wherever the bit is", () => {
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
