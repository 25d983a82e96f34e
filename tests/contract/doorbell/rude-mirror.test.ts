/** The doorbell in front of mirrors that break the protocol. Whatever they do, it ends with a reason, or stays silent. */
import { createServer, type Server, type Socket } from "node:net";
import type { ServerWritableStream } from "@grpc/grpc-js";
import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "@/lib/adapters/memory/system-clock";
import { CALLS_PER_CONNECTION } from "@/lib/adapters/mirror-grpc/connections";
import { GrpcDoorbell } from "@/lib/adapters/mirror-grpc/grpc-doorbell";
import { consensusNs } from "@/lib/core/ledger/consensus-time";
import type { TopicId } from "@/lib/core/ledger/ids";
import { startGrpcServer, streamMethod } from "@/lib/devnet/grpc/server";
import { freePort } from "../../support/servers/free-port";
import { Heard } from "./heard";

type Call = ServerWritableStream<object, Buffer>;
const TOPIC = "0.0.7" as TopicId;
const START = consensusNs(1n);
const closers: (() => void)[] = [];

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A mirror that answers each subscription as `handler` does, with these very bytes. */
async function mirror(handler: (call: Call) => void, clock = systemClock): Promise<GrpcDoorbell> {
  const asIs = { encode: (bytes: Buffer) => ({ finish: () => bytes }) };
  const path = "/com.hedera.mirror.api.proto.ConsensusService/subscribeTopic";
  const method = streamMethod<object, Buffer>(path, [{ decode: () => ({}) }, asIs], handler);
  const server = await startGrpcServer([method], { host: "127.0.0.1", port: 0 });
  closers.push(() => server.stop());
  return at(server.address, clock);
}

function at(target: string, clock = systemClock): GrpcDoorbell {
  const doorbell = new GrpcDoorbell({ target, isTls: false }, clock);
  closers.push(() => doorbell.close());
  return doorbell;
}

/** A topic's message: consensus time (field 1: seconds and nanos) and sequence number (field 4). */
const message = (seconds: number, sequence: number) =>
  Buffer.from([0x0a, 0x04, 0x08, seconds, 0x10, 0x01, 0x20, sequence]);

async function heardFrom(doorbell: GrpcDoorbell, until: (heard: Heard) => boolean): Promise<Heard> {
  const heard = new Heard();
  doorbell.subscribe(TOPIC, START, heard);
  await heard.until(until);
  return heard;
}
const hasEnded = ({ ends }: Heard) => ends.length > 0;

describe("a doorbell at a mirror that", () => {
  it("refuses the connection ends, and is reached again once the mirror is there", async () => {
    const port = await freePort();
    const doorbell = at(`127.0.0.1:${port}`);
    const heard = await heardFrom(doorbell, hasEnded);
    expect([heard.ends, doorbell.connectionCount]).toEqual([["the mirror cannot be reached by gRPC"], 0]);
    const method = streamMethod<object, Buffer>(
      "/com.hedera.mirror.api.proto.ConsensusService/subscribeTopic",
      [{ decode: () => ({}) }, { encode: (bytes) => ({ finish: () => bytes }) }],
      (call: Call) => void call.write(message(1, 1)),
    );
    const server = await startGrpcServer([method], { host: "127.0.0.1", port });
    closers.push(() => server.stop());
    expect((await heardFrom(doorbell, ({ rings }) => rings.length > 0)).sequences).toEqual([1]);
  });

  it("hangs stays silent, and can be closed", async () => {
    const sockets: Socket[] = [];
    const connected: { resolve?: () => void } = {};
    const isConnected = new Promise<void>((resolve) => {
      connected.resolve = resolve;
    });
    const server: Server = createServer((socket) => {
      sockets.push(socket);
      connected.resolve?.();
    });
    const port = await freePort();
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    closers.push(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    const doorbell = at(`127.0.0.1:${port}`);
    const heard = new Heard();
    const bell = doorbell.subscribe(TOPIC, START, heard);
    await isConnected;
    bell.close();
    doorbell.close();
    expect([heard.rings, heard.ends]).toEqual([[], []]);
  });

  it("closes its side after a message ends", async () => {
    const doorbell = await mirror((call) => {
      call.write(message(1, 9));
      call.end();
    });
    const heard = await heardFrom(doorbell, hasEnded);
    expect([heard.sequences, heard.ends]).toEqual([[9], ["the mirror ended the subscription"]]);
  });

  it("sends what is no message ends", async () => {
    for (const [bytes, reason] of [
      [Buffer.from([0xff, 0xff, 0xff]), "the mirror's answer is no message of a topic"],
      [Buffer.alloc(0), "the mirror sent a message without a place"],
      [message(0, 0), "the mirror sent a message without a place"],
      [Buffer.alloc(9_000), "the mirror's answer is no message of a topic"],
      // A sequence number beyond 2^53, and a time before 1970.
      [
        Buffer.from([0x0a, 0x02, 0x08, 0x01, 0x20, ...Array(8).fill(0xff), 0x7f]),
        "the mirror sent a message without a place",
      ],
      [
        Buffer.from([0x0a, 0x0b, 0x08, ...Array(9).fill(0xff), 0x01, 0x20, 0x01]),
        "the mirror sent a message without a place",
      ],
    ] as const) {
      const doorbell = await mirror((call) => void call.write(bytes));
      const heard = await heardFrom(doorbell, hasEnded);
      expect([heard.rings, heard.ends]).toEqual([[], [reason]]);
    }
  });

  it("sends another topic's messages rings, because an answer names no topic", async () => {
    const doorbell = await mirror((call) => {
      for (const sequence of [90, 3]) call.write(message(2, sequence));
    });
    expect((await heardFrom(doorbell, ({ rings }) => rings.length === 2)).sequences).toEqual([90, 3]);
  });

  it("never stops sending is left", async () => {
    const flood = (call: Call) => {
      while (!call.cancelled && call.write(message(1, 1)));
      if (!call.cancelled) call.once("drain", () => flood(call));
    };
    // On a busy machine a thousand messages take longer than the second in which they are too many.
    const doorbell = await mirror(flood, { ...systemClock, monotonicMs: () => 0 });
    const heard = await heardFrom(doorbell, hasEnded);
    expect(heard.ends).toEqual(["the mirror sent more messages than a topic can have"]);
    expect(heard.rings).toHaveLength(1_000);
  });

  it("refuses the sixth subscription of a connection never gets one", async () => {
    const byPeer = new Map<string, number>();
    const doorbell = await mirror((call) => {
      const peer = call.getPeer();
      const open = (byPeer.get(peer) ?? 0) + 1;
      byPeer.set(peer, open);
      if (open > CALLS_PER_CONNECTION) return void call.destroy(Object.assign(new Error(), { code: 8 }));
      call.on("cancelled", () => byPeer.set(peer, (byPeer.get(peer) ?? 0) - 1));
      call.write(message(1, 1));
    });
    const all = Array.from({ length: 12 }, () =>
      heardFrom(doorbell, ({ rings, ends }) => rings.length + ends.length > 0),
    );
    expect((await Promise.all(all)).flatMap(({ ends }) => ends)).toEqual([]);
    expect([...byPeer.values()].sort()).toEqual([2, 5, 5]);
  });
});
