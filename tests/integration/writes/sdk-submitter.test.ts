/** Writes through the unmodified SDK into a devnet, as the app does it: in the caller's thread, and in one of its own. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openInThread, ThreadedSubmitter } from "@/lib/adapters/hedera/in-thread/threaded-submitter";
import { SdkSubmitter, type SdkSubmitterOptions } from "@/lib/adapters/hedera/sdk-submitter";
import type { TopicId } from "@/lib/core/ledger/ids";
import { transactionIdText } from "@/lib/core/ledger/write-window";
import { type Devnet, startDevnet } from "@/lib/devnet/devnet";
import { encodeEd25519Key } from "@/lib/devnet/rest/key-json";

let devnet: Devnet;

const bytes = (text: string) => new TextEncoder().encode(text);
const stored = (topicId: TopicId) => devnet.ledger.topics.get(topicId)?.messages ?? [];

const SUBMITTERS = [
  ["in the caller's thread", (options: SdkSubmitterOptions) => new SdkSubmitter(options)],
  ["in its own thread", (options: SdkSubmitterOptions) => openInThread(options, failOnLoss)],
] as const;
const failOnLoss = (cause: unknown) => {
  throw new Error("the thread was lost", { cause });
};

it("finds the program of its thread", async () => {
  const submitter = openInThread({ network: "testnet", operatorId: "0.0.2", operatorKey: "" }, failOnLoss);
  expect(submitter).toBeInstanceOf(ThreadedSubmitter);
  await submitter.close();
});

describe.each(SUBMITTERS)("a submitter %s", (_, open) => {
  let submitter: ReturnType<typeof open>;
  beforeAll(async () => {
    devnet = await startDevnet();
    submitter = open({
      network: { nodeAddress: devnet.nodeAddress },
      operatorId: devnet.operatorId,
      operatorKey: devnet.operatorKey,
    });
  });
  afterAll(async () => {
    await submitter.close();
    await devnet.stop();
  });

  describe("a submit", () => {
    it("answers with the message's place and time on the ledger", async () => {
      const sent = await submitter.submit(devnet.topics.contact, bytes("hello"));
      const [message] = stored(devnet.topics.contact);
      expect(sent).toMatchObject({
        ok: true,
        value: { topicId: devnet.topics.contact, sequence: 1, consensusNs: message?.consensusNs },
      });
      expect(sent.ok && sent.value.transactionId).toContain(devnet.operatorId);
    });

    it("of a long message answers for its last chunk", async () => {
      const sent = await submitter.submit(devnet.topics.profile, bytes("x".repeat(2_500)));
      const messages = stored(devnet.topics.profile);
      expect(messages).toHaveLength(3);
      expect(sent).toMatchObject({ ok: true, value: { sequence: 3, consensusNs: messages.at(-1)?.consensusNs } });
    });

    it("is taken once under the id that its message has, however many chunks it has", async () => {
      const startNs = BigInt(Date.now() - 20_000) * 1_000_000n;
      for (const [index, length] of [5, 2_500].entries()) {
        const validStartNs = startNs + BigInt(index * 20);
        const before = stored(devnet.topics.trust).length;
        const message = bytes("x".repeat(length));
        const first = await submitter.submit(devnet.topics.trust, message, validStartNs);
        const added = stored(devnet.topics.trust).length - before;
        expect(first).toMatchObject({
          ok: true,
          value: { transactionId: transactionIdText(devnet.operatorId, validStartNs, added) },
        });
        expect(await submitter.submit(devnet.topics.trust, message, validStartNs)).toMatchObject({
          ok: false,
          error: { code: "duplicate" },
        });
        expect(stored(devnet.topics.trust).length - before).toBe(added);
      }
    });

    it("is not written when its time has passed or is still to come, and may be tried again", async () => {
      for (const seconds of [-200, 60]) {
        const validStartNs = BigInt(Date.now() + seconds * 1_000) * 1_000_000n;
        expect(await submitter.submit(devnet.topics.trust, bytes("x"), validStartNs)).toMatchObject({
          ok: false,
          error: { code: "unavailable" },
        });
      }
    });

    it("to a topic that does not exist is refused in a sentence", async () => {
      const sent = await submitter.submit("0.0.424242" as TopicId, bytes("x"));
      expect(sent).toMatchObject({
        ok: false,
        error: { code: "refused", message: expect.stringContaining("INVALID_TOPIC_ID") },
      });
    });

    it("with another key than the operator's is refused", async () => {
      const { PrivateKey } = await import("@hashgraph/sdk");
      const stranger = open({
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
    });
  });

  describe("a topic", () => {
    const topics = () => [...devnet.ledger.topics.values()];

    it("is created with its memo, for the operator alone to write to", async () => {
      const created = await submitter.createTopic(await submitter.newAttempt(), "trustmesh:tm-standard-contact-1");
      const topic = topics().at(-1);
      expect(created).toEqual({ ok: true, value: topic?.id });
      expect(topic).toMatchObject({ memo: "trustmesh:tm-standard-contact-1", submitKey: expect.anything() });
      expect(await submitter.submit(topic?.id as TopicId, bytes("ours"))).toMatchObject({ ok: true });
      const { AccountId, Client, PrivateKey, TopicMessageSubmitTransaction } = await import("@hashgraph/sdk");
      const key = PrivateKey.generateED25519();
      const accountId = devnet.ledger.createAccount(encodeEd25519Key(key.publicKey.toBytesRaw())).id;
      const stranger = Client.forNetwork({ [devnet.nodeAddress]: "0.0.3" }).setOperator(
        AccountId.fromString(accountId),
        key,
      );
      const written = await new TopicMessageSubmitTransaction({
        topicId: topic?.id as string,
        message: "theirs",
      }).execute(stranger);
      await expect(written.getReceipt(stranger)).rejects.toThrow("INVALID_SIGNATURE");
      stranger.close();
    });

    it("is created once, however often its attempt is made", async () => {
      const attempt = await submitter.newAttempt();
      const before = topics().length;
      const created = await Promise.all([1, 2, 3].map(() => submitter.createTopic(attempt, "memo")));
      created.push(await submitter.createTopic(attempt, "memo"));
      expect(topics()).toHaveLength(before + 1);
      expect(created).toEqual(created.map(() => ({ ok: true, value: topics().at(-1)?.id })));
    });

    it("of an attempt too old to be sent is not created, which is distinguished from a refusal", async () => {
      const before = topics().length;
      const old = `${devnet.operatorId}@${Math.floor(Date.now() / 1_000) - 3_600}.000000001`;
      expect(await submitter.createTopic(old, "memo")).toMatchObject({ ok: false, error: { code: "expired" } });
      const { PrivateKey } = await import("@hashgraph/sdk");
      const stranger = open({
        network: { nodeAddress: devnet.nodeAddress },
        operatorId: devnet.operatorId,
        operatorKey: PrivateKey.generateED25519().toStringDer(),
      });
      const refused = await stranger.createTopic(await stranger.newAttempt(), "memo");
      expect(refused).toMatchObject({
        ok: false,
        error: { code: "refused", message: expect.stringContaining("INVALID_SIGNATURE") },
      });
      await stranger.close();
      expect(topics()).toHaveLength(before);
    });
  });
});
