/** Keeps of a mirror's answer only what was asked for, each sequence number once. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { requestedOnly } from "@/lib/adapters/mirror/requested-messages";
import { consensusNs } from "@/lib/core/ledger/consensus-time";
import type { TopicId } from "@/lib/core/ledger/ids";
import type { LedgerMessage } from "@/lib/core/ledger/message";
import { chainOf } from "../../../support/mirrors/chain";

const TOPIC = "0.0.7" as TopicId;
const CHAIN = chainOf(
  TOPIC,
  Array.from({ length: 30 }, (_, i) => ({ body: { i } })),
);
const OTHER = chainOf("0.0.8", [{ body: "other" }, { body: "topic" }]);

/** A message in which one thing is different. */
const altered = (message: LedgerMessage): fc.Arbitrary<LedgerMessage> =>
  fc
    .constantFrom<Partial<LedgerMessage>>(
      { message: new Uint8Array([1]) },
      { runningHash: null },
      { runningHash: new Uint8Array(48) },
      { runningHashVersion: 2 },
      { consensusNs: consensusNs(message.consensusNs + 1n) },
      { payer: "0.0.99" as LedgerMessage["payer"] },
      { chunk: { key: "x", number: 1, total: 2 } },
    )
    .map((change) => ({ ...message, ...change }));

describe("an answer about something else", () => {
  it("keeps each message that was asked for once, in any order and among any others", () => {
    const asked = fc.record({ after: fc.nat(29), length: fc.integer({ min: 0, max: 30 }) });
    const index = fc.nat(29);
    fc.assert(
      fc.property(asked, fc.array(index), fc.array(index), fc.boolean(), ({ after, length }, some, others, isMixed) => {
        const upTo = after + length;
        const request = { topicId: TOPIC, after, upTo, limit: 100 };
        const answer = [...some, ...others].map((i) => CHAIN[i] as LedgerMessage);
        const { messages, foreign } = requestedOnly(request, [...(isMixed ? OTHER : []), ...answer]);
        const wanted = new Set(answer.map(({ sequence }) => sequence).filter((each) => each > after && each <= upTo));
        expect(new Set(messages.map(({ sequence }) => sequence))).toEqual(wanted);
        expect(messages).toHaveLength(wanted.size);
        expect(foreign > 0).toBe(isMixed || answer.some(({ sequence }) => !wanted.has(sequence)));
      }),
    );
  });

  it("keeps neither of two copies that differ in anything", () => {
    const twice = fc.nat(29).chain((i) => fc.tuple(fc.constant(i), altered(CHAIN[i] as LedgerMessage)));
    fc.assert(
      fc.property(twice, ([i, copy]) => {
        const { messages, foreign } = requestedOnly({ topicId: TOPIC, after: 0, limit: 100 }, [...CHAIN, copy]);
        expect(messages).toEqual(CHAIN.filter((_, at) => at !== i));
        expect(foreign).toBe(1);
      }),
    );
  });
});
