/**
 * A relay of WalletConnect: JSON-RPC over a WebSocket, with the `irn_*` methods. It passes encrypted messages on, by topic. If a topic
 * has no subscriber, its messages wait for one. Each message is delivered once. The two `wc_*` methods of newer clients publish and
 * subscribe in one call.
 */
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";

interface Letter {
  readonly from: WebSocket;
  readonly topic: string;
  readonly message: string;
  readonly tag: number;
  readonly publishedAt: number;
}

interface Call {
  readonly id: number;
  readonly method?: string;
  readonly params: Readonly<Record<string, unknown>>;
}

export interface Relay {
  readonly url: string;
  stop(): Promise<void>;
}

/** Tags of a proposal, its answer and the settlement (WalletConnect, RPC methods). */
const TAGS = { proposal: 1_100, proposalAnswer: 1_101, settlement: 1_102 };

export async function startRelay(): Promise<Relay> {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  await new Promise((resolve) => server.once("listening", resolve));
  let waiting: Letter[] = [];
  const listeners = new Map<WebSocket, Set<string>>();
  let lastId = 1;

  const send = (socket: WebSocket, value: object) => socket.send(JSON.stringify({ jsonrpc: "2.0", ...value }));
  const deliver = (socket: WebSocket, { topic, message, tag, publishedAt }: Letter) => {
    const data = { topic, message, tag, publishedAt };
    send(socket, { id: Date.now() * 1_000 + lastId++, method: "irn_subscription", params: { id: topic, data } });
  };
  const publish = (from: WebSocket, topic: unknown, message: unknown, tag: unknown) => {
    const letter = { from, topic: String(topic), message: String(message), tag: Number(tag), publishedAt: Date.now() };
    const others = [...listeners].filter(([socket, topics]) => socket !== from && topics.has(letter.topic));
    for (const [socket] of others) deliver(socket, letter);
    if (others.length === 0) waiting.push(letter);
    return true;
  };
  const subscribe = (socket: WebSocket, topic: unknown) => {
    const topics = listeners.get(socket) as Set<string>;
    if (topics.has(String(topic))) return topic;
    topics.add(String(topic));
    const isForIt = (letter: Letter) => letter.topic === topic && letter.from !== socket;
    const found = waiting.filter(isForIt);
    waiting = waiting.filter((letter) => !isForIt(letter));
    setImmediate(() => found.map((letter) => deliver(socket, letter)));
    return topic;
  };
  const methods: Readonly<Record<string, (socket: WebSocket, params: Call["params"]) => unknown>> = {
    irn_publish: (socket, { topic, message, tag }) => publish(socket, topic, message, tag),
    irn_subscribe: (socket, { topic }) => subscribe(socket, topic),
    irn_batchSubscribe: (socket, { topics }) => (topics as string[]).map((topic) => subscribe(socket, topic)),
    irn_unsubscribe: (socket, { topic }) => listeners.get(socket)?.delete(String(topic)),
    irn_batchFetchMessages: () => ({ messages: [], hasMore: false }),
    wc_proposeSession: (socket, { pairingTopic, sessionProposal }) => {
      subscribe(socket, pairingTopic);
      return publish(socket, pairingTopic, sessionProposal, TAGS.proposal);
    },
    wc_approveSession: (socket, { pairingTopic, sessionTopic, sessionProposalResponse, sessionSettlementRequest }) => {
      subscribe(socket, sessionTopic);
      publish(socket, pairingTopic, sessionProposalResponse, TAGS.proposalAnswer);
      return publish(socket, sessionTopic, sessionSettlementRequest, TAGS.settlement);
    },
  };

  server.on("connection", (socket) => {
    listeners.set(socket, new Set());
    socket.on("close", () => listeners.delete(socket));
    socket.on("message", (data) => {
      const { id, method, params } = JSON.parse(String(data)) as Call;
      // A message without a method acknowledges a delivery.
      if (method === undefined) return;
      const perform = methods[method];
      if (perform) send(socket, { id, result: perform(socket, params) });
      else send(socket, { id, error: { code: -32_601, message: `the test relay has no method ${method}` } });
    });
  });
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve) => {
        for (const socket of server.clients) socket.terminate();
        server.close(() => resolve());
      }),
  };
}
