/** Writes through the unmodified SDK into a devnet, as the app does it. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SdkSubmitter } from "@/lib/adapters/hedera/sdk-submitter";
import type { TopicId } from "@/lib/core/ids";
import { type Devnet, startDevnet } from "@/lib/devnet/devnet";

let devnet: Devnet;
let submitter: SdkSubmitter;
beforeAll(async () => {
  devnet = await startDevnet();
  submitter = new SdkSubmitter({
    network: { nodeAddress: devnet.nodeAddress },
    operatorId: devnet.operatorId,
    operatorKey: devnet.operatorKey,
  });
}, 60_000);
afterAll(async () => {
  await submitter.close();
  await devnet.stop();
});

const bytes = (text: string) => new TextEncoder().encode(text);
const stored = (topicId: TopicId) => devnet.ledger.topics.get(topicId)?.messages ?? [];

describe("a submit", () => {
  it("answers with the message's place and time on the ledger", async () => {
    const sent = await submitter.submit(devnet.topics.contact, bytes("hello"));
    const [message] = stored(devnet.topics.contact);
    expect(sent).toMatchObject({
      ok: true,
      value: { topicId: devnet.topics.contact, sequence: 1, consensusNs: message?.consensusNs },
    });
    expect(sent.ok && sent.value.transactionId).toContain(devnet.operatorId);
  }, 30_000);

  it("of a long message answers for its last chunk", async () => {
    const sent = await submitter.submit(devnet.topics.profile, bytes("x".repeat(2_500)));
    const messages = stored(devnet.topics.profile);
    expect(messages).toHaveLength(3);
    expect(sent).toMatchObject({ ok: true, value: { sequence: 3, consensusNs: messages.at(-1)?.consensusNs } });
  }, 30_000);

  it("to a topic that does not exist is refused in a sentence", async () => {
    const sent = await submitter.submit("0.0.424242" as TopicId, bytes("x"));
    expect(sent).toMatchObject({
      ok: false,
      error: { code: "refused", message: expect.stringContaining("INVALID_TOPIC_ID") },
    });
  }, 30_000);

  it("with another key than the operator's is refused", async () => {
    const { PrivateKey } = await import("@hashgraph/sdk");
    const stranger = new SdkSubmitter({
      network: { nodeAddress: devnet.nodeAddress },
      operatorId: devnet.operatorId,
      operatorKey: PrivateKey.generateED25519().toStringDer(),
    });
    const sent = await stranger.submit(devnet.topics.contact, bytes("x"));
    expect(sent).toMatchObject({
      ok: false,
      error: { code: "refused", message: expect.stringContaining("INVALID_SIGNATURE") },
    });
    await stranger.close();
  }, 30_000);
});
