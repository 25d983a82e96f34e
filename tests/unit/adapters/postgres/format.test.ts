/** The meaning of each number of the stored format. */
import { hash } from "node:crypto";
import { expect, it } from "vitest";
import {
  authorFlag,
  disposition,
  gapState,
  signatureState,
  typeName,
  verification,
} from "@/lib/adapters/postgres/codec/codes";
import { FORMAT } from "@/lib/adapters/postgres/codec/format";
import { LAYOUT, SEGMENT_LENGTH } from "@/lib/adapters/postgres/codec/log-segment";
import { REF_SHIFT } from "@/lib/adapters/postgres/codec/ref";
import { fromShorthand } from "@/lib/adapters/postgres/codec/shorthand";

/** A hash of the meaning of each format's rows. Never change the hash of a released format: raise FORMAT and add one. */
const MEANINGS: Readonly<Record<number, string>> = {
  1: "0142b2dc045717ed5a455f1e49aac1c783e98bc7f71cc30e00a5e28e9180875c",
  2: "6cc43811ede9c0f9fefb04ed41b0c739bcf6745fd57c089bf9a360de263de2b9",
  3: "4a80953f6e7c9bf31710132aa0e9435dd45db920511f9f3f3d71b2ae6dd8833e",
  // Packed rows of people, which functions of the database read (migration 0013).
  4: "4a80953f6e7c9bf31710132aa0e9435dd45db920511f9f3f3d71b2ae6dd8833e",
  // Log segments of the second layout, and parts of split messages in them.
  5: "ada714f01ce1266eaa84531356cb713b2b6b55c32ee6bfbdc163457be47b3734",
  // Dropped messages, which an earlier version takes for lost ones.
  6: "ada714f01ce1266eaa84531356cb713b2b6b55c32ee6bfbdc163457be47b3734",
};

/** Words of ours that were renamed since. Their numbers mean the same, so the format does too. */
const FORMERLY: Readonly<Record<string, string>> = { hole: "suspected" };

const or = <T>(read: () => T): T | null => {
  try {
    return read();
  } catch {
    return null;
  }
};
const meaning = () => ({
  bytes: Array.from({ length: 256 }, (_, byte) =>
    or(() => Buffer.from(fromShorthand(Uint8Array.of(byte))).toString("latin1")),
  ),
  types: Array.from({ length: 200 }, (_, number) => or(() => typeName(number, "named"))),
  authors: Array.from({ length: 64 }, (_, flags) => or(() => authorFlag(flags).author ?? "payer")),
  codes: [verification, disposition, gapState, signatureState].map(({ name }) =>
    Array.from({ length: 20 }, (_, code) => or(() => FORMERLY[name(code)] ?? name(code))),
  ),
  shift: REF_SHIFT,
  segments: [LAYOUT, SEGMENT_LENGTH],
});

it("is raised with every phrase, code and type that an earlier version does not know", () => {
  expect(hash("sha256", JSON.stringify(meaning()))).toBe(MEANINGS[FORMAT]);
});

it("does not read a later version's shorter bytes as text", () => {
  const unknown = meaning().bytes.flatMap((text, byte) => (text === null ? [byte] : []));
  expect(unknown.length).toBeGreaterThan(0);
  for (const byte of unknown)
    expect(() => fromShorthand(Uint8Array.of(0x7b, byte, 0x7d))).toThrow("a phrase of a later format");
});
