import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { consensusNs, parseConsensusTime } from "@/lib/core/ledger/consensus-time";
import { parseAccountId, parseTopicId, type Sequence } from "@/lib/core/ledger/ids";
import type { LedgerMessage } from "@/lib/core/ledger/message";
import {
  equalBytes,
  GENESIS_HASH,
  HASH_BYTES,
  nextRunningHash,
  runningHashPreimage,
} from "@/lib/core/ledger/running-hash";
import { advance, CHAIN_START, type ChainHead, verifyNext } from "@/lib/core/ledger/verify";
import { sha384 } from "../../../support/mirrors/chain";
import { unwrap } from "../../../support/unwrap";

const VECTORS = "tests/fixtures/vectors/running-hash";

interface MirrorMessage {
  consensus_timestamp: string;
  message: string;
  payer_account_id: string;
  running_hash: string;
  running_hash_version: number;
  sequence_number: number;
  topic_id: string;
}

/** Read by hand, not by the adapter: these are the ledger's own words. */
function recorded(file: string): readonly LedgerMessage[] {
  const { messages } = JSON.parse(readFileSync(join(VECTORS, file), "utf8")) as { messages: MirrorMessage[] };
  return messages
    .map((message) => ({
      topicId: unwrap(parseTopicId(message.topic_id)),
      sequence: message.sequence_number as Sequence,
      consensusNs: unwrap(parseConsensusTime(message.consensus_timestamp)),
      payer: unwrap(parseAccountId(message.payer_account_id)),
      message: Buffer.from(message.message, "base64"),
      runningHash: Buffer.from(message.running_hash, "base64"),
      runningHashVersion: message.running_hash_version,
      chunk: null,
    }))
    .sort((a, b) => a.sequence - b.sequence);
}

const files = readdirSync(VECTORS).filter((file) => file.endsWith(".json"));

describe("recorded chains of real networks", () => {
  it("are present", () => expect(files.length).toBeGreaterThanOrEqual(3));

  it.each(files)("%s follows from message to message", (file) => {
    const messages = recorded(file);
    const first = unwrap(messages[0]);
    // A recording that starts later has its first message's own word for where it starts.
    let head: ChainHead =
      first.sequence === 1 ? CHAIN_START : { sequence: first.sequence, hash: first.runningHash, consensusNs: 0n };
    const rest = first.sequence === 1 ? messages : messages.slice(1);
    expect(rest.length).toBeGreaterThan(0);
    for (const message of rest) {
      const verdict = verifyNext(sha384, head, message);
      expect(verdict).toEqual({ verification: "verified", reason: null });
      head = advance(head, message, verdict);
    }
  });
});

describe("the running hash", () => {
  const link = {
    topicId: unwrap(parseTopicId("1.2.642393")),
    payer: unwrap(parseAccountId("3.4.950")),
    consensusNs: consensusNs(1_642_097_145_865_478_140n),
    sequence: 77,
  };

  it("covers the bytes that docs/hedera.md lists, in that order", () => {
    const previous = new Uint8Array(HASH_BYTES).fill(0xaa);
    const content = new Uint8Array(HASH_BYTES).fill(0xbb);
    const int64 = (n: bigint | number) => BigInt(n).toString(16).padStart(16, "0");
    const fields = [3, 3, 4, 950, 1, 2, 642_393, 1_642_097_145].map(int64).join("");
    const expected = [
      "aced0005757200025b42acf317f8060854e0020000787000000030",
      "aa".repeat(48),
      "774c",
      fields,
      (865_478_140).toString(16).padStart(8, "0"),
      int64(77),
      "7571007e000000000030",
      "bb".repeat(48),
    ].join("");
    expect(Buffer.from(runningHashPreimage(previous, link, content)).toString("hex")).toBe(expected);
  });

  it("changes with every part of a message", () => {
    const body = Buffer.from("hello");
    const hash = nextRunningHash(sha384, GENESIS_HASH, link, body);
    expect(hash).toHaveLength(HASH_BYTES);
    const others = [
      nextRunningHash(sha384, sha384(GENESIS_HASH), link, body),
      nextRunningHash(sha384, GENESIS_HASH, link, Buffer.from("hello ")),
      nextRunningHash(sha384, GENESIS_HASH, { ...link, sequence: 78 }, body),
      nextRunningHash(sha384, GENESIS_HASH, { ...link, payer: unwrap(parseAccountId("3.4.951")) }, body),
      nextRunningHash(sha384, GENESIS_HASH, { ...link, topicId: unwrap(parseTopicId("1.2.642394")) }, body),
      nextRunningHash(sha384, GENESIS_HASH, { ...link, consensusNs: consensusNs(link.consensusNs + 1n) }, body),
    ];
    const all = [hash, ...others].map((each) => Buffer.from(each).toString("hex"));
    expect(new Set(all).size).toBe(all.length);
  });

  it("does not take a hash of another length", () => {
    expect(() => runningHashPreimage(new Uint8Array(47), link, GENESIS_HASH)).toThrow(RangeError);
    expect(() => runningHashPreimage(GENESIS_HASH, link, new Uint8Array(49))).toThrow(RangeError);
  });

  it("is compared byte by byte", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 6 }), fc.uint8Array({ maxLength: 6 }), (a, b) => {
        expect(equalBytes(a, b)).toBe(Buffer.compare(a, b) === 0);
        expect(equalBytes(a, Uint8Array.from(a))).toBe(true);
      }),
    );
  });
});
