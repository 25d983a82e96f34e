import "server-only";
/**
 * The table of configuration variables: how each is checked, and what it is for. `npm run env:example` writes `.env.example`
 * from it, and env.ts reads the environment with it.
 */
import { z } from "zod";
import { EVICTION_POLICIES } from "../../core/cache-strategy";
import { MAX_LINGER_MS } from "../../engine/writes/signal-batches";
import { WALLETCONNECT_RELAY } from "../../wire/sign-in/wallet";
import {
  accountId,
  clientIds,
  domains,
  grpcAddress,
  integer,
  issuers,
  list,
  matching,
  number,
  onOff,
  optional,
  payers,
  privateKey,
  redisUrls,
  scheduleSecret,
  secret,
  segments,
  topicId,
  topicIds,
  uiOriginText,
  urls,
  users,
} from "./env-values";

interface Variable<T> {
  readonly schema: z.ZodType<T>;
  readonly doc: string;
  /** The default as `.env.example` shows it. Null if there is none. */
  readonly fallback: string | null;
  /** Logs hide the value. */
  readonly isSecret?: true;
}

const variable = <T>(schema: z.ZodType<T>, fallback: string | null, doc: string): Variable<T> => ({
  schema,
  fallback,
  doc,
});

const secretVariable = <T>(schema: z.ZodType<T>, doc: string): Variable<T> => ({
  ...variable(schema, null, doc),
  isSecret: true,
});

export const VARIABLES = {
  HEDERA_NETWORK: variable(
    z.enum(["devnet", "testnet", "mainnet", "previewnet", "custom"]),
    "devnet",
    "devnet (embedded), testnet, mainnet, previewnet or custom",
  ),
  MIRROR_URL: variable(
    urls,
    null,
    "Mirror REST addresses, the preferred one first. A user and password in an address are sent as a header. Default: the network's public mirrors; required for custom",
  ),
  MIRROR_GRPC: variable(
    grpcAddress,
    null,
    "host:port of a mirror's gRPC server, for long-lived processes. It announces new messages, so open pages need no polls. TLS is used on ports 443 and 50212, or as https:// or http:// says. Default on devnet: the devnet's own; else none, and topics are polled",
  ),
  TOPIC_CONTACT: variable(
    topicIds,
    null,
    "Topic ids for contacts. Default on devnet: the devnet's own. The same holds for the next three",
  ),
  TOPIC_TRUST: variable(topicIds, null, "Topic ids for trust"),
  TOPIC_RECOGNITION: variable(topicIds, null, "Topic ids for recognition"),
  TOPIC_PROFILE: variable(topicIds, null, "Topic ids for profiles"),
  TOPIC_IDENTITY: variable(
    topicId,
    null,
    "Topic id of the messages that bind an identity (did:ethr:0x…) to an account. At sign-in, only messages that TRUSTED_PAYERS paid for count. Default: none",
  ),
  REGISTRY_TOPIC: variable(
    topicId,
    null,
    "HCS-2 topic to which the registry of topics is published. A new deployment reads its topics from it",
  ),
  TOPIC_PREFIX: variable(
    matching(/^[a-z0-9](?:[a-z0-9-]{0,28}[a-z0-9])?$/, "must be lower-case letters, digits and hyphens, 30 at most"),
    "trustmesh",
    "Start of the names of new topics",
  ),
  SHARDS: variable(
    segments,
    "1",
    "Number of segments of the standard tier that `npm run shards -- create` creates, for all kinds (8) or by kind (contact:16,trust:4)",
  ),
  HEDERA_OPERATOR_ID: variable(
    accountId,
    null,
    "Account that pays for submitted messages. Without it the app only reads",
  ),
  HEDERA_OPERATOR_KEY: secretVariable(privateKey, "Private key of that account (DER or hex)"),
  SUBMIT_LINGER_MS: variable(
    integer(0, MAX_LINGER_MS),
    "0",
    "How long a signal may wait for others, so that all of them share one ledger message and its fee. 0: each goes out at once. Readers other than this app cannot read shared messages",
  ),
  TRUSTED_PAYERS: variable(
    payers,
    null,
    "Accounts that may write for others, or * for everybody. Default on devnet: the devnet's operator",
  ),
  ISSUERS: variable(
    issuers,
    null,
    "Pairs issuer=user, separated by commas: the user may write messages in the issuer's name. Default: nobody writes in another's name",
  ),
  FEATURE_GZ_BOOST_API: variable(
    z.enum(["0", "1"]),
    "0",
    "1 or 0: whether signals can be boosted and recognitions suggested for them",
  ),
  STRICT_BONDING: variable(
    onOff.optional(),
    null,
    "on or off: whether a bond needs both people. If on, an accept without a request is shown as a request. Default: on for testnet, mainnet and previewnet, off for devnet and custom",
  ),
  HEDERA_NODE: variable(
    matching(/^[\w.-]+:\d{1,5}$/, "must be host:port").optional(),
    null,
    "host:port of a consensus node. A custom network needs it to submit",
  ),
  DATABASE_URL: variable(
    matching(/^postgres(ql)?:\/\/\S+$/, "must be postgres://user:password@host/database").optional(),
    null,
    "Address of Postgres. Default: an embedded Postgres in DATA_DIR",
  ),
  DATABASE_DRIVER: variable(
    z.enum(["pg", "neon-http", "neon-ws"]).optional(),
    null,
    "pg, neon-http or neon-ws. Default: chosen by the host of DATABASE_URL",
  ),
  MIGRATE: variable(
    onOff,
    "on",
    "on or off: whether an instance migrates the tables when it starts. Set it to off for a role that may not alter tables, and run `npm run migrate` first",
  ),
  NEON_ENDPOINT: variable(
    matching(/^(https?|wss?):\/\/\S+$/, "must be an http, https, ws or wss address").optional(),
    null,
    "Address that speaks Neon's protocol, such as a proxy. Default: the host of DATABASE_URL",
  ),
  UPSTASH_REDIS_REST_URL: variable(
    matching(/^https?:\/\/\S+$/, "must be an http or https address").optional(),
    null,
    "Address of Upstash Redis, for functions (also KV_REST_API_URL). Several instances need this or REDIS_URL. Default: no Redis, for a single process",
  ),
  UPSTASH_REDIS_REST_TOKEN: secretVariable(optional, "Token for that Redis (also KV_REST_API_TOKEN)"),
  REDIS_URL: variable(
    redisUrls,
    null,
    "Address of a Redis over TCP, for long-lived processes: redis://user:password@host:6379, or rediss:// for TLS. For a Redis Cluster, name several of its nodes, separated by commas. Do not set UPSTASH_REDIS_REST_URL too. On Vercel, which sets both, only UPSTASH_REDIS_REST_URL is used",
  ),
  DATA_DIR: variable(z.string().min(1), ".data", "Where the embedded Postgres and the devnet keep their state"),
  SESSION_SECRET: secretVariable(
    z
      .string()
      .optional()
      .refine(
        (text) => text === undefined || (list(text).length > 0 && list(text).every((secret) => secret.length >= 32)),
        "each secret must have at least 32 characters",
      ),
    "Secret that signs sessions, at least 32 characters. To rotate it, put the new one first and a comma between. Default on devnet: random; required elsewhere",
  ),
  ALLOW_DEMO: variable(
    onOff.optional(),
    null,
    "on or off: sign-in by choosing a demo person. Default: on for devnet; refused on public networks",
  ),
  ADMIN_ACCOUNTS: variable(users, null, "User ids of operators. On devnet, the devnet's operator is one too"),
  ADMIN_TOKEN: secretVariable(secret, "Bearer token for operators' scripts. Default: none"),
  METRICS_TOKEN: secretVariable(
    secret,
    "Bearer token of GET /api/metrics. Default: none, and only a devnet answers with metrics",
  ),
  APP_DOMAIN: variable(
    domains,
    null,
    "Names by which browsers reach this app, as host or host:port, separated by commas. Wallet sign-in needs one, except on localhost. Default on Vercel: the deployment's names",
  ),
  UI_ORIGIN: variable(
    uiOriginText,
    null,
    "Origin of a deployment of the TrustMesh web UI, like https://ui.example. It serves every page and API path that this app does not have. Default: none",
  ),
  MAGIC_CLIENT_ID: variable(
    clientIds,
    null,
    "Client ids of the Magic applications whose DID tokens sign people in, separated by commas. Default: none",
  ),
  WALLETCONNECT_PROJECT_ID: variable(
    matching(/^[0-9a-f]{32}$/, "must be 32 hexadecimal digits, as the wallet network's dashboard shows").optional(),
    null,
    "Project id of the wallet network, for sign-in with a wallet. Set it for the build too: only then does the build include the connector",
  ),
  WALLETCONNECT_RELAY_URL: variable(
    matching(/^wss?:\/\/[^\s;,'"]+$/, "must be a ws or wss address"),
    WALLETCONNECT_RELAY,
    "Relay of the wallet network",
  ),
  CRON_SECRET: secretVariable(
    scheduleSecret,
    "Bearer token of GET /api/cron/sync. Default: none, and no schedule can start a sync",
  ),
  TRUST_PROXY_HOPS: variable(
    integer(0, 10).optional(),
    null,
    "Number of your own proxies in front that add to X-Forwarded-For. Rate limits need it to find the client's address. Default: 1 on Vercel, else 0",
  ),
  RATE_LIMITS: variable(
    number(0, 1_000),
    "1",
    "Factor for the built-in limits of one address and one user. 0 turns them off",
  ),
  LOG_REQUESTS: variable(
    onOff,
    "off",
    "on or off: log one line for every API request, with its route, status and time. Failures are always logged",
  ),
  OTEL_EXPORTER_OTLP_ENDPOINT: variable(
    matching(/^https?:\/\/\S+$/, "must be an http or https address").optional(),
    null,
    "Address of a trace collector (OTLP over HTTP), without /v1/traces. Default: no traces",
  ),
  OTEL_EXPORTER_OTLP_HEADERS: secretVariable(optional, "Headers for that collector: name=value,name=value"),
  OTEL_SERVICE_NAME: variable(z.string().min(1).max(100), "trustmesh-edge", "Name of this service in traces"),
  OTEL_TRACES_SAMPLER_ARG: variable(number(0, 1), "1", "Share of requests that are traced, 0 to 1"),
  PORT: variable(integer(0, 65_535), "3000", "Port to listen on"),
  HOST: variable(z.string().min(1), "127.0.0.1", "Address to listen on"),
  MIRROR_RPS: variable(
    integer(1, 10_000),
    "40",
    "Mirror requests a second, for all instances together. Public mirrors allow 50 for each address",
  ),
  PUBLIC_LEDGER: variable(
    z.enum(["on", "off"]),
    "on",
    "on or off: whether anybody may read the topics as the ledger has them, under /api/v1. If off, only signed-in users may",
  ),
  MIRROR_PASS_THROUGH: variable(
    z.enum(["on", "off"]),
    "on",
    "on or off: whether requests under /api/v1 for accounts, balances, tokens, blocks, transactions, contracts, schedules, the network and messages that were dropped here are passed on to the mirrors. They use at most a quarter of MIRROR_RPS",
  ),
  FRESHNESS_TARGET_MS: variable(integer(100, 3_600_000), "2000", "Data older than this counts as stale"),
  GAP_GRACE_S: variable(
    integer(0, 86_400),
    "120",
    "How long missing messages are requested again before a gap is declared",
  ),
  STALE_MAX_S: variable(
    integer(0, 31_536_000),
    "86400",
    "Greatest age of a copy that is served while its source is down",
  ),
  STREAM_MAX_S: variable(integer(5, 86_400), "280", "A live stream ends after this, and its client reconnects"),
  STREAMS_PER_USER: variable(integer(1, 10_000), "8", "Live streams that one person may have open on one instance"),
  STREAMS_PER_INSTANCE: variable(
    integer(1, 1_000_000),
    "5000",
    "Live streams that one instance holds. Keep it below the limit of file descriptors, which is 1,024 on Vercel",
  ),
  L1_MAX_BYTES: variable(integer(1_048_576, 68_719_476_736), "67108864", "Memory for cached views in the process (L1)"),
  CACHE_TTL_S: variable(integer(1, 604_800), "3600", "How long a cached view is served before it is read again"),
  CACHE_EVICTION: variable(
    z.enum(EVICTION_POLICIES),
    "USER_BASED",
    "Order of eviction from the caches: USER_BASED (all views of the user who was read least recently), LRU (the view that was read least recently) or TTL (the oldest view)",
  ),
  HOT_HOURS: variable(
    integer(0, 87_600),
    "48",
    "Messages older than this, and people's rows of them, are packed in the database. 0: nothing is packed",
  ),
  KEEP_MONTHS: variable(
    integer(0, 1_200),
    "0",
    "Packed messages older than this many months, and people's rows of them, are dropped. The ledger still has them, and contacts, trust and profiles stay. 0: nothing is dropped",
  ),
  MAX_SIGNALS_PER_USER: variable(
    integer(100, 1_000_000),
    "10000",
    "Newest signals served for each user. Older ones stay on the ledger",
  ),
} as const;

export type Values = {
  readonly [K in keyof typeof VARIABLES]: (typeof VARIABLES)[K] extends Variable<infer T> ? T : never;
};

/** The variables whose values logs hide. */
export const SECRET_NAMES: readonly (keyof Values)[] = Object.entries<Variable<unknown>>(VARIABLES)
  .filter(([, { isSecret }]) => isSecret)
  .map(([name]) => name as keyof Values);
