/** Segments give back what was packed, whatever the messages hold. */
import { hash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { heldIn, heldOf, LogSegment, packSegment, segmentStart } from "@/lib/adapters/postgres/codec/log-segment";
import type { ConsensusNs } from "@/lib/core/ledger/consensus-time";
import type { AccountId, Sequence, TopicId } from "@/lib/core/ledger/ids";
import { nextRunningHash } from "@/lib/core/ledger/running-hash";
import type { LogEntry } from "@/lib/core/signals/batch";

const TOPIC = "0.0.1001" as TopicId;
const sha384 = (bytes: Uint8Array): Uint8Array => hash("sha384", bytes, "buffer");

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 60 }),
  fc.json().map((json) => new TextEncoder().encode(json)),
  fc.string().map((text) => new TextEncoder().encode(text)),
  fc.constant(new Uint8Array(0)),
);
const text = fc.string({ unit: "grapheme" });
const anyMessage = fc.record({
  step: fc.oneof({ weight: 8, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: fc.integer({ min: 2, max: 5 }) }),
  ns: fc.bigInt(-(10n ** 18n), 10n ** 18n),
  payer: fc.option(fc.constantFrom("0.0.7", "0.0.8", "0.0.123456789") as fc.Arbitrary<AccountId>, { freq: 9 }),
  message: bytes,
  body: fc.option(bytes, { freq: 2 }),
  hash: fc.constantFrom("next", "next", "next", "null", "other"),
  runningHashVersion: fc.constantFrom(3, 3, 3, 2, 0, null),
  verification: fc.constantFrom("verified", "unverifiable", "failed"),
  disposition: fc.constantFrom("signal", "part", "undecodable", "untrusted", "failed", "unproven"),
  reason: fc.option(text),
  chunk: fc.option(fc.record({ key: text, number: fc.integer(), total: fc.integer() }), { freq: 2 }),
  chunkInfo: fc.oneof(fc.constant(undefined), fc.constant(null), fc.json(), text),
  signature: fc.constantFrom(undefined, "alone", "both", "wrong", "unprovable", "open"),
});

/** Entries in a row, most of them in one chain. */
const anyEntries = fc
  .tuple(fc.nat(4_000_000_000), fc.nat(50), fc.array(anyMessage, { maxLength: 40 }))
  .map(([range, place, messages]) => {
    const first = range * 256 + place;
    let before: LogEntry | null = null;
    return messages.map(({ step, ns, hash: kind, chunkInfo, signature, ...rest }): LogEntry => {
      const sequence = ((before?.sequence ?? first) + step) as Sequence;
      const consensusNs = (1_790_000_000_000_000_000n + ns) as ConsensusNs;
      const payer = rest.payer ?? ("0.0.9" as AccountId);
      const next = nextRunningHash(
        ...([
          sha384,
          before?.runningHash ?? new Uint8Array(48),
          { topicId: TOPIC, payer, consensusNs, sequence },
        ] as const),
        rest.message,
      );
      const runningHash = kind === "null" ? null : kind === "next" ? next : new Uint8Array(48).fill(7);
      const entry = {
        ...{ ...rest, sequence, consensusNs, runningHash },
        ...(chunkInfo === undefined ? {} : { chunkInfo }),
        ...(signature === undefined ? {} : { signature }),
      } as LogEntry;
      before = entry;
      return entry;
    });
  });

/** A whole range of verified messages in one chain. */
function chainOf(text: (i: number) => string): readonly LogEntry[] {
  let running: Uint8Array = new Uint8Array(48);
  return Array.from({ length: 256 }, (_, i): LogEntry => {
    const payer = "0.0.7" as AccountId;
    const place = { payer, consensusNs: BigInt(i + 1) as ConsensusNs, sequence: (i + 1) as Sequence };
    const message = new TextEncoder().encode(text(i));
    running = nextRunningHash(sha384, running, { topicId: TOPIC, ...place }, message);
    return {
      ...{ ...place, message, body: null, runningHash: running, runningHashVersion: 3 },
      ...{ verification: "verified", disposition: "signal", reason: null, chunk: null },
    };
  });
}

const hexOf = (bytes: string | Uint8Array) => Buffer.from(bytes as string).toString("hex");
/** Bytes compare by their content, whatever kind of array holds them. */
const plainOf = (entry: LogEntry) =>
  Object.fromEntries(
    Object.entries(entry).map(([name, value]) => [name, value instanceof Uint8Array ? hexOf(value) : value]),
  );
const plain = (entries: readonly LogEntry[]) => entries.map(plainOf);

const storedWith = (first: string, second: string) => [
  {
    ...{ sequence: 1, consensusNs: 1_790_000_000_000_000_001n, payer: "0.0.7", message: hexOf(first), body: null },
    ...{ runningHash: "01".repeat(48), runningHashVersion: 3, verification: "verified", disposition: "part" },
    ...{ reason: null, chunk: { key: "0.0.7@1.2", number: 1, total: 2 }, chunkInfo: null },
  },
  {
    ...{ sequence: 4, consensusNs: 1_790_000_000_000_000_009n, payer: null, message: hexOf(second) },
    ...{ body: hexOf("firstsecond"), runningHash: null, runningHashVersion: null, verification: "verified" },
    ...{ disposition: "signal", reason: "why", chunk: { key: "0.0.7@1.2", number: 2, total: 2 } },
    ...{ chunkInfo: '{"odd":1}', signature: "both" },
  },
];

const unpacked = (content: Uint8Array) => new LogSegment(TOPIC, content).entries();

describe("a segment", () => {
  it("gives back each entry exactly, hostile bytes and broken chains included", () => {
    fc.assert(
      fc.property(anyEntries, (entries) => {
        expect(plain(unpacked(packSegment(TOPIC, entries)))).toEqual(plain(entries));
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    [
      "first",
      "first",
      "second",
      "ARGd0AqJD4wvN/m05tXFwaSiEQCAIzXqi9ndevNJmpC//rlik6TuNopvrgjMdr/fLymDkSSaSNJ1CWQWceCQ23eknFLKuEZgF6zMksPhmB5JiUpoy8aUfecD97rv/D0RgFHQukMgZUwYlE6pYqKKYOUPYx27NrpuAQ==",
    ],
    [
      "second",
      '{"a":"x","n":5}',
      '{"a":"y","n":7}',
      "AttugKI+KzhU2t/rTC/qQqrCEwCAIzXqi9mdAvMOtoe8fDk9VYj23v7uPAWb0IUkFaUK2WY2MyVo7af8wSG3F1JOKWUcbMBpgh6AJbTTCRyO5XxVddUTO2VkqCbd6iZ99vvuv0cCEFIjMEhGVXKwczKLmBizDKHxk8wTMUIQRcaAkFgUOW5SEAxMr5d1W/N0HDI=",
    ],
  ])("of the %s layout is read for ever", (_, first, second, stored) => {
    expect(unpacked(Buffer.from(stored, "base64")).map(plainOf)).toEqual(storedWith(first, second));
  });

  it("is read however much its columns take, with a body for each message", () => {
    const words = (i: number) => Array.from({ length: 650 }, (_, j) => `"${(i * 650 + j).toString(36)}"`).join("");
    const entries = chainOf((i) => `{"${i}":""1${i < 26 ? words(i) : '""1'.repeat(1_364)}`.slice(0, 4_096));
    const split = entries.map((entry) => ({ ...entry, body: entry.message }));
    expect(unpacked(packSegment(TOPIC, split))).toHaveLength(256);
  });

  it("keeps one hash of a chain, and gives other hashes for another topic", () => {
    const entries = chainOf(() => "the same");
    const content = packSegment(TOPIC, entries);
    expect(content.length).toBeLessThan(600);
    const last = (topicId: TopicId) => new LogSegment(topicId, content).entries().at(-1)?.runningHash;
    expect(last(TOPIC)).toEqual(entries.at(-1)?.runningHash);
    expect(last("0.0.1002" as TopicId)).not.toEqual(entries.at(-1)?.runningHash);
  });

  it("gives single messages without the rest, and none that it does not hold", () => {
    fc.assert(
      fc.property(anyEntries, (entries) => {
        const segment = new LogSegment(TOPIC, packSegment(TOPIC, entries));
        for (const { sequence, consensusNs, payer, signature, body, message } of entries) {
          const { whole, ...rest } = segment.message(sequence) ?? {};
          expect(rest).toEqual({ consensusNs, payer, signature: signature ?? null });
          expect(Buffer.from(whole ?? [])).toEqual(Buffer.from(body ?? message));
        }
        expect(segment.message((entries.at(-1)?.sequence ?? 0) + 1)).toBeNull();
        for (const { consensusNs: ns } of entries)
          expect(segment.at(ns)?.sequence).toBe(entries.find((entry) => entry.consensusNs === ns)?.sequence);
        const [from = 0, through = 0] = [entries[3]?.sequence, entries[9]?.sequence];
        const some = entries.filter(({ sequence }) => sequence >= from && sequence <= through);
        expect(plain(segment.entries(from, through))).toEqual(plain(some));
      }),
      { numRuns: 100 },
    );
  });

  it("of which a bit has flipped is never read as another message", () => {
    const chain = chainOf((i) => `{"type":"CONTACT_REQUEST","from":"tm-${i}","to":"tm-${(i * 37) % 101}"}`);
    const content = packSegment(TOPIC, chain);
    expect(plain(unpacked(content))).toEqual(plain(chain));
    fc.assert(
      fc.property(fc.nat(content.length * 8 - 1), (bit) => {
        const damaged = Buffer.from(content);
        damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
        let entries: readonly LogEntry[] | null = null;
        try {
          entries = unpacked(damaged);
        } catch {
          // It was noticed. The bits that fill the last byte mean nothing.
        }
        if (entries !== null) expect(plain(entries)).toEqual(plain(chain));
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    ["of a later layout", (content: Uint8Array) => Buffer.concat([Buffer.of(3), content.subarray(1)])],
    ["that is cut short", (content: Uint8Array) => content.subarray(0, content.length - 3)],
    ["without content", () => new Uint8Array(0)],
  ])("is refused: one %s", (_, damaged) => {
    const content = packSegment(
      TOPIC,
      chainOf((i) => `message ${i}`),
    );
    expect(unpacked(content)).toHaveLength(256);
    expect(() => unpacked(damaged(content))).toThrow();
  });
});

it("a segment refuses messages of several ranges", () => {
  fc.assert(
    fc.property(anyEntries, (entries) => {
      const [first] = entries;
      if (first === undefined) return;
      const other = { ...first, sequence: (first.sequence + 256) as Sequence };
      expect(() => packSegment(TOPIC, [...entries, other])).toThrow("the messages are not of one range");
    }),
    { numRuns: 20 },
  );
});

it("segments say which numbers they hold", () => {
  const numbers = fc.uniqueArray(fc.integer({ min: 513, max: 768 }));
  fc.assert(
    fc.property(numbers, (sequences) => {
      const held = heldOf(
        513,
        sequences.map((sequence) => ({ sequence: sequence as Sequence })),
      );
      expect(heldIn(513, held)).toEqual(sequences.toSorted((a, b) => a - b));
    }),
  );
});

it("segments begin after each multiple of 256", () => {
  expect([1, 2, 256, 257, 512, 513].map(segmentStart)).toEqual([1, 1, 1, 257, 257, 513]);
});
