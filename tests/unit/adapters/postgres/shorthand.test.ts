import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromShorthand, toShorthand } from "@/lib/adapters/postgres/codec/shorthand";
import { createRng } from "@/lib/devnet/rng";
import { type EnvelopeContext, formsOf, writeEnvelope } from "@/lib/devnet/seed/envelopes";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const same = (bytes: Uint8Array): void => {
  expect(Buffer.compare(fromShorthand(toShorthand(bytes)), bytes)).toBe(0);
};
const context: EnvelopeContext = { ts: 1_790_000_000, nonce: 1_042, nameOf: (userId) => userId };

describe("shorthand", () => {
  it("returns any bytes unchanged", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), same));
  });

  it("returns any JSON unchanged, even cut in two anywhere", () => {
    fc.assert(
      fc.property(fc.json(), fc.double({ min: 0, max: 1, noNaN: true }), (json, where) => {
        const bytes = bytesOf(json);
        const cut = Math.floor(bytes.length * where);
        for (const part of [bytes, bytes.subarray(0, cut), bytes.subarray(cut)]) same(part);
      }),
    );
  });

  it("returns every known form of message unchanged", () => {
    const vectors = JSON.parse(readFileSync("tests/fixtures/vectors/envelopes.json", "utf8")) as unknown[];
    for (const vector of Object.values(vectors).flat()) same(bytesOf(JSON.stringify(vector)));
  });

  it("stores the messages of other tools unchanged, byte for byte", () => {
    const kept = toShorthand(bytesOf('{"hello": "world", "名": "李雷"}'));
    expect(new TextDecoder().decode(kept)).toBe('{"hello": "world", "名": "李雷"}');
  });

  it("stores a message that contains phrase bytes behind a zero", () => {
    const poison = Uint8Array.of(0x01, 0x7b, 0xff);
    expect([...toShorthand(poison)]).toEqual([0, 0x01, 0x7b, 0xff]);
    expect([...toShorthand(Uint8Array.of(0))]).toEqual([0, 0]);
  });

  it("saves more than two fifths of the messages that people write most", () => {
    for (const type of ["CONTACT_ACCEPT", "TRUST_REVOKE"] as const) {
      expect(formsOf(type)).toContain("hcs21");
      const act = { type, actor: "tm-alice", target: "tm-bob" };
      const bytes = bytesOf(JSON.stringify(writeEnvelope(act, context, createRng(1), "hcs21")));
      expect(toShorthand(bytes).length).toBeLessThan(bytes.length * 0.6);
    }
  });

  it("reads everything that was stored under its format since the first day", () => {
    const kept = Buffer.from("001b", "hex");
    expect([...fromShorthand(kept)]).toEqual([0x1b]);
    const hcs21 = Buffer.from([1, 0x31, 2, ...Buffer.from("a"), 4, 0x37, ...Buffer.from(',"ts":1'), 0x11]);
    expect(Buffer.from(fromShorthand(hcs21)).toString()).toBe(
      '{"hcs":"21","v":"1.0","type":1,"from":"tm-a","nonce":7,"ts":1"}}',
    );
  });
});
