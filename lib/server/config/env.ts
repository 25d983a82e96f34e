import "server-only";
/**
 * The one read of the environment. A bad or missing value stops the process with one message that
 * lists every problem. `.env.example` is written from this table by `npm run env:example`.
 */
import { z } from "zod";
import { type CacheStrategies, cacheStrategies, EVICTION_POLICIES } from "../../core/cache-strategy";
import { counted } from "../../core/counted";
import { WALLETCONNECT_RELAY } from "../../wire/wallet";
import { type EnvSource, givenValue, misspeltNames, untidyNames } from "./env-source";
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
}

const variable = <T>(schema: z.ZodType<T>, fallback: string | null, doc: string): Variable<T> => ({
  schema,
  fallback,
  doc,
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
  HEDERA_OPERATOR_KEY: variable(privateKey, null, "Its private key (DER or hex)"),
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
  UPSTASH_REDIS_REST_TOKEN: variable(optional, null, "Its token (also KV_REST_API_TOKEN)"),
  DATA_DIR: variable(z.string().min(1), ".data", "Where the embedded Postgres and the devnet keep their state"),
  SESSION_SECRET: variable(
    z
      .string()
      .optional()
      .refine(
        (text) => text === undefined || (list(text).length > 0 && list(text).every((secret) => secret.length >= 32)),
        "each secret must have at least 32 characters",
      ),
    null,
    "At least 32 characters; several, separated by commas, to rotate (the first signs). Random on devnet, required elsewhere",
  ),
  ALLOW_DEMO: variable(
    z.enum(["on", "off"]).optional(),
    null,
    "on or off: sign-in by choosing a person; on for devnet, refused on public networks",
  ),
  ADMIN_ACCOUNTS: variable(users, null, "Who may operate: user ids; on devnet also the devnet's operator"),
  ADMIN_TOKEN: variable(secret, null, "Bearer token that may operate as well; none where empty"),
  METRICS_TOKEN: variable(
    secret,
    null,
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
  CRON_SECRET: variable(
    scheduleSecret,
    null,
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
  OTEL_EXPORTER_OTLP_HEADERS: variable(optional, null, "What it wants to be sent as headers: name=value,name=value"),
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

type Values = { readonly [K in keyof typeof VARIABLES]: (typeof VARIABLES)[K] extends Variable<infer T> ? T : never };

export interface Env extends Values {
  readonly isDevnet: boolean;
  readonly isVercel: boolean;
  readonly allowDemo: boolean;
  /** How views are kept, in every tier. */
  readonly strategies: CacheStrategies;
  /** Whether it is one of Hedera's own networks, where anybody can write. */
  readonly isPublic: boolean;
  /** STRICT_BONDING, or what it is where it is empty. */
  readonly isStrict: boolean;
  /** Names that browsers know the app by; null where none is known. */
  readonly domains: readonly string[] | null;
  readonly proxyHops: number;
  /** The first signs, all verify; null: one is made up for this process. */
  readonly sessionSecrets: readonly string[] | null;
}

export class EnvError extends Error {
  override readonly name = "EnvError";
}

/** Public mirrors of the networks that have one (docs.hedera.com, "Mirror Node REST API"). */
export const NETWORK_MIRRORS: Readonly<Record<string, readonly string[]>> = {
  testnet: ["https://testnet.mirrornode.hedera.com"],
  mainnet: ["https://mainnet-public.mirrornode.hedera.com"],
  previewnet: ["https://previewnet.mirrornode.hedera.com"],
};

/**
 * Reads and checks all of it; throws EnvError naming every problem at once. `NEXT_PUBLIC_` spellings are accepted, and white
 * space and quotes around a value are no part of it.
 */
export function readEnv(source: EnvSource): Env {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, { schema, fallback }] of Object.entries(VARIABLES)) {
    const given = givenValue(source, name);
    const parsed = (schema as z.ZodType).safeParse(given ?? fallback ?? undefined);
    if (given !== undefined && /\p{Cc}/u.test(given))
      problems.push(
        `${name} holds a line break or another control character: write it on one line, without such characters`,
      );
    else if (parsed.success) values[name] = parsed.data;
    else problems.push(`${name} ${parsed.error.issues.map((issue) => issue.message).join(", ")}`);
  }
  const env = values as unknown as Values;
  if (problems.length === 0) problems.push(...contradictions(env, isOnVercel(source)));
  if (problems.length > 0)
    throw new EnvError(
      `The configuration has ${counted(problems.length, "problem")}:\n${problems.map((problem) => `  - ${problem}`).join("\n")}`,
    );
  const isDevnet = env.HEDERA_NETWORK === "devnet";
  const isVercel = isOnVercel(source);
  const allowDemo = env.ALLOW_DEMO === "on" || (isDevnet && env.ALLOW_DEMO !== "off");
  const sessionSecrets = env.SESSION_SECRET === undefined ? null : list(env.SESSION_SECRET);
  const strategies = cacheStrategies({
    ttlMs: env.CACHE_TTL_S * 1_000,
    maxSignals: env.MAX_SIGNALS_PER_USER,
    evictionPolicy: env.CACHE_EVICTION,
  });
  // Vercel's edge is one proxy, and overwrites what clients claim (vercel.com/docs/headers/request-headers).
  const proxyHops = env.TRUST_PROXY_HOPS ?? (isVercel ? 1 : 0);
  const isPublic = NETWORK_MIRRORS[env.HEDERA_NETWORK] !== undefined;
  const isStrict = env.STRICT_BONDING === "on" || (isPublic && env.STRICT_BONDING !== "off");
  return {
    ...env,
    isDevnet,
    isVercel,
    allowDemo,
    strategies,
    isPublic,
    isStrict,
    domains: env.APP_DOMAIN ?? vercelDomains(source),
    proxyHops,
    sessionSecrets,
  };
}

const isOnVercel = (source: EnvSource): boolean => (source.VERCEL ?? "") !== "";

/** What Vercel calls a deployment: production's name first, then the branch's and its own. */
function vercelDomains(source: EnvSource): readonly string[] | null {
  const names = ["VERCEL_PROJECT_PRODUCTION_URL", "VERCEL_BRANCH_URL", "VERCEL_URL"].flatMap((name) =>
    list(source[name]?.toLowerCase() ?? ""),
  );
  return names.length > 0 ? names : null;
}

function contradictions(env: Values, isVercel: boolean): string[] {
  const problems: string[] = [];
  if (isVercel && env.DATABASE_URL === undefined)
    problems.push("DATABASE_URL is needed on Vercel: its functions have no disk that lasts, and share none");
  const network = env.HEDERA_NETWORK;
  if (network === "custom" && env.MIRROR_URL === null)
    problems.push("MIRROR_URL is needed where HEDERA_NETWORK is custom");
  if (network !== "devnet") {
    for (const name of ["TOPIC_CONTACT", "TOPIC_TRUST", "TOPIC_RECOGNITION", "TOPIC_PROFILE"] as const) {
      if (env[name] === null && env.REGISTRY_TOPIC === null)
        problems.push(`${name} is needed where HEDERA_NETWORK is ${network} and no REGISTRY_TOPIC is named`);
    }
    if (env.SESSION_SECRET === undefined)
      problems.push(`SESSION_SECRET is needed where HEDERA_NETWORK is ${network}: 32 random characters or more`);
    if (env.ALLOW_DEMO === "on" && network !== "custom")
      problems.push(`ALLOW_DEMO=on is refused on ${network}: anybody could sign in as anybody`);
    if (env.ALLOW_DEMO === "on" && env.ADMIN_ACCOUNTS.size > 0)
      problems.push(
        "ALLOW_DEMO=on is refused beside ADMIN_ACCOUNTS: anybody could sign in as an operator; name none and use ADMIN_TOKEN, or turn the demo off",
      );
  }
  if ((env.UPSTASH_REDIS_REST_URL === undefined) !== (env.UPSTASH_REDIS_REST_TOKEN === undefined)) {
    problems.push("UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN are needed together");
  }
  if (network === "custom" && env.HEDERA_OPERATOR_ID !== undefined && env.HEDERA_NODE === undefined) {
    problems.push("HEDERA_NODE is needed to submit to a custom network");
  }
  if ((env.HEDERA_OPERATOR_ID === undefined) !== (env.HEDERA_OPERATOR_KEY === undefined)) {
    problems.push("HEDERA_OPERATOR_ID and HEDERA_OPERATOR_KEY are needed together");
  }
  return problems;
}

/** Settings that are allowed but most likely a mistake: one sentence each. */
export function doubts(source: EnvSource): readonly string[] {
  const names = Object.keys(VARIABLES);
  return [
    ...misspeltNames(source, names).map(
      ([given, meant]) => `${given} is set, but the app does not read it. Rename it to ${meant}, or remove it.`,
    ),
    ...untidyNames(source, names).map(
      (name) =>
        `${name} has white space or quotes around its value. This app ignores them, other programs may not: remove them.`,
    ),
  ];
}

/** The text of `.env.example`. */
export function envExample(): string {
  const lines = Object.entries(VARIABLES).map(([name, { doc, fallback }]) => `# ${doc}\n#${name}=${fallback ?? ""}\n`);
  return `# Everything is optional on the embedded devnet. Written by \`npm run env:example\` from lib/server/config/env.ts.\n\n${lines.join("\n")}`;
}
