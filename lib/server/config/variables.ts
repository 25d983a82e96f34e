import "server-only";
/**
 * The table of configuration variables: how each is checked, and what it is for. `npm run env:example` writes `.env.example` from it;
 * env.ts reads the environment by it.
 */
import { z } from "zod";
import { EVICTION_POLICIES } from "../../core/cache-strategy";
import { WALLETCONNECT_RELAY } from "../../wire/wallet";
import {
  accountId,
  domains,
  integer,
  list,
  number,
  optional,
  payers,
  privateKey,
  scheduleSecret,
  secret,
  segments,
  topicId,
  topicIds,
  urls,
  users,
} from "./env-values";

interface Variable<T> {
  readonly schema: z.ZodType<T>;
  readonly doc: string;
  /** As it reads in `.env.example`; null where there is none. */
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
    "Mirror REST addresses, the first one preferred; the network's own where empty, needed for custom. A user and password in an address are sent as a header",
  ),
  TOPIC_CONTACT: variable(topicIds, null, "Topic ids for contacts; the devnet's own where empty"),
  TOPIC_TRUST: variable(topicIds, null, "Topic ids for trust"),
  TOPIC_RECOGNITION: variable(topicIds, null, "Topic ids for recognition"),
  TOPIC_PROFILE: variable(topicIds, null, "Topic ids for profiles"),
  REGISTRY_TOPIC: variable(
    topicId,
    null,
    "HCS-2 topic in which the registry of topics is published, and from which a new deployment takes its topics",
  ),
  TOPIC_PREFIX: variable(
    z
      .string()
      .regex(/^[a-z0-9](?:[a-z0-9-]{0,28}[a-z0-9])?$/, "must be lower-case letters, digits and hyphens, 30 at most"),
    "trustmesh",
    "What the names of topics begin with",
  ),
  SHARDS: variable(
    segments,
    "1",
    "Segments of the standard tier that `npm run shards -- create` brings about: a number, or contact:16,trust:4",
  ),
  HEDERA_OPERATOR_ID: variable(
    accountId,
    null,
    "Account that pays for submitted messages; without it the app only reads",
  ),
  HEDERA_OPERATOR_KEY: secretVariable(privateKey, "Its private key (DER or hex)"),
  TRUSTED_PAYERS: variable(
    payers,
    null,
    "Accounts that may write for others, or * for everybody; the devnet's operator where empty",
  ),
  STRICT_BONDING: variable(
    z.enum(["on", "off"]).optional(),
    null,
    "on or off: an accept bonds only with somebody who has asked or accepted too, otherwise it is shown as a request; on for testnet, mainnet and previewnet, off for devnet and custom where empty",
  ),
  HEDERA_NODE: variable(
    z
      .string()
      .regex(/^[\w.-]+:\d{1,5}$/, "must be host:port")
      .optional(),
    null,
    "host:port of a consensus node, to submit to a custom network",
  ),
  DATABASE_URL: variable(
    z
      .string()
      .regex(/^postgres(ql)?:\/\/\S+$/, "must be postgres://user:password@host/database")
      .optional(),
    null,
    "Postgres; embedded in DATA_DIR where empty",
  ),
  DATABASE_DRIVER: variable(
    z.enum(["pg", "neon-http", "neon-ws"]).optional(),
    null,
    "pg, neon-http or neon-ws; guessed from the host where empty",
  ),
  MIGRATE: variable(
    z.enum(["on", "off"]),
    "on",
    "on or off: whether an instance brings the tables up to date when it starts; off where its role may not alter them: then `npm run migrate` comes first",
  ),
  NEON_ENDPOINT: variable(
    z
      .string()
      .regex(/^(https?|wss?):\/\/\S+$/, "must be an http, https, ws or wss address")
      .optional(),
    null,
    "Where Neon's protocol is spoken instead of at the host of DATABASE_URL, as by a proxy",
  ),
  UPSTASH_REDIS_REST_URL: variable(
    z
      .string()
      .regex(/^https?:\/\/\S+$/, "must be an http or https address")
      .optional(),
    null,
    "Upstash Redis, for several instances (also KV_REST_API_URL); one process where empty",
  ),
  UPSTASH_REDIS_REST_TOKEN: secretVariable(optional, "Its token (also KV_REST_API_TOKEN)"),
  DATA_DIR: variable(z.string().min(1), ".data", "Where the embedded Postgres and the devnet keep their state"),
  SESSION_SECRET: secretVariable(
    z
      .string()
      .optional()
      .refine(
        (text) => text === undefined || (list(text).length > 0 && list(text).every((secret) => secret.length >= 32)),
        "each secret must have at least 32 characters",
      ),
    "At least 32 characters; several, separated by commas, to rotate (the first signs). Random on devnet, required elsewhere",
  ),
  ALLOW_DEMO: variable(
    z.enum(["on", "off"]).optional(),
    null,
    "on or off: sign-in by choosing a person; on for devnet, refused on public networks",
  ),
  ADMIN_ACCOUNTS: variable(users, null, "Who may operate: user ids; on devnet also the devnet's operator"),
  ADMIN_TOKEN: secretVariable(secret, "Bearer token that may operate as well; none where empty"),
  METRICS_TOKEN: secretVariable(
    secret,
    "Bearer token of GET /api/metrics; where empty, metrics are answered on devnet only",
  ),
  APP_DOMAIN: variable(
    domains,
    null,
    "Names under which browsers reach this app, as host or host:port, separated by commas; wallet sign-in is bound to them and needs one wherever the app is not on localhost (on Vercel its own names are known)",
  ),
  WALLETCONNECT_PROJECT_ID: variable(
    z
      .string()
      .regex(/^[0-9a-f]{32}$/, "must be 32 hexadecimal digits, as the wallet network's dashboard shows")
      .optional(),
    null,
    "Project of the wallet network, for signing in through a wallet; set it for the build too, which then makes the connector",
  ),
  WALLETCONNECT_RELAY_URL: variable(
    z.string().regex(/^wss?:\/\/[^\s;,'"]+$/, "must be a ws or wss address"),
    WALLETCONNECT_RELAY,
    "Relay of the wallet network",
  ),
  CRON_SECRET: secretVariable(
    scheduleSecret,
    "Bearer token of GET /api/cron/sync; where empty, no schedule can start a sync",
  ),
  TRUST_PROXY_HOPS: variable(
    integer(0, 10).optional(),
    null,
    "How many proxies of yours stand in front and add to X-Forwarded-For: whose requests are counted; 1 on Vercel, else 0",
  ),
  RATE_LIMITS: variable(
    number(0, 1_000),
    "1",
    "Times the built-in limits for one address and one user; 0 turns them off",
  ),
  LOG_REQUESTS: variable(
    z.enum(["on", "off"]),
    "off",
    "on or off: a line of log for every request of the API, with its route, status and time; what fails is logged anyhow",
  ),
  OTEL_EXPORTER_OTLP_ENDPOINT: variable(
    z
      .string()
      .regex(/^https?:\/\/\S+$/, "must be an http or https address")
      .optional(),
    null,
    "Collector of traces that speaks OTLP over HTTP, without /v1/traces; no traces where empty",
  ),
  OTEL_EXPORTER_OTLP_HEADERS: secretVariable(optional, "What it wants to be sent as headers: name=value,name=value"),
  OTEL_SERVICE_NAME: variable(z.string().min(1).max(100), "trustmesh-edge", "Name of this service in traces"),
  OTEL_TRACES_SAMPLER_ARG: variable(number(0, 1), "1", "Which share of the requests is traced, 0 to 1"),
  PORT: variable(integer(0, 65_535), "3000", "Port to listen on"),
  HOST: variable(z.string().min(1), "127.0.0.1", "Address to listen on"),
  MIRROR_RPS: variable(
    integer(1, 10_000),
    "40",
    "Mirror requests a second, all instances together; public mirrors allow 50 per address",
  ),
  FRESHNESS_TARGET_MS: variable(integer(100, 3_600_000), "2000", "Data older than this is called stale"),
  GAP_GRACE_S: variable(integer(0, 86_400), "120", "How long a hole is asked for again before it is declared a gap"),
  STALE_MAX_S: variable(
    integer(0, 31_536_000),
    "86400",
    "How old a copy may be that is served while its source is down",
  ),
  STREAM_MAX_S: variable(integer(5, 86_400), "280", "A live stream ends itself after this"),
  STREAMS_PER_USER: variable(integer(1, 1_000), "8", "Live streams that one person may have open on one instance"),
  STREAMS_PER_INSTANCE: variable(
    integer(1, 1_000_000),
    "5000",
    "Live streams that one instance holds; below its limit of file descriptors, which on Vercel is 1,024",
  ),
  L1_MAX_BYTES: variable(integer(1_048_576, 68_719_476_736), "67108864", "Memory for views in the process"),
  CACHE_TTL_S: variable(integer(1, 604_800), "3600", "How long a cached view serves without being read again"),
  CACHE_EVICTION: variable(
    z.enum(EVICTION_POLICIES),
    "USER_BASED",
    "Who leaves the caches first: USER_BASED (all views of whoever was read least recently), LRU (each view for itself) or TTL (the oldest, read or not)",
  ),
  MAX_SIGNALS_PER_USER: variable(
    integer(100, 1_000_000),
    "10000",
    "Newest signals served per user; older ones stay on the ledger",
  ),
} as const;

export type Values = {
  readonly [K in keyof typeof VARIABLES]: (typeof VARIABLES)[K] extends Variable<infer T> ? T : never;
};

/** The variables whose values logs hide. */
export const SECRET_NAMES: readonly (keyof Values)[] = Object.entries<Variable<unknown>>(VARIABLES)
  .filter(([, { isSecret }]) => isSecret)
  .map(([name]) => name as keyof Values);
