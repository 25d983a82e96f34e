import "server-only";
/** The ledger side of the configuration: a public or custom network, or a devnet that is started here. */
import { join } from "node:path";
import { openInThread } from "../../adapters/hedera/in-thread/threaded-submitter";
import { SdkSubmitter, type SdkSubmitterOptions } from "../../adapters/hedera/sdk-submitter";
import {
  type AccountId,
  type FollowedKind,
  IDENTITY_KIND,
  TOPIC_KINDS,
  type TopicId,
  type TopicKind,
  toAccountId,
  toTopicId,
} from "../../core/ledger/ids";
import type { RegisteredTopic } from "../../core/shards/registered-topic";
import { spawnDevnet } from "../../devnet/spawn";
import type { Log } from "../../ports/log";
import type { NetworkParts } from "../boot/app";
import { type Env, NETWORK_MIRRORS, weakDefaults } from "./env";

type TopicsByKind = Readonly<Record<TopicKind, readonly TopicId[]>>;

/**
 * Kinds by topic, because two kinds may share one. The order is the order of segments, so it is kept. `identity`: the topic of
 * TOPIC_IDENTITY, if there is one.
 */
export function registeredTopics(byKind: TopicsByKind, identity: TopicId | null = null): readonly RegisteredTopic[] {
  const kinds = new Map<TopicId, FollowedKind[]>();
  for (const kind of TOPIC_KINDS) {
    for (const topicId of byKind[kind]) kinds.set(topicId, [...(kinds.get(topicId) ?? []), kind]);
  }
  if (identity !== null) kinds.set(identity, [...(kinds.get(identity) ?? []), IDENTITY_KIND]);
  return [...kinds].map(([topicId, ofTopic]) => ({ topicId, kinds: ofTopic }));
}

function configuredTopics(env: Env): TopicsByKind {
  return {
    contact: env.TOPIC_CONTACT ?? [],
    trust: env.TOPIC_TRUST ?? [],
    recognition: env.TOPIC_RECOGNITION ?? [],
    profile: env.TOPIC_PROFILE ?? [],
  };
}

/** How the parts of a network are started. */
export interface NetworkStart {
  /** Starts the devnet's process. */
  readonly spawn?: typeof spawnDevnet;
  /** Writes go out from a thread of their own, so that a server can serve others meanwhile. */
  readonly isInThread?: boolean;
}

type OpenSubmitter = (options: SdkSubmitterOptions) => ReturnType<typeof openInThread>;

/** Opens the network that the environment names. A devnet is started. */
export async function openNetwork(
  env: Env,
  log: Log,
  { spawn = spawnDevnet, isInThread = false }: NetworkStart = {},
): Promise<NetworkParts> {
  const lost = (cause: unknown) =>
    log.error("The thread that writes to the ledger ended. The next write starts another one.", { cause });
  const open: OpenSubmitter = (options) => (isInThread ? openInThread(options, lost) : new SdkSubmitter(options));
  return env.isDevnet ? openDevnet(env, log, open, spawn) : openPublic(env, log, open);
}

/** The demo person who can open the operators' pages. */
const OPERATOR_NAME = "Devnet operator";

async function openDevnet(env: Env, log: Log, open: OpenSubmitter, spawn: typeof spawnDevnet): Promise<NetworkParts> {
  log.info("Starting a local Hedera (devnet) …");
  let ended: string | null = null;
  const devnet = await spawn({
    dataDir: join(/* turbopackIgnore: true */ env.DATA_DIR, "devnet"),
    onExit: (reason) => {
      ended = reason;
    },
  });
  log.info(`The devnet answers at ${devnet.restUrl}, with ${devnet.people.length} people on four topics.`);
  const submitter = open({
    network: { nodeAddress: devnet.nodeAddress },
    operatorId: devnet.operatorId,
    operatorKey: devnet.operatorKey,
  });
  const { contact, trust, recognition, profile } = devnet.topics;
  return {
    mirrorUrls: env.MIRROR_URL ?? [devnet.restUrl],
    // Another mirror need not tell of the devnet's topics.
    mirrorGrpc:
      env.MIRROR_GRPC ?? (env.MIRROR_URL === null ? { target: devnet.mirrorGrpcAddress, isTls: false } : null),
    topics: registeredTopics(
      {
        contact: [toTopicId(contact)],
        trust: [toTopicId(trust)],
        recognition: [toTopicId(recognition)],
        profile: [toTopicId(profile)],
      },
      env.TOPIC_IDENTITY,
    ),
    trustedPayers: env.TRUSTED_PAYERS ?? new Set([toAccountId(devnet.operatorId)]),
    submitter,
    operatorId: devnet.operatorId,
    ledgerId: devnet.ledgerId,
    ended: () => ended,
    people: [...devnet.people, { userId: devnet.operatorId, name: OPERATOR_NAME }],
    creator: submitter,
    close: async () => {
      await submitter.close();
      await devnet.stop();
    },
  };
}

async function openPublic(env: Env, log: Log, open: OpenSubmitter): Promise<NetworkParts> {
  const options = submitterOptions(env);
  const submitter = options === null ? null : open(options);
  for (const wanting of weakDefaults(env)) log.warn(wanting);
  return {
    mirrorUrls: env.MIRROR_URL ?? NETWORK_MIRRORS[env.HEDERA_NETWORK] ?? [],
    mirrorGrpc: env.MIRROR_GRPC,
    topics: registeredTopics(configuredTopics(env), env.TOPIC_IDENTITY),
    trustedPayers: env.TRUSTED_PAYERS ?? new Set<AccountId>(),
    submitter,
    operatorId: env.HEDERA_OPERATOR_ID ?? null,
    creator: submitter,
    people: [],
    close: async () => submitter?.close(),
  };
}

/** Null if this process has nothing to write with. */
function submitterOptions(env: Env): SdkSubmitterOptions | null {
  const { HEDERA_NETWORK: network, HEDERA_OPERATOR_ID: operatorId, HEDERA_OPERATOR_KEY: operatorKey } = env;
  if (operatorId === undefined || operatorKey === undefined) return null;
  const isNamed = network === "testnet" || network === "mainnet" || network === "previewnet";
  if (isNamed) return { network, operatorId, operatorKey };
  const { HEDERA_NODE: nodeAddress } = env;
  return nodeAddress === undefined ? null : { network: { nodeAddress }, operatorId, operatorKey };
}
