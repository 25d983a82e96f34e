/** The answers of nodes and receipts, and their meaning for the writer: nothing is called unwritten that may be on the ledger. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { SdkSubmitter } from "@/lib/adapters/hedera/sdk-submitter";
import { type Devnet, startDevnet } from "@/lib/devnet/devnet";
import { type NodeScript, startScriptedNode } from "@/tests/support/servers/scripted-node";

let devnet: Devnet;
beforeAll(async () => {
  devnet = await startDevnet();
});
afterAll(() => devnet.stop());

const SHORT = 5;
const THREE_CHUNKS = 2_500;

/** Submits through a node with this script. Tells the answer, the messages that it added, and the transactions that arrived. */
async function submitted(script: NodeScript, bytes: number) {
  const node = await startScriptedNode(devnet, script);
  const { operatorId, operatorKey } = devnet;
  const submitter = new SdkSubmitter({ network: { nodeAddress: node.address }, operatorId, operatorKey });
  onTestFinished(async () => {
    await submitter.close();
    await node.stop();
  });
  const { contact } = devnet.topics;
  const messages = () => devnet.ledger.topics.get(contact)?.messages.length ?? 0;
  const before = messages();
  const validStartNs = BigInt(Date.now() - 20_000) * 1_000_000n;
  const answer = await submitter.submit(contact, new Uint8Array(bytes).fill(120), validStartNs);
  return { answer, written: messages() - before, arrived: node.transactions.length };
}

const failed = (code: string) => ({ ok: false, error: expect.objectContaining({ code }) });

describe("a message", () => {
  it("that was throttled at consensus is not sent again under another id", async () => {
    const throttled: NodeScript = { receipt: () => "THROTTLED_AT_CONSENSUS" };
    expect(await submitted(throttled, SHORT)).toEqual({ answer: failed("unavailable"), written: 0, arrived: 1 });
    const last: NodeScript = { receipt: (call) => (call === 3 ? "THROTTLED_AT_CONSENSUS" : null) };
    expect(await submitted(last, THREE_CHUNKS)).toEqual({ answer: failed("unavailable"), written: 2, arrived: 3 });
  });

  it("that a node took before its answer was lost has an unknown outcome", async () => {
    const broken: NodeScript = { taken: () => new Error("the node broke") };
    expect(await submitted(broken, SHORT)).toEqual({ answer: failed("uncertain"), written: 1, arrived: 1 });
  });

  it("whose receipt a node refuses to look for has an unknown outcome", async () => {
    for (const status of ["INVALID_NODE_ACCOUNT", "INSUFFICIENT_TX_FEE"] as const)
      expect(await submitted({ receiptQuery: () => status }, SHORT)).toEqual({
        answer: failed("uncertain"),
        written: 1,
        arrived: 1,
      });
  });

  it("that a node or a receipt refuses is not written", async () => {
    const balance = "INSUFFICIENT_PAYER_BALANCE";
    expect(await submitted({ untaken: () => balance }, SHORT)).toEqual({
      answer: failed("refused"),
      written: 0,
      arrived: 1,
    });
    expect(await submitted({ receipt: () => balance }, SHORT)).toEqual({
      answer: failed("refused"),
      written: 0,
      arrived: 1,
    });
  });
});
