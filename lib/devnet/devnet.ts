/**
 * A local Hedera in this process: mirror REST, mirror gRPC and consensus gRPC over one ledger, with direct methods for
 * tests. `main.ts` runs the same in a process of its own.
 */
import { consensusNs, fromMs } from "@/lib/core/ledger/consensus-time";
import type { AccountId, TopicId, TopicKind } from "@/lib/core/ledger/ids";
import { DEVELOPMENT_ONLY_OPERATOR_KEY, developmentKey, NODE_ID, OPERATOR_ID } from "./development-keys";
import { Faults } from "./faults/faults";
import { splitMessage } from "./ledger/chunks";
import type { DevnetLedger } from "./ledger/ledger";
import { openLedger } from "./ledger/store";
import type { DevnetMessage, TransactionId } from "./ledger/types";
import { readRecording } from "./replay";
import { controlRoutes } from "./rest/control-routes";
import { encodeEd25519Key } from "./rest/key-json";
import { MirrorView } from "./rest/mirror-view";
import { RequestCounter } from "./rest/request-counter";
import { startRestServer } from "./rest/rest-server";
import { createRng } from "./rng";
import type { DemoPerson } from "./seed/people";
import { seedWorld, type World } from "./seed/world";
import { Trickle } from "./trickle/trickle";

export interface DevnetOptions {
  /** Where the ledger is kept; absent or null keeps it in memory. */
  readonly dataDir?: string | null;
  /** How many people a new ledger is seeded with: 0 (the default) leaves it with four empty topics. */
  readonly people?: number;
  /** Chooses the world. The same number always gives the same world. */
  readonly worldSeed?: number;
  /** About how often something new happens by itself; 0 (the default): never. */
  readonly trickleMs?: number;
  readonly host?: string;
  /** 0 or absent takes a free port. */
  readonly restPort?: number;
  readonly nodePort?: number;
  readonly mirrorGrpcPort?: number;
  /** Whether the two gRPC servers start. Without them the start is quicker, where only REST is needed. */
  readonly grpc?: boolean;
  /** The wall clock, in milliseconds. */
  readonly now?: () => number;
}

/** Where a devnet is and who is on it: what the process sends its parent when it is ready. */
export interface DevnetAddresses {
  readonly restUrl: string;
  /** `127.0.0.1:port`, for `Client.forNetwork({[nodeAddress]: "0.0.3"})`. Empty without gRPC. */
  readonly nodeAddress: string;
  readonly mirrorGrpcAddress: string;
  /** No other devnet has the same id; a restart on the same directory keeps it. */
  readonly ledgerId: string;
  readonly operatorId: AccountId;
  /** DEVELOPMENT ONLY, DER hex. */
  readonly operatorKey: string;
  readonly topics: Readonly<Record<TopicKind, TopicId>>;
  readonly people: readonly DemoPerson[];
}

interface SubmitOptions {
  /** The operator if absent. */
  readonly payer?: AccountId;
  /** False submits it as other tools do, without chunk info (at most 1024 bytes then). */
  readonly chunkInfo?: boolean;
}

export interface Devnet extends DevnetAddresses {
  readonly ledger: DevnetLedger;
  readonly faults: Faults;
  /** Counts the requests of the mirror's REST API. */
  readonly requests: RequestCounter;
  /** Creates a topic without gRPC. */
  createTopic(options?: { memo?: string }): TopicId;
  /** Submits a message without gRPC, in chunks as the SDK does; answers each chunk's place on the ledger. */
  submit(topicId: TopicId, message: Uint8Array | string | object, options?: SubmitOptions): DevnetMessage[];
  /** Submits many messages with one write to disk. */
  submitMany(
    topicId: TopicId,
    messages: readonly (Uint8Array | string | object)[],
    options?: SubmitOptions,
  ): DevnetMessage[];
  /** Serves recorded messages as they are, under their own topic ids: a file's path, or mirror JSON. */
  replay(source: unknown): TopicId[];
  /** Makes one plausible new message now. */
  trickle(): DevnetMessage[];
  stop(): Promise<void>;
}

const DEFAULT_WORLD_SEED = 42;

/** Starts a devnet; resolves when all its servers listen. */
export async function startDevnet(options: DevnetOptions = {}): Promise<Devnet> {
  const { host = "127.0.0.1", people = 0, worldSeed = DEFAULT_WORLD_SEED, now = Date.now } = options;
  const seed = (ledger: DevnetLedger): World => {
    createNetworkAccounts(ledger, now() - 1);
    return seedWorld(ledger, { people, rng: createRng(worldSeed), nowMs: now(), payer: OPERATOR_ID });
  };
  const store = openLedger<World>({ dataDir: options.dataDir ?? null, nowMs: now, seed });
  const { ledger } = store;
  const world = store.world;
  if (!world) {
    store.close();
    throw new Error("the devnet journal has no world record; delete its directory to start anew");
  }
  const faults = new Faults(() => ledger.clock.lastNs);
  const requests = new RequestCounter();
  const view = new MirrorView(ledger, faults, now);
  // A restarted devnet goes on, and does not repeat itself.
  const rng = createRng(worldSeed + [...ledger.topics.values()].reduce((sum, topic) => sum + topic.messages.length, 0));
  const trickle = new Trickle({ ledger, world, payer: OPERATOR_ID, nowMs: now, rng });
  const closers: (() => void | Promise<void>)[] = [() => trickle.stop()];
  const stop = async () => {
    const open = closers.splice(0);
    for (const close of open) await close();
    // A second stop has nothing to close.
    if (open.length > 0) store.close();
  };

  const newTransaction = transactionIds(now);
  const submitMany: Devnet["submitMany"] = (topicId, messages, { payer = OPERATOR_ID, chunkInfo = true } = {}) =>
    ledger.submit(
      messages.flatMap((message) => {
        const bytes = toBytes(message);
        return chunkInfo ? splitMessage(topicId, bytes, newTransaction(payer)) : [{ topicId, bytes, payer }];
      }),
    );
  const who = {
    // No other devnet made its first topic at the same nanosecond.
    ledgerId: `${world.topics.contact}@${ledger.topic(world.topics.contact).createdNs}`,
    operatorId: OPERATOR_ID,
    operatorKey: DEVELOPMENT_ONLY_OPERATOR_KEY,
    topics: world.topics,
    people: world.people,
  };
  /** Loaded on demand, because the protobufs alone take a while. */
  const startGrpc = async () => {
    const { startNode } = await import("./grpc/node-server");
    const { startMirrorGrpc } = await import("./grpc/mirror-server");
    const common = { host, nowMs: now };
    const { transactions } = store;
    const node = await startNode({ ...common, ledger, faults, transactions, port: options.nodePort ?? 0 });
    closers.push(() => node.stop());
    const mirror = await startMirrorGrpc({ ...common, view, port: options.mirrorGrpcPort ?? 0 });
    closers.push(() => mirror.stop());
    return { nodeAddress: node.address, mirrorGrpcAddress: mirror.address };
  };
  const direct = {
    ledger,
    faults,
    requests,
    createTopic: (topic: { memo?: string } = {}) => ledger.createTopic(topic).id,
    submit: (topicId: TopicId, message: Uint8Array | string | object, how?: SubmitOptions) =>
      submitMany(topicId, [message], how),
    submitMany,
    replay: (source: unknown) =>
      readRecording(source).map(({ topicId, messages, json }) => {
        ledger.record(topicId, messages, json);
        return topicId;
      }),
    trickle: () => trickle.once(),
  };
  try {
    const grpc = options.grpc === false ? { nodeAddress: "", mirrorGrpcAddress: "" } : await startGrpc();
    const addresses = { ...grpc, ...who };
    const control = controlRoutes({
      ...direct,
      describe: () => ({ ...addresses, restUrl: rest.url }),
      trickle: () => ({ messages: direct.trickle().map((m) => ({ topicId: m.topicId, sequence: m.sequence })) }),
    });
    const rest = await startRestServer({ view, counter: requests, host, port: options.restPort ?? 0, control });
    closers.push(() => rest.stop());
    if (options.trickleMs) trickle.start(options.trickleMs);
    return { ...addresses, ...direct, restUrl: rest.url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Transaction ids are unique, though many are made in one millisecond. */
function transactionIds(nowMs: () => number): (payer: AccountId) => TransactionId {
  let lastNs = 0n;
  return (accountId) => {
    const ns = fromMs(nowMs());
    lastNs = ns > lastNs ? ns : lastNs + 1n;
    return { accountId, validStartNs: consensusNs(lastNs), nonce: 0, scheduled: false };
  };
}

function toBytes(message: Uint8Array | string | object): Uint8Array {
  if (message instanceof Uint8Array) return message;
  return Buffer.from(typeof message === "string" ? message : JSON.stringify(message));
}

/** The operator and the node's own account exist on every devnet. */
function createNetworkAccounts(ledger: DevnetLedger, createdMs: number): void {
  for (const [id, name] of [
    [OPERATOR_ID, "operator"],
    [NODE_ID, "node"],
  ] as const) {
    ledger.createAccount(encodeEd25519Key(developmentKey(name).publicRaw), { id, createdNs: fromMs(createdMs) });
  }
}
