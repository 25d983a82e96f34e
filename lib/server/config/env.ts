import "server-only";
/** The one read of the environment. Bad or missing values stop the process with one message that lists every problem. */
import type { z } from "zod";
import { type CacheStrategies, cacheStrategies } from "../../core/cache-strategy";
import { counted } from "../../core/counted";
import { type EnvSource, givenValue, misspeltNames, untidyNames } from "./env-source";
import { list } from "./env-values";
import { VARIABLES, type Values } from "./variables";

export interface Env extends Values {
  readonly isDevnet: boolean;
  readonly isVercel: boolean;
  readonly allowDemo: boolean;
  /** How every tier keeps views. */
  readonly strategies: CacheStrategies;
  /** True on Hedera's own networks, where anybody can write. */
  readonly isPublic: boolean;
  /** STRICT_BONDING, or its default for this network. */
  readonly isStrict: boolean;
  /** The names by which browsers reach the app. Null if none is known. */
  readonly domains: readonly string[] | null;
  readonly proxyHops: number;
  /** The first secret signs, all verify. Null if the process makes one up. */
  readonly sessionSecrets: readonly string[] | null;
}

/** The configuration cannot be used. The message lists every problem, one to a line. */
export class EnvError extends Error {
  override readonly name = "EnvError";
}

/** Public mirrors of the networks that have one (docs.hedera.com, "Mirror Node REST API"). */
export const NETWORK_MIRRORS: Readonly<Record<string, readonly string[]>> = {
  testnet: ["https://testnet.mirrornode.hedera.com"],
  mainnet: ["https://mainnet-public.mirrornode.hedera.com"],
  previewnet: ["https://previewnet.mirrornode.hedera.com"],
};

/** The rule that a value breaks. Zod's own words for a list of choices are no sentence. */
const ruleOf = (issue: z.core.$ZodIssue): string =>
  issue.code === "invalid_value" ? `must be one of ${issue.values.join(", ")}` : issue.message;

/**
 * Reads and checks the whole environment. Throws EnvError, which names every problem at once. Accepts `NEXT_PUBLIC_` spellings,
 * and ignores white space and quotes around a value.
 */
export function readEnv(source: EnvSource): Env {
  const problems: string[] = [];
  const wrong: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, { schema, fallback }] of Object.entries(VARIABLES)) {
    const given = givenValue(source, name);
    const parse = (text: string | undefined) => (schema as z.ZodType).safeParse(text);
    const parsed = parse(given ?? fallback ?? undefined);
    const isBroken = given !== undefined && /\p{Cc}/u.test(given);
    if (isBroken)
      problems.push(
        `${name} holds a line break or another control character: write it on one line, without such characters`,
      );
    else if (!parsed.success) problems.push(`${name} ${parsed.error.issues.map(ruleOf).join(", ")}`);
    const isRight = parsed.success && !isBroken;
    if (!isRight) wrong.push(name);
    values[name] = isRight ? parsed.data : parse(fallback ?? undefined).data;
  }
  const env = values as unknown as Values;
  // A default stands for a wrong value here, so nothing more is said of it.
  // Whoever names a network, although misspelt, most likely means no devnet, which is the default.
  const isNamed = !wrong.includes("HEDERA_NETWORK");
  const assumed: Values = isNamed ? env : { ...env, HEDERA_NETWORK: "testnet" };
  problems.push(
    ...contradictions(assumed, source, isNamed).filter((problem) => !wrong.some((name) => problem.includes(name))),
  );
  if (problems.length > 0) {
    const wanting = weakDefaults({ ...assumed, domains: env.APP_DOMAIN ?? vercelDomains(source) }).filter(
      (sentence) => !wrong.some((name) => sentence.includes(name)),
    );
    const blocks = [
      [`The configuration has ${counted(problems.length, "problem")}:`, ...listed(problems)],
      wanting.length === 0 ? [] : ["These are optional, but without them:", ...listed(wanting)],
    ];
    throw new EnvError(blocks.flat().join("\n"));
  }
  const isDevnet = env.HEDERA_NETWORK === "devnet";
  const isVercel = isOnVercel(source);
  const allowDemo = env.ALLOW_DEMO === "on" || (isDevnet && env.ALLOW_DEMO !== "off");
  const sessionSecrets = env.SESSION_SECRET === undefined ? null : list(env.SESSION_SECRET);
  const strategies = cacheStrategies({
    ttlMs: env.CACHE_TTL_S * 1_000,
    maxSignals: env.MAX_SIGNALS_PER_USER,
    evictionPolicy: env.CACHE_EVICTION,
  });
  // Vercel's edge is one proxy. It overwrites the client's header (vercel.com/docs/headers/request-headers).
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

const listed = (sentences: readonly string[]) => sentences.map((sentence) => `  - ${sentence}`);

/** Settings without which the server of a public or custom network starts, and does less. One sentence for each. */
export function weakDefaults(
  env: Pick<Env, "HEDERA_NETWORK" | "HEDERA_OPERATOR_ID" | "TRUSTED_PAYERS" | "domains">,
): readonly string[] {
  if (env.HEDERA_NETWORK === "devnet") return [];
  return [
    ...(env.HEDERA_OPERATOR_ID === undefined
      ? ["HEDERA_OPERATOR_ID and _KEY are not set: this server shows the ledger and refuses to write to it."]
      : []),
    ...(env.TRUSTED_PAYERS === null
      ? ["TRUSTED_PAYERS is not set: only messages that people paid for themselves are shown."]
      : []),
    ...(env.domains === null
      ? ["APP_DOMAIN is not set: nobody can sign in with a wallet, except on this machine itself."]
      : []),
  ];
}

const isOnVercel = (source: EnvSource): boolean => (source.VERCEL ?? "") !== "";

/** The names that Vercel gives a deployment: production's first, then the branch's and the deployment's own. */
function vercelDomains(source: EnvSource): readonly string[] | null {
  const names = ["VERCEL_PROJECT_PRODUCTION_URL", "VERCEL_BRANCH_URL", "VERCEL_URL"].flatMap((name) =>
    list(source[name]?.toLowerCase() ?? ""),
  );
  return names.length > 0 ? names : null;
}

/** Names and ports of this machine by which this server may be reached. */
const LOCAL_NAMES = ["localhost", "127.0.0.1", "[::1]"];

/** Whether UI_ORIGIN names this server itself. Requests would then go in a circle. */
function isOwnOrigin({ UI_ORIGIN, PORT }: Values, domains: readonly string[] | null): boolean {
  if (UI_ORIGIN === null) return false;
  const { host } = new URL(UI_ORIGIN);
  return domains?.includes(host) === true || LOCAL_NAMES.some((name) => host === `${name}:${PORT}`);
}

const TOPIC_NAMES = ["TOPIC_CONTACT", "TOPIC_TRUST", "TOPIC_RECOGNITION", "TOPIC_PROFILE"] as const;

/** An account that may write bindings can sign in as anybody, so only named payers may write them. */
function identityProblems(env: Values): string[] {
  const { TOPIC_IDENTITY: topicId, TRUSTED_PAYERS: payers } = env;
  if (topicId === null) return [];
  const problems = TOPIC_NAMES.filter((name) => env[name]?.includes(topicId)).map(
    (name) => `TOPIC_IDENTITY is a topic of ${name} too: name a topic that is used for nothing else`,
  );
  if (payers === "*")
    problems.push(
      "TOPIC_IDENTITY is refused with TRUSTED_PAYERS=*: anybody could sign in as anybody. Set TRUSTED_PAYERS to the accounts that may bind identities",
    );
  if (env.HEDERA_NETWORK !== "devnet" && (payers === null || (payers !== "*" && payers.size === 0)))
    problems.push("TRUSTED_PAYERS is needed with TOPIC_IDENTITY: the accounts that may bind identities");
  return problems;
}

/** `isNamed`: false if HEDERA_NETWORK is wrong, so that `env` holds any public network in its place. */
function contradictions(env: Values, source: EnvSource, isNamed: boolean): string[] {
  const problems: string[] = identityProblems(env);
  const isVercel = isOnVercel(source);
  if (isOwnOrigin(env, env.APP_DOMAIN ?? vercelDomains(source)))
    problems.push("UI_ORIGIN names this server itself: set it to the address of the web UI's own deployment");
  if (isVercel && env.DATABASE_URL === undefined)
    problems.push("DATABASE_URL is needed on Vercel, because its functions have no lasting disk");
  if (env.KEEP_MONTHS > 0 && env.HOT_HOURS === 0)
    problems.push(
      "KEEP_MONTHS needs packing, because only packed messages are dropped: set HOT_HOURS, for example to 48",
    );
  const network = env.HEDERA_NETWORK;
  if (network === "custom" && env.MIRROR_URL === null)
    problems.push("MIRROR_URL is needed when HEDERA_NETWORK is custom");
  if (network !== "devnet") {
    const where = isNamed ? `when HEDERA_NETWORK is ${network}` : "on every network but devnet";
    for (const name of TOPIC_NAMES) {
      if (env[name] === null && env.REGISTRY_TOPIC === null)
        problems.push(`${name} is needed ${where} if REGISTRY_TOPIC is not set`);
    }
    if (env.SESSION_SECRET === undefined)
      problems.push(`SESSION_SECRET is needed ${where}: at least 32 random characters`);
    if (env.ALLOW_DEMO === "on" && network !== "custom" && isNamed)
      problems.push(`ALLOW_DEMO=on is refused on ${network}: anybody could sign in as anybody`);
    if (env.ALLOW_DEMO === "on" && env.ADMIN_ACCOUNTS.size > 0)
      problems.push(
        "ALLOW_DEMO=on is refused together with ADMIN_ACCOUNTS: anybody could sign in as an operator. Unset ADMIN_ACCOUNTS and use ADMIN_TOKEN, or turn the demo off",
      );
  }
  if ((env.UPSTASH_REDIS_REST_URL === undefined) !== (env.UPSTASH_REDIS_REST_TOKEN === undefined)) {
    problems.push("UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN are needed together");
  }
  // Vercel's integration sets both. A function that sleeps between requests cannot keep a connection.
  if (env.REDIS_URL !== null && env.UPSTASH_REDIS_REST_URL !== undefined && !isVercel)
    problems.push("REDIS_URL and UPSTASH_REDIS_REST_URL name two ways to Redis: unset one of them");
  if (network === "custom" && env.HEDERA_OPERATOR_ID !== undefined && env.HEDERA_NODE === undefined) {
    problems.push("HEDERA_NODE is needed to submit to a custom network");
  }
  if ((env.HEDERA_OPERATOR_ID === undefined) !== (env.HEDERA_OPERATOR_KEY === undefined)) {
    problems.push("HEDERA_OPERATOR_ID and HEDERA_OPERATOR_KEY are needed together");
  }
  return problems;
}

const isSet = (source: EnvSource, name: string) => Number(givenValue(source, name) ?? 0) !== 0;

/** Settings that are allowed but most likely a mistake, one sentence for each. */
export function doubtfulSettings(source: EnvSource): readonly string[] {
  const names = Object.keys(VARIABLES);
  return [
    ...(isOnVercel(source) && givenValue(source, "MIRROR_GRPC") !== undefined
      ? ["MIRROR_GRPC has no effect on Vercel, because functions sleep between requests. Remove it."]
      : []),
    ...(isSet(source, "SUBMIT_LINGER_MS") && isSet(source, "UI_ORIGIN")
      ? [
          "SUBMIT_LINGER_MS is set together with UI_ORIGIN: the TrustMesh web UI cannot read a message of several signals. Set it to 0, unless the UI at that address can.",
        ]
      : []),
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
