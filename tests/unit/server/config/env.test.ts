import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { doubtfulSettings, EnvError, envExample, readEnv } from "@/lib/server/config/env";
import { openNetwork } from "@/lib/server/config/network";
import { VARIABLES } from "@/lib/server/config/variables";

const SECRET = "0123456789abcdef0123456789abcdef";
const TOPICS = {
  TOPIC_CONTACT: "0.0.1",
  TOPIC_TRUST: "0.0.1",
  TOPIC_RECOGNITION: "0.0.3,0.0.4",
  TOPIC_PROFILE: "0.0.5",
};
/** A value for every variable that has no default and is checked together with others. */
const COMPLETE = {
  MIRROR_URL: "https://mirror.example",
  MIRROR_GRPC: "mirror.example:443",
  ...TOPICS,
  TOPIC_IDENTITY: "0.0.9",
  REGISTRY_TOPIC: "0.0.6",
  HEDERA_OPERATOR_ID: "0.0.7",
  HEDERA_OPERATOR_KEY: "a1".repeat(32),
  TRUSTED_PAYERS: "0.0.7",
  HEDERA_NODE: "127.0.0.1:50211",
  DATABASE_URL: "postgres://u:p@h/d",
  DATABASE_DRIVER: "pg",
  NEON_ENDPOINT: "https://neon.example/sql",
  UPSTASH_REDIS_REST_URL: "https://redis.example",
  UPSTASH_REDIS_REST_TOKEN: "token",
  SESSION_SECRET: SECRET,
  ALLOW_DEMO: "off",
  ADMIN_ACCOUNTS: "0.0.8",
  ADMIN_TOKEN: SECRET,
  METRICS_TOKEN: SECRET,
  APP_DOMAIN: "trustmesh.example",
  UI_ORIGIN: "https://ui.example",
  WALLETCONNECT_PROJECT_ID: SECRET,
  CRON_SECRET: SECRET,
  TRUST_PROXY_HOPS: "1",
  OTEL_EXPORTER_OTLP_ENDPOINT: "https://otel.example",
  OTEL_EXPORTER_OTLP_HEADERS: "a=b",
};
const CUSTOM = {
  HEDERA_NETWORK: "custom",
  SESSION_SECRET: SECRET,
  MIRROR_URL: "http://127.0.0.1:1",
  TRUSTED_PAYERS: "0.0.7",
  ...TOPICS,
};
const problemsOf = (source: Record<string, string>) => {
  try {
    readEnv(source);
    return "";
  } catch (error) {
    if (error instanceof EnvError) return error.message;
    throw error;
  }
};

describe("the environment", () => {
  it("needs nothing on the devnet", () => {
    expect(readEnv({})).toMatchObject({
      HEDERA_NETWORK: "devnet",
      isDevnet: true,
      allowDemo: true,
      PORT: 3000,
      MIRROR_RPS: 40,
      GAP_GRACE_S: 120,
    });
  });

  it("reads a public network, and the UI's own spellings", () => {
    const env = readEnv({
      HEDERA_NETWORK: "testnet",
      SESSION_SECRET: SECRET,
      ...TOPICS,
      TOPIC_CONTACT: "",
      NEXT_PUBLIC_TOPIC_CONTACT: "0.0.9",
    });
    expect(env).toMatchObject({
      isDevnet: false,
      allowDemo: false,
      TOPIC_CONTACT: ["0.0.9"],
      TOPIC_RECOGNITION: ["0.0.3", "0.0.4"],
      TRUSTED_PAYERS: null,
    });
  });

  it("lists every problem at once", () => {
    const message = problemsOf({
      HEDERA_NETWORK: "moonnet",
      PORT: "x",
      MIRROR_URL: "ftp://x",
      TOPIC_TRUST: "1.2",
      SESSION_SECRET: "short",
      TRUSTED_PAYERS: "me",
    });
    for (const name of ["HEDERA_NETWORK", "PORT", "MIRROR_URL", "TOPIC_TRUST", "SESSION_SECRET", "TRUSTED_PAYERS"])
      expect(message).toContain(name);
    expect(message).toContain("9 problems:");
  });

  it("names what every network but devnet needs, if the network is misspelt", () => {
    const message = problemsOf({ HEDERA_NETWORK: "tesnet", ALLOW_DEMO: "on" });
    for (const name of Object.keys(TOPICS))
      expect(message).toContain(`${name} is needed on every network but devnet if REGISTRY_TOPIC is not set`);
    expect(message).toContain("SESSION_SECRET is needed on every network but devnet");
    expect(message).toContain("APP_DOMAIN is not set");
    // On a custom network the demo is allowed.
    expect(message).toContain("6 problems:");
    expect(problemsOf({ HEDERA_NETWORK: "tesnet", SESSION_SECRET: SECRET, ...TOPICS })).toContain("1 problem:");
  });

  it.each([
    ["a public network without a secret", { HEDERA_NETWORK: "mainnet", ...TOPICS }, "SESSION_SECRET is needed"],
    [
      "a public network without topics",
      { HEDERA_NETWORK: "mainnet", SESSION_SECRET: SECRET },
      "TOPIC_CONTACT is needed",
    ],
    [
      "demo sign-in on a public network",
      { HEDERA_NETWORK: "testnet", SESSION_SECRET: SECRET, ALLOW_DEMO: "on", ...TOPICS },
      "ALLOW_DEMO=on is refused",
    ],
    [
      "a custom network without a mirror",
      { HEDERA_NETWORK: "custom", SESSION_SECRET: SECRET, ...TOPICS },
      "MIRROR_URL is needed",
    ],
    [
      "demo sign-in on mainnet",
      { HEDERA_NETWORK: "mainnet", SESSION_SECRET: SECRET, ALLOW_DEMO: "on", ...TOPICS },
      "ALLOW_DEMO=on is refused on mainnet",
    ],
    [
      "a mirror's address with a query",
      { MIRROR_URL: "https://mirror.test/?key=s3cret" },
      "MIRROR_URL holds an address that has a query (?…): leave it out",
    ],
    [
      "a mirror's gRPC address without a port",
      { MIRROR_GRPC: "s3cret.mirror.test" },
      "MIRROR_GRPC must be host:port, https://host:port for TLS, or http://host:port without it",
    ],
    [
      "demo sign-in beside a list of operators",
      {
        HEDERA_NETWORK: "custom",
        SESSION_SECRET: SECRET,
        MIRROR_URL: "http://127.0.0.1:1",
        ALLOW_DEMO: "on",
        ADMIN_ACCOUNTS: "0.0.5",
        ...TOPICS,
      },
      "ALLOW_DEMO=on is refused together with ADMIN_ACCOUNTS: anybody could sign in as an operator",
    ],
    ["a secret that is too short", { SESSION_SECRET: SECRET.slice(1) }, "at least 32 characters"],
    ["a short secret among long ones", { SESSION_SECRET: `${SECRET},short` }, "at least 32 characters"],
    ["no secret between commas", { SESSION_SECRET: " , " }, "at least 32 characters"],
    ["the embedded Postgres on Vercel", { VERCEL: "1" }, "DATABASE_URL is needed on Vercel"],
    ["a short secret of a schedule", { CRON_SECRET: "short" }, "CRON_SECRET must have at least 16 characters"],
    ["a domain with a path", { APP_DOMAIN: "https://trustmesh.example/app" }, "APP_DOMAIN must be names like"],
    [
      "identities on a topic for users' messages",
      { ...CUSTOM, TOPIC_IDENTITY: "0.0.4" },
      "TOPIC_IDENTITY is a topic of TOPIC_RECOGNITION too: name a topic that is used for nothing else",
    ],
    [
      "identities that anybody may bind",
      { ...CUSTOM, TOPIC_IDENTITY: "0.0.9", TRUSTED_PAYERS: "*" },
      "TOPIC_IDENTITY is refused with TRUSTED_PAYERS=*: anybody could sign in as anybody",
    ],
    [
      "identities that nobody may bind",
      { ...CUSTOM, TOPIC_IDENTITY: "0.0.9", TRUSTED_PAYERS: "" },
      "TRUSTED_PAYERS is needed with TOPIC_IDENTITY: the accounts that may bind identities",
    ],
    [
      "two topics for identities",
      { TOPIC_IDENTITY: "0.0.9,0.0.10" },
      "TOPIC_IDENTITY must be a topic id like 0.0.7148063",
    ],
    [
      "two ways to Redis",
      { REDIS_URL: "redis://cache", UPSTASH_REDIS_REST_URL: "https://redis.example", UPSTASH_REDIS_REST_TOKEN: "t" },
      "REDIS_URL and UPSTASH_REDIS_REST_URL name two ways to Redis: unset one of them",
    ],
    ["an address of Redis that is none", { REDIS_URL: "cache:6379" }, "REDIS_URL must be redis://user:password@host"],
    ["nodes of a cluster of which some use TLS", { REDIS_URL: "redis://a,rediss://b" }, "REDIS_URL must use redis://"],
    ["an operator without a key", { HEDERA_OPERATOR_ID: "0.0.5" }, "needed together"],
  ])("refuses %s", (_, source, sentence) => {
    expect(problemsOf(source)).toContain(sentence);
  });

  it("names one Redis, the nodes of a cluster, or the two ways that Vercel sets, of which HTTP counts", () => {
    expect(readEnv({}).REDIS_URL).toBeNull();
    expect(readEnv({ REDIS_URL: "redis://cache" }).REDIS_URL).toMatchObject([{ host: "cache", port: 6_379 }]);
    expect(readEnv({ REDIS_URL: "redis://a:1, redis://b:2" }).REDIS_URL).toHaveLength(2);
    const both = {
      KV_REST_API_URL: "https://redis.example",
      KV_REST_API_TOKEN: "t",
      REDIS_URL: "rediss://:p@redis.example",
    };
    const env = readEnv({ ...both, VERCEL: "1", DATABASE_URL: "postgres://u:p@h/d" });
    expect(env.UPSTASH_REDIS_REST_URL).toBe("https://redis.example");
  });

  it.each([
    ["testnet", true],
    ["mainnet", true],
    ["previewnet", true],
    ["custom", false],
    ["devnet", false],
  ])("on %s has strict bonding as the setting says, and %s without the setting", (network, isStrict) => {
    const source = { HEDERA_NETWORK: network, SESSION_SECRET: SECRET, MIRROR_URL: "http://127.0.0.1:1", ...TOPICS };
    expect(readEnv(source).isStrict).toBe(isStrict);
    expect(readEnv({ ...source, STRICT_BONDING: "on" }).isStrict).toBe(true);
    expect(readEnv({ ...source, STRICT_BONDING: "off" }).isStrict).toBe(false);
  });

  it("is documented in .env.example, which is generated from its schema", () => {
    expect(readFileSync(".env.example", "utf8")).toBe(envExample());
    for (const name of Object.keys(VARIABLES)) expect(envExample()).toContain(`#${name}=`);
  });

  it("trims white space and quotes of every variable", () => {
    const sample: Record<string, string> = {
      ...COMPLETE,
      HEDERA_NETWORK: "custom",
      UPSTASH_REDIS_REST_TOKEN: "a-token",
      PORT: "8080",
      LOG_REQUESTS: "on",
    };
    const plain = readEnv(sample);
    for (const name of Object.keys(VARIABLES)) {
      const value = sample[name] ?? VARIABLES[name as keyof typeof VARIABLES].fallback;
      if (value === null) continue;
      for (const written of [`${value}\r`, ` ${value}\n`, `"${value}"`, `'${value}' `]) {
        expect(readEnv({ ...sample, [name]: written }), `${name}=${JSON.stringify(written)}`).toEqual(
          readEnv({ ...sample, [name]: value }),
        );
        expect(doubtfulSettings({ ...sample, [name]: written }).join()).toContain(name);
      }
    }
    expect(plain.HEDERA_NETWORK).toBe("custom");
    expect(doubtfulSettings(sample)).toEqual([]);
  });

  it.each(Object.keys(VARIABLES))("refuses a line break in %s", (name) => {
    expect(problemsOf({ ...COMPLETE, [name]: "one\ntwo" })).toContain(`${name} holds a line break`);
  });

  it("names variables that are most likely misspelt, and no others", () => {
    const others = {
      ...{ PATH: "/bin", HOSTNAME: "box", SHELL: "sh", NODE_ENV: "production", KV_URL: "x", POSTGRES_URL: "x" },
      ...{ DATABASE_URL_UNPOOLED: "x", OTEL_TRACES_SAMPLER: "x", NEXT_PUBLIC_TOPIC_SIGNAL: "0.0.1", VERCEL_URL: "x" },
      ...{ KV_REST_API_READ_ONLY_TOKEN: "x", PGHOST: "x", PGDATABASE: "x", REDIS_URL: "x", NEXT_RUNTIME: "nodejs" },
      ...{ OTEL_EXPORTER_OTLP_PROTOCOL: "x", OTEL_RESOURCE_ATTRIBUTES: "x", UPSTASH_VECTOR_REST_TOKEN: "x" },
    };
    expect(doubtfulSettings({ ...COMPLETE, ...others })).toEqual([]);
    for (const [given, meant] of [
      ["MIRROR_RSP", "MIRROR_RPS"],
      ["TOPIC_CONTACTS", "TOPIC_CONTACT"],
      ["UPSTASH_REDIS_TOKEN", "UPSTASH_REDIS_REST_TOKEN"],
      ["NEXT_PUBLIC_TOPIC_TRUTS", "TOPIC_TRUST"],
      ["hedera_network", "HEDERA_NETWORK"],
    ] as const)
      expect(doubtfulSettings({ [given]: "x" })).toEqual([
        `${given} is set, but the app does not read it. Rename it to ${meant}, or remove it.`,
      ]);
  });

  it("says that a web UI cannot read messages of several signals", () => {
    const ui = { UI_ORIGIN: "https://ui.test" };
    expect(doubtfulSettings({ ...ui, SUBMIT_LINGER_MS: "1000" })).toEqual([
      expect.stringContaining("cannot read a message"),
    ]);
    for (const alone of [ui, { ...ui, SUBMIT_LINGER_MS: "0" }, { SUBMIT_LINGER_MS: "1000" }])
      expect(doubtfulSettings(alone)).toEqual([]);
  });

  it("says that a doorbell has no effect on Vercel", () => {
    const sentence = "MIRROR_GRPC has no effect on Vercel, because functions sleep between requests. Remove it.";
    expect(doubtfulSettings({ VERCEL: "1", MIRROR_GRPC: "mirror.test:443" })).toEqual([sentence]);
    expect(doubtfulSettings({ MIRROR_GRPC: "mirror.test:443" })).toEqual([]);
  });

  it.each([
    ["PORT", "80000", "PORT must be a whole number from 0 to 65535"],
    ["PORT", "0x50", "PORT must be a whole number from 0 to 65535"],
    ["MIRROR_RPS", "1.5", "MIRROR_RPS must be a whole number from 1 to 10000"],
    ["RATE_LIMITS", "-1", "RATE_LIMITS must be a number from 0 to 1000"],
    ["OTEL_TRACES_SAMPLER_ARG", "2", "OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1"],
    ["HEDERA_NETWORK", "tesnet", "HEDERA_NETWORK must be one of devnet, testnet, mainnet, previewnet, custom"],
    ["STRICT_BONDING", "yes", "STRICT_BONDING must be one of on, off"],
  ])("names the range of %s=%s", (name, value, sentence) => {
    expect(problemsOf({ [name]: value })).toContain(sentence);
  });

  it("accepts several secrets, and no empty one between two commas", () => {
    expect(readEnv({ SESSION_SECRET: `${SECRET}, ${SECRET}x ,` }).sessionSecrets).toEqual([SECRET, `${SECRET}x`]);
    expect(readEnv({}).sessionSecrets).toBeNull();
  });

  it("knows its host names and its proxy on Vercel, and elsewhere only those in the settings", () => {
    const vercel = { VERCEL: "1", DATABASE_URL: "postgres://u:p@h/d", VERCEL_PROJECT_PRODUCTION_URL: "Trust.example" };
    expect(readEnv({ ...vercel, VERCEL_URL: "t-1.vercel.app" })).toMatchObject({
      domains: ["trust.example", "t-1.vercel.app"],
      proxyHops: 1,
    });
    expect(readEnv({ ...vercel, APP_DOMAIN: "a.example", TRUST_PROXY_HOPS: "2" })).toMatchObject({
      domains: ["a.example"],
      proxyHops: 2,
    });
    expect(readEnv({})).toMatchObject({ domains: null, proxyHops: 0 });
  });
});

describe("a public network", () => {
  const opened = async (more: Record<string, string>) => {
    const lines: string[] = [];
    const log = { info: () => {}, warn: (line: string) => void lines.push(line), error: () => {} };
    const env = readEnv({ HEDERA_NETWORK: "testnet", SESSION_SECRET: SECRET, ...TOPICS, ...more });
    await (await openNetwork(env, log)).close();
    return lines.join("\n");
  };

  it("has a warning without a trusted payer and without a name, and none for an incident", async () => {
    expect(await opened({})).toContain("TRUSTED_PAYERS is not set");
    expect(await opened({})).toContain("APP_DOMAIN is not set");
    expect(await opened({})).toContain("refuses to write");
    const quiet = await opened({ TRUSTED_PAYERS: "*", STRICT_BONDING: "off", APP_DOMAIN: "a.example" });
    expect(quiet).not.toMatch(/TRUSTED_PAYERS|APP_DOMAIN|STRICT_BONDING/);
  });

  it("names what is needed and what is only wanting at once, if it cannot start", () => {
    const names = (text: string) => text.split("\n").flatMap((line) => /^ {2}- (\w+)/.exec(line)?.[1] ?? []);
    const needed = [...Object.keys(TOPICS), "SESSION_SECRET"];
    const wanting = ["HEDERA_OPERATOR_ID", "TRUSTED_PAYERS", "APP_DOMAIN"];
    expect(names(problemsOf({ HEDERA_NETWORK: "testnet" }))).toEqual([...needed, ...wanting]);
    expect(names(problemsOf({ HEDERA_NETWORK: "testnet", PORT: "x" }))).toEqual(["PORT", ...needed, ...wanting]);
    // A wrong value is named once.
    const wrong = { HEDERA_NETWORK: "testnet", TOPIC_CONTACT: "x", SESSION_SECRET: "short", TRUSTED_PAYERS: "me" };
    const named = names(problemsOf(wrong));
    expect(named.toSorted()).toEqual([...new Set([...needed, ...wanting])].toSorted());
    const given = { HEDERA_OPERATOR_ID: "0.0.7", HEDERA_OPERATOR_KEY: "a1".repeat(32), TRUSTED_PAYERS: "0.0.7" };
    const complete = { HEDERA_NETWORK: "testnet", APP_DOMAIN: "a.example", ...given };
    expect(names(problemsOf(complete))).toEqual(needed);
    expect(names(problemsOf({ PORT: "x" }))).toEqual(["PORT"]);
  });
});

it("demo sign-in is allowed on a custom network without operators", () => {
  const topics = { TOPIC_CONTACT: "0.0.1", TOPIC_TRUST: "0.0.1", TOPIC_RECOGNITION: "0.0.1", TOPIC_PROFILE: "0.0.1" };
  const custom = { HEDERA_NETWORK: "custom", MIRROR_URL: "http://127.0.0.1:1", SESSION_SECRET: "x".repeat(32) };
  expect(readEnv({ ...custom, ...topics, ALLOW_DEMO: "on" }).allowDemo).toBe(true);
});

it("UI_ORIGIN accepts an origin, and nothing else", () => {
  for (const [given, origin] of [
    ["https://ui.example", "https://ui.example"],
    ["https://UI.example:443/", "https://ui.example"],
    ["http://localhost:4000", "http://localhost:4000"],
    ["http://127.0.0.2:4000", "http://127.0.0.2:4000"],
    ["http://[::1]:4000", "http://[::1]:4000"],
  ] as const)
    expect(readEnv({ UI_ORIGIN: given }).UI_ORIGIN).toBe(origin);
  expect(readEnv({}).UI_ORIGIN).toBeNull();
  for (const [given, problem] of [
    ["ui.example", "UI_ORIGIN must be an origin like"],
    ["ftp://ui.example", "UI_ORIGIN must be an origin like"],
    ["http://ui.example", "UI_ORIGIN must start with https://"],
    ["http://localhost.example", "UI_ORIGIN must start with https://"],
    ["https://ui.example/app", "leave out the path"],
    ["https://ui.example/?a", "leave out the path"],
    ["https://a:password-of-a@ui.example", "no user and no password"],
  ] as const) {
    expect(problemsOf({ UI_ORIGIN: given }), given).toContain(problem);
    expect(problemsOf({ UI_ORIGIN: given })).not.toContain("password-of-a");
  }
});

it("UI_ORIGIN refuses this server's own address", () => {
  const own = "UI_ORIGIN names this server itself";
  expect(problemsOf({ UI_ORIGIN: "https://app.example", APP_DOMAIN: "a.example,app.example" })).toContain(own);
  expect(problemsOf({ UI_ORIGIN: "https://ui.example", APP_DOMAIN: "app.example" })).toBe("");
  expect(problemsOf({ UI_ORIGIN: "http://localhost:4000", PORT: "4000" })).toContain(own);
  expect(problemsOf({ UI_ORIGIN: "http://localhost:4000", PORT: "4001" })).toBe("");
  const onVercel = { VERCEL: "1", DATABASE_URL: "postgres://u:p@h/d", VERCEL_URL: "app.vercel.app" };
  expect(problemsOf({ ...onVercel, UI_ORIGIN: "https://app.vercel.app" })).toContain(own);
});
