/** The contract of the doorbell port, on the devnet's mirror. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "@/lib/adapters/memory/system-clock";
import { CALLS_PER_CONNECTION } from "@/lib/adapters/mirror-grpc/connections";
import { GrpcDoorbell } from "@/lib/adapters/mirror-grpc/grpc-doorbell";
import { type ConsensusNs, consensusNs } from "@/lib/core/ledger/consensus-time";
import type { TopicId } from "@/lib/core/ledger/ids";
import { type Devnet, startDevnet } from "@/lib/devnet/devnet";
import { Heard } from "./heard";

let devnet: Devnet;
let doorbell: GrpcDoorbell;
const START = consensusNs(1n);

beforeAll(async () => {
  devnet = await startDevnet();
});
afterEach(() => doorbell.close());
afterAll(() => devnet.stop());

const open = () => {
  doorbell = new GrpcDoorbell({ target: devnet.mirrorGrpcAddress, isTls: false }, systemClock);
  return doorbell;
};
const listen = (topicId: TopicId, fromNs: ConsensusNs) => {
  const heard = new Heard();
  return { heard, bell: doorbell.subscribe(topicId, fromNs, heard) };
};

describe("a doorbell", () => {
  it("rings for each message from the time on that it was given, that time's own message included", async () => {
    open();
    const topicId = devnet.createTopic();
    const [, second, third] = ["a", "b", "c"].flatMap((text) => devnet.submit(topicId, text));
    const { heard } = listen(topicId, second?.consensusNs as ConsensusNs);
    await heard.until(({ rings }) => rings.length === 2);
    devnet.submit(topicId, "d");
    await heard.until(({ rings }) => rings.length === 3);
    expect(heard.sequences).toEqual([2, 3, 4]);
    const places = heard.rings.map(({ consensusNs: atNs, runningHash }) => [atNs, Buffer.from(runningHash ?? [])]);
    const placeOf = (message = second) => [message?.consensusNs, Buffer.from(message?.runningHash ?? [])];
    expect(places.slice(0, 2)).toEqual([placeOf(second), placeOf(third)]);
    expect(heard.ends).toEqual([]);
  });

  it("rings for a long backlog to its end", async () => {
    open();
    const topicId = devnet.createTopic();
    for (let sent = 0; sent < 2_500; sent += 1) devnet.submit(topicId, "a");
    const { heard } = listen(topicId, START);
    await heard.until(({ rings, ends }) => rings.length === 2_500 || ends.length > 0);
    expect([heard.sequences.at(-1), heard.ends]).toEqual([2_500, []]);
  });

  it("is silent once it is closed, and closing it twice does no harm", async () => {
    open();
    const [topicId, other] = [devnet.createTopic(), devnet.createTopic()];
    const { heard, bell } = listen(topicId, START);
    const { heard: later } = listen(other, START);
    devnet.submit(topicId, "a");
    await heard.until(({ rings }) => rings.length === 1);
    bell.close();
    bell.close();
    devnet.submit(topicId, "b");
    devnet.submit(other, "c");
    await later.until(({ rings }) => rings.length === 1);
    expect([heard.sequences, heard.ends]).toEqual([[1], []]);
  });

  it("says why it has ended: the mirror does not know the topic", async () => {
    open();
    const { heard } = listen("0.0.999999999" as TopicId, START);
    await heard.until(({ ends }) => ends.length > 0);
    expect(heard.ends).toEqual(["the mirror does not know the topic"]);
  });

  it("serves any number of topics, with five on a connection at most, and uses places that are free again", async () => {
    open();
    const topics = Array.from({ length: 2 * CALLS_PER_CONNECTION + 1 }, () => devnet.createTopic());
    const listening = topics.map((topicId) => listen(topicId, START));
    expect(doorbell.connectionCount).toBe(3);
    for (const topicId of topics) devnet.submit(topicId, "a");
    const hasHeard = ({ rings, ends }: Heard) => rings.length + ends.length > 0;
    await Promise.all(listening.map(({ heard }) => heard.until(hasHeard)));
    for (const { bell } of listening) bell.close();
    const again = topics.map((topicId) => listen(topicId, START));
    await Promise.all(again.map(({ heard }) => heard.until(hasHeard)));
    expect([...listening, ...again].flatMap(({ heard }) => heard.ends)).toEqual([]);
    expect(doorbell.connectionCount).toBe(3);
  });

  it("reports no end when the doorbell itself is closed", async () => {
    open();
    const topicId = devnet.createTopic();
    devnet.submit(topicId, "a");
    const { heard } = listen(topicId, START);
    await heard.until(({ rings }) => rings.length === 1);
    doorbell.close();
    await new Promise((resolve) => setImmediate(resolve));
    expect([heard.ends, doorbell.connectionCount]).toEqual([[], 0]);
  });
});
