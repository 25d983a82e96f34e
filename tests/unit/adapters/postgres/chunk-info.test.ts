/** Chunk info as it is stored: lossless for any text, and short for the form that the SDK causes. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { packChunkInfo, unpackChunkInfo } from "@/lib/adapters/postgres/codec/chunk-info";
import { formatConsensusTime, fromMs } from "@/lib/core/ledger/consensus-time";
import type { AccountId } from "@/lib/core/ledger/ids";

const PAYER = "0.0.1001" as AccountId;
const consensusNs = fromMs(1_795_392_000_000);
const beside = { payer: PAYER, consensusNs };

const id = fc.record({
  account_id: fc.constantFrom("0.0.1001", "0.0.1002", null),
  nonce: fc.constantFrom(0, 0, 1),
  scheduled: fc.constantFrom(false, false, true),
  transaction_valid_start: fc
    .bigInt(-20_000_000_000n, 20_000_000_000n)
    .map((ns) => formatConsensusTime((consensusNs + ns) as typeof consensusNs)),
});
const usual = fc.record({
  initial_transaction_id: id,
  number: fc.integer({ min: 0, max: 2_000 }),
  total: fc.nat(2_000),
});
const text = fc.oneof(
  usual.map((info) => JSON.stringify(info)),
  usual.map((info) => JSON.stringify({ ...info, number: 1, total: 1 })),
  fc.json(),
  fc.string(),
  fc.constant(null),
  fc.constant(undefined),
);

it("comes back as it was", () => {
  fc.assert(
    fc.property(text, (told) => {
      const written = told?.toWellFormed() ?? told;
      expect(unpackChunkInfo(packChunkInfo(written, beside), beside)).toBe(written);
    }),
    { numRuns: 500 },
  );
});

it("takes six bytes for a message of one piece, and eight for a part", () => {
  const transaction_valid_start = formatConsensusTime(fromMs(1_795_391_992_500));
  const initial_transaction_id = { account_id: PAYER, nonce: 0, scheduled: false, transaction_valid_start };
  const bytes = (number: number, total: number) =>
    packChunkInfo(JSON.stringify({ initial_transaction_id, number, total }), beside)?.length;
  expect([bytes(1, 1), bytes(2, 3)]).toEqual([6, 8]);
});
