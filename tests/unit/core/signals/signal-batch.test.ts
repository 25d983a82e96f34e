import { createHash } from "node:crypto";
import { constants, deflateRawSync, inflateRawSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_CONSENSUS_NS } from "@/lib/core/ledger/consensus-time";
import { BATCH_DICTIONARY } from "@/lib/core/signals/batch-dictionary";
import {
  isBatch,
  MAX_BATCH_BYTES,
  MAX_BATCH_SIGNALS,
  openBatch,
  sealBatch,
  signalsIn,
  signalTime,
} from "@/lib/core/signals/signal-batch";
import { unwrap } from "../../../support/unwrap";
import { at } from "../../../support/worlds/histories/batches";

const bytes = (text: string) => new TextEncoder().encode(text);
const dictionary = bytes(BATCH_DICTIONARY);
const seal = (signals: readonly Uint8Array[], validStartS = 1_790_000_000) => sealBatch(signals, validStartS);
const opened = (message: Uint8Array) => {
  const batch = openBatch(message);
  return batch?.ok ? batch.value : batch;
};
/** A message of version 1 with this compressed text. */
const messageOf = (packed: Uint8Array) => Uint8Array.of(0xba, 1, 0, 0, 0, 9, ...packed);
const packed = (text: Uint8Array) => messageOf(deflateRawSync(text, { level: 9, dictionary }));

/** All bytes but the newline. */
const anySignal = fc
  .uint8Array({ minLength: 1, maxLength: 60 })
  .map((given) => given.map((byte) => (byte === 0x0a ? 0x0b : byte)));

describe("a batch", () => {
  it("gives back each signal byte for byte, with the second in which its transaction's validity began", () => {
    fc.assert(
      fc.property(
        fc.array(anySignal, { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 0, max: 2 ** 32 - 1 }),
        (signals, validStartS) => {
          const message = unwrap(sealBatch(signals, validStartS));
          expect(isBatch(message)).toBe(true);
          expect(opened(message)).toEqual({ signals, validStartS });
          expect(signalsIn(message)).toEqual(signals);
        },
      ),
    );
  });

  it("opens wherever its bytes lie in memory", () => {
    const message = unwrap(seal([bytes("a"), bytes("b")], 77));
    const inside = new Uint8Array(message.length + 5);
    inside.set(message, 3);
    expect(opened(inside.subarray(3, 3 + message.length))).toEqual({
      signals: [bytes("a"), bytes("b")],
      validStartS: 77,
    });
  });

  it("is at most one ledger message: it takes as many signals as fit, and not one more", () => {
    const signal = (i: number) => bytes(createHash("sha512").update(String(i)).digest("base64url"));
    const fitting = Array.from({ length: 200 }, (_, n) => n + 1).filter(
      (n) => seal(Array.from({ length: n }, (_, i) => signal(i))) !== null,
    );
    expect(fitting).toEqual(fitting.map((_, i) => i + 1));
    const most = unwrap(seal(Array.from({ length: fitting.length }, (_, i) => signal(i))));
    expect(most.length).toBeLessThanOrEqual(MAX_BATCH_BYTES);
    expect(most.length).toBeGreaterThan(MAX_BATCH_BYTES - 90);
    // Short ones are bounded by their number, and text that repeats by its length.
    expect(seal(Array.from({ length: MAX_BATCH_SIGNALS }, () => bytes("x")))).not.toBeNull();
    expect(seal(Array.from({ length: MAX_BATCH_SIGNALS + 1 }, () => bytes("x")))).toBeNull();
    expect(seal([bytes("x".repeat(16_384))])).not.toBeNull();
    expect(seal([bytes("x".repeat(16_385))])).toBeNull();
  });

  it("takes no signal that could not be told from its neighbours", () => {
    for (const signals of [[], [bytes("")], [bytes("a"), bytes("")], [bytes("a\nb")]]) expect(seal(signals)).toBeNull();
  });

  it("halves what signals take, and more", () => {
    const signal = (i: number) =>
      bytes(
        JSON.stringify({
          ...{ type: "CONTACT_REQUEST", from: `0.0.${8_000_003 + i * 7_919}`, nonce: 1_796_000_000_123 + i * 311 },
          ...{
            ts: 1_796_000_000 + i,
            payload: { target: `0.0.${9_000_001 + i * 104_729}`, message: `Hello ${i * 37}` },
          },
        }),
      );
    const signals = Array.from({ length: 15 }, (_, i) => signal(i));
    const each = unwrap(seal(signals)).length / signals.length;
    expect(each).toBeLessThan(unwrap(signals[0]).length / 3);
  });
});

describe("opening", () => {
  it("knows a batch by its first byte, which no text begins with", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", minLength: 1 }), (text) => {
        expect(openBatch(bytes(text))).toBeNull();
      }),
    );
    expect(openBatch(new Uint8Array())).toBeNull();
    expect(signalsIn(bytes("{}"))).toEqual([bytes("{}")]);
  });

  it("never throws, and takes nothing that is no batch of this version", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1_100 }), (tail) => {
        const message = Uint8Array.of(0xba, ...tail);
        const batch = openBatch(message);
        if (batch?.ok) expect([message[1], batch.value.signals.length > 0]).toEqual([1, true]);
        else expect(batch).toEqual({ ok: false, error: "bad-batch" });
      }),
    );
  });

  const good = packed(bytes("a\nb"));
  it.each([
    ["of another version", Uint8Array.of(0xba, 2, ...good.subarray(2))],
    ["without text", good.subarray(0, 6)],
    ["cut short", good.subarray(0, -1)],
    ["with an empty signal", packed(bytes("a\n\nb"))],
    ["with an empty signal at its end", packed(bytes("a\n"))],
    ["with one signal too many", packed(bytes(`${"x\n".repeat(MAX_BATCH_SIGNALS)}x`))],
    ["with more text than fits", packed(bytes("x".repeat(16_385)))],
    ["longer than a message in one piece", messageOf(new Uint8Array(MAX_BATCH_BYTES))],
    [
      "compressed against another text",
      messageOf(deflateRawSync(bytes(" about above"), { level: 9 }).map((b) => b ^ 255)),
    ],
  ])("refuses one %s", (_, message) => {
    expect(openBatch(message)).toEqual({ ok: false, error: "bad-batch" });
    expect(signalsIn(message)).toEqual([message]);
  });

  it("unpacks a message no further than a batch may be long, whatever it would become", () => {
    const bomb = packed(new Uint8Array(900_000).fill(0x41));
    expect(bomb.length).toBeLessThan(MAX_BATCH_BYTES);
    expect(openBatch(bomb)).toEqual({ ok: false, error: "bad-batch" });
  });
});

describe("the format", () => {
  it("never changes: a batch of version 1 has these bytes, and its dictionary this digest", () => {
    expect(createHash("sha256").update(dictionary).digest("hex")).toBe(
      "d42648d178b09c9ff41683261722be1bc46517ce263302670c71fbf62ca5423e",
    );
    const signals = ['{"type":"CONTACT_ACCEPT","from":"0.0.1001"}', '{"type":"CONTACT_ACCEPT","from":"0.0.1002"}'];
    const message = Buffer.from("ba016ab13b8023cac586060686c8e53901b5464ab500", "hex");
    expect(opened(message)).toEqual({ signals: signals.map(bytes), validStartS: 1_790_000_000 });
  });

  it("is deflate with a preset dictionary, so any library reads and writes it", () => {
    fc.assert(
      fc.property(fc.array(anySignal, { minLength: 1, maxLength: 5 }), (signals) => {
        const text = Buffer.concat(signals.flatMap((signal, i) => (i === 0 ? [signal] : [bytes("\n"), signal])));
        const message = unwrap(seal(signals));
        expect(inflateRawSync(message.subarray(6), { dictionary, finishFlush: constants.Z_FINISH })).toEqual(text);
        expect(opened(packed(text))).toEqual({ signals, validStartS: 9 });
      }),
    );
  });
});

it("a signal's time is its message's and its place in nanoseconds, and never later than any row can hold", () => {
  expect([0, 1, 63].map((place) => signalTime(at(1_000n), place))).toEqual([1_000n, 1_001n, 1_063n]);
  expect(signalTime(MAX_CONSENSUS_NS, 5)).toBe(MAX_CONSENSUS_NS);
});
