import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { messagesOf, readMessage } from "@/lib/adapters/mirror/read-message";
import { MAX_CHUNKS, UNUSABLE_CHUNK } from "@/lib/core/ledger/chunks";
import { MAX_CONSENSUS_NS } from "@/lib/core/ledger/consensus-time";
import { MAX_SEQUENCE, parseAccountId, type TopicId } from "@/lib/core/ledger/ids";
import type { LedgerMessage } from "@/lib/core/ledger/message";
import { CHAIN_START } from "@/lib/core/ledger/verify";
import { interpret } from "@/lib/core/signals/interpret";
import { chainOf, OPERATOR, sha384 } from "../../../support/mirrors/chain";
import { EXTREMES, MEMBERS, withMember } from "../../../support/mirrors/extreme-json";
import { mirrorJson } from "../../../support/mirrors/mirror-json";
import { MIRROR_PAGES } from "../../../support/mirrors/mirror-pages";
import { unwrap } from "../../../support/unwrap";

const TOPIC = "0.0.1006" as TopicId;
const PAYERS = new Set(["0.0.2", "0.0.1002", "1.2.1002"].map((id) => unwrap(parseAccountId(id))));
const START = "1756834059.000000321";
const request = { type: "CONTACT_REQUEST", from: "a", to: "b" };
const [HONEST, SECOND, THIRD] = chainOf(
  TOPIC,
  [1, 2, 3].map((n) => ({ body: { ...request, n }, chunk: { key: START, number: 1, total: 2 } })),
).map(mirrorJson) as [Record<string, unknown>, Record<string, unknown>, Record<string, unknown>];

/** Every way in which a message could be more than its row has room for. */
function isStorable({ sequence, consensusNs, payer, message, runningHash, runningHashVersion, chunk }: LedgerMessage) {
  const isWhole = (n: number, min: number, max: number) => Number.isInteger(n) && n >= min && n <= max;
  return (
    isWhole(sequence, 1, MAX_SEQUENCE) &&
    consensusNs >= 0n &&
    consensusNs <= MAX_CONSENSUS_NS &&
    (payer === null || parseAccountId(payer) === payer) &&
    message instanceof Uint8Array &&
    (runningHash === null || runningHash.length === 48) &&
    (runningHashVersion === null || isWhole(runningHashVersion, 0, 32_767)) &&
    (chunk === null || (/^[\w.|-]*$/.test(chunk.key) && isWhole(chunk.number, 0, 100) && isWhole(chunk.total, 1, 100)))
  );
}

describe("pages as mirrors answer them", () => {
  it.each(MIRROR_PAGES)("$name: $about", ({ page, expect: expected }) => {
    const [first] = page.messages;
    const topicId = first?.topic_id as TopicId;
    const before = Number(first?.sequence_number) - 1;
    const messages = messagesOf(page.messages, topicId, before).messages;
    const head = before === 0 ? CHAIN_START : { sequence: before, hash: null, consensusNs: 0n };
    const { entries } = interpret({ topicId, head, messages, priorParts: [], trustedPayers: PAYERS, sha384 });
    expect(entries.map(({ verification, disposition, reason }) => ({ verification, disposition, reason }))).toEqual(
      expected,
    );
  });

  it("give the same chunk for every form of a transaction id", () => {
    const chunkWith = (id: unknown, more: object = {}) => {
      const info = { initial_transaction_id: id, number: 1, total: 2, ...more };
      return readMessage({ ...HONEST, chunk_info: info }, TOPIC).chunk;
    };
    const object = { account_id: "0.0.1002", nonce: 0, scheduled: false };
    const expected = { key: `0.0.2|0.0.1002|${START}|0|false`, number: 1, total: 2 };
    for (const name of ["transaction_valid_start", "valid_start_timestamp", "valid_start"])
      expect(chunkWith({ ...object, [name]: START })).toEqual(expected);
    for (const text of ["0.0.1002-1756834059-000000321", "0.0.1002@1756834059.000000321", "0.0.1002@1756834059.321"])
      expect(chunkWith(text)).toEqual(expected);
    expect(chunkWith("0.0.1002-1756834059-000000321", { nonce: 0, scheduled: false })).toEqual(expected);
    expect(chunkWith("0.0.1002@1756834059.321?scheduled/1")).toMatchObject({ key: `0.0.2|0.0.1002|${START}|1|true` });
    expect(chunkWith({ ...object, transaction_valid_start: "1756834059.000000322" })).not.toEqual(expected);
  });

  it.each([
    ["a time beyond int64", ["consensus_timestamp"], "9223372036.854775808", { defect: "bad-time", consensusNs: 0n }],
    ["a version of 100000", ["running_hash_version"], 100_000, { defect: "bad-version", runningHashVersion: null }],
    ["a total of 3000000000", ["chunk_info", "total"], 3e9, { chunk: UNUSABLE_CHUNK, defect: null }],
    ["a total that is too large", ["chunk_info", "total"], MAX_CHUNKS + 1, { chunk: UNUSABLE_CHUNK, defect: null }],
    [
      "NUL in a valid start",
      ["chunk_info", "initial_transaction_id", "transaction_valid_start"],
      "1756834059.00000\u0000321",
      { chunk: UNUSABLE_CHUNK, defect: null },
    ],
    ["bytes that are not base64", ["message"], "Hello, Hedera!", { defect: "bad-bytes" }],
    ["a hash of another length", ["running_hash"], "AAAA", { defect: "bad-hash", runningHash: null }],
    ["an empty hash", ["running_hash"], "", { defect: null, runningHash: null }],
    ["no payer", ["payer_account_id"], undefined, { defect: null, payer: null }],
  ])("%s ends in a message that can be stored", (_, path, value, expected) => {
    const message = readMessage(withMember(HONEST, path, value), TOPIC) as LedgerMessage;
    expect(message).toMatchObject({ sequence: 1, ...expected });
    expect(isStorable(message)).toBe(true);
  });

  it("become messages that can be stored, whichever member is wrong", () => {
    for (const path of MEMBERS)
      for (const value of EXTREMES) {
        const page = [HONEST, withMember(SECOND, path, value), THIRD];
        const messages = messagesOf(page, TOPIC, 0).messages;
        const what = `${path.join(".")} = ${JSON.stringify(value)?.slice(0, 60)}`;
        expect(messages.every(isStorable), what).toBe(true);
        expect(messages[0], what).toEqual(readMessage(HONEST, TOPIC));
        expect(messages.at(-1), what).toEqual(readMessage(THIRD, TOPIC));
      }
  });

  it("become messages that can be stored, whatever JSON they are", () => {
    const anything = fc.oneof(
      fc.jsonValue(),
      fc.tuple(fc.constantFrom(...MEMBERS), fc.jsonValue()).map(([path, value]) => withMember(SECOND, path, value)),
      fc.constantFrom(HONEST, SECOND, THIRD),
    );
    fc.assert(
      fc.property(fc.array(anything, { maxLength: 8 }), fc.nat({ max: 4 }), (list, after) => {
        const { messages, leftOut } = messagesOf(list, TOPIC, after);
        expect(messages.every(isStorable)).toBe(true);
        expect(messages.length + leftOut).toBe(list.length);
      }),
      { numRuns: 500 },
    );
  });
});

describe("a message without a number of its own", () => {
  const numbers = (list: readonly unknown[], after = 0) =>
    messagesOf(list, TOPIC, after).messages.map(({ sequence, defect }) =>
      defect ? `${sequence} ${defect}` : sequence,
    );
  const odd = "not-a-message";

  it("takes the one that its neighbours leave for it", () => {
    expect(numbers([HONEST, null, THIRD])).toEqual([1, `2 ${odd}`, 3]);
    expect(numbers([{}, [], THIRD])).toEqual([`1 ${odd}`, `2 ${odd}`, 3]);
    expect(numbers([{ ...SECOND, sequence_number: MAX_SEQUENCE + 1 }, THIRD], 1)).toEqual([`2 ${odd}`, 3]);
  });

  it("is left out if they leave none or several", () => {
    expect(numbers([HONEST, null, null, THIRD])).toEqual([1, 3]);
    expect(numbers([null, THIRD])).toEqual([3]);
    expect(numbers([HONEST, null])).toEqual([1]);
    expect(numbers([HONEST, null, SECOND])).toEqual([1, 2]);
    expect(numbers([HONEST, { ...SECOND, topic_id: "0.0.7" }, THIRD])).toEqual([1, 3]);
  });

  it("is counted if it is left out: a mirror with only such messages does not have an empty topic", () => {
    expect(messagesOf([null], TOPIC, 0)).toEqual({ messages: [], leftOut: 1 });
    expect(messagesOf([{ ...HONEST, topic_id: "0.0.7" }, HONEST], TOPIC, 0)).toMatchObject({ leftOut: 1 });
    expect(messagesOf([], TOPIC, 0)).toEqual({ messages: [], leftOut: 0 });
  });

  it("has no payer", () => {
    expect(readMessage({}, TOPIC).payer).toBeNull();
    expect(readMessage(HONEST, TOPIC).payer).toBe(OPERATOR);
  });
});
