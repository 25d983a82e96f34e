import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { verifyProof } from "@/lib/client/browser/verify-proof";
import type { Proof } from "@/lib/wire/proof";

interface MirrorMessage {
  consensus_timestamp: string;
  message: string;
  payer_account_id: string;
  running_hash: string;
  running_hash_version: number;
  sequence_number: number;
  topic_id: string;
}

const FOLDER = new URL("../../../fixtures/vectors/running-hash/", import.meta.url);
const chains = readdirSync(FOLDER).map((file) => {
  const { messages } = JSON.parse(readFileSync(new URL(file, FOLDER), "utf8")) as { messages: MirrorMessage[] };
  return [file, messages] as const;
});

const GENESIS = btoa("\0".repeat(48));

function proofOf(messages: readonly MirrorMessage[], at: number): Proof {
  const message = messages[at] as MirrorMessage;
  const before = messages[at - 1];
  return {
    message: {
      topicId: message.topic_id,
      sequenceNumber: message.sequence_number,
      consensusTimestamp: message.consensus_timestamp,
      payerAccountId: message.payer_account_id,
      runningHashVersion: message.running_hash_version,
      bytes: message.message,
    },
    previousRunningHash: message.sequence_number === 1 ? GENESIS : (before?.running_hash ?? null),
    runningHash: message.running_hash,
    status: "verified",
    reason: null,
    mirrors: 1,
  };
}

const [, chain = []] = chains[0] ?? [];
const proof = proofOf(chain, 1);

describe("verifyProof", () => {
  it.each(chains)("verifies every message of the real chain %s with WebCrypto", async (_, messages) => {
    expect(messages.length).toBeGreaterThan(0);
    for (let at = 0; at < messages.length; at++) {
      const verdict = await verifyProof(proofOf(messages, at));
      const hasPredecessor = at > 0 || messages[at]?.sequence_number === 1;
      expect(verdict.kind).toBe(hasPredecessor ? "verified" : "unverifiable");
    }
  });

  const altered: readonly (readonly [string, Proof])[] = [
    ["its bytes", { ...proof, message: { ...proof.message, bytes: btoa("forged") } }],
    ["its payer", { ...proof, message: { ...proof.message, payerAccountId: "0.0.666" } }],
    ["its sequence", { ...proof, message: { ...proof.message, sequenceNumber: 77 } }],
    ["its time", { ...proof, message: { ...proof.message, consensusTimestamp: "1642097150.887214001" } }],
    ["the hash before it", { ...proof, previousRunningHash: GENESIS }],
    ["its own hash", { ...proof, runningHash: GENESIS }],
  ];
  it.each(altered)("fails a message when %s was altered, whatever the server's verdict", async (_, forged) => {
    expect((await verifyProof(forged)).kind).toBe("failed");
  });

  const unknown: readonly (readonly [string, Proof])[] = [
    ["the hash before is missing", { ...proof, previousRunningHash: null }],
    ["its own hash is missing", { ...proof, runningHash: null }],
    ["the version is another", { ...proof, message: { ...proof.message, runningHashVersion: 2 } }],
    ["a hash is too short", { ...proof, previousRunningHash: btoa("short") }],
    ["the bytes are not base64", { ...proof, message: { ...proof.message, bytes: "***" } }],
  ];
  it.each(unknown)("says unverifiable, not failed, when %s", async (_, incomplete) => {
    expect((await verifyProof(incomplete)).kind).toBe("unverifiable");
  });
});
