import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { EnvError, envExample, readEnv, VARIABLES } from "@/lib/server/env";
import { openNetwork } from "@/lib/server/network";

const SECRET = "0123456789abcdef0123456789abcdef";
const TOPICS = {
  TOPIC_CONTACT: "0.0.1",
  TOPIC_TRUST: "0.0.1",
  TOPIC_RECOGNITION: "0.0.3,0.0.4",
  TOPIC_PROFILE: "0.0.5",
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
    expect(message).toContain("6 problem(s)");
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
    ["a secret that is too short", { SESSION_SECRET: SECRET.slice(1) }, "at least 32 characters"],
    ["a short secret among long ones", { SESSION_SECRET: `${SECRET},short` }, "at least 32 characters"],
    ["no secret between commas", { SESSION_SECRET: " , " }, "at least 32 characters"],
    ["the embedded Postgres on Vercel", { VERCEL: "1" }, "DATABASE_URL is needed on Vercel"],
    ["a short secret of a schedule", { CRON_SECRET: "short" }, "CRON_SECRET must have at least 16 characters"],
    ["a domain with a path", { APP_DOMAIN: "https://trustmesh.example/app" }, "APP_DOMAIN must be names like"],
    ["an operator without a key", { HEDERA_OPERATOR_ID: "0.0.5" }, "needed together"],
  ])("refuses %s", (_, source, sentence) => {
    expect(problemsOf(source)).toContain(sentence);
  });

  it("is documented in .env.example, which is written from it", () => {
    expect(readFileSync(".env.example", "utf8")).toBe(envExample());
    for (const name of Object.keys(VARIABLES)) expect(envExample()).toContain(`#${name}=`);
  });

  it("takes several secrets, and none from between two commas", () => {
    expect(readEnv({ SESSION_SECRET: `${SECRET}, ${SECRET}x ,` }).sessionSecrets).toEqual([SECRET, `${SECRET}x`]);
    expect(readEnv({}).sessionSecrets).toBeNull();
  });

  it("knows its names and its proxy on Vercel, and none by itself elsewhere", () => {
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

  it("is warned of when everybody may write for everybody, when nobody may, and when it has no name", async () => {
    expect(await opened({ TRUSTED_PAYERS: "*" })).toContain(
      "TRUSTED_PAYERS is *: anybody can write in anybody's name.",
    );
    expect(await opened({})).toContain("TRUSTED_PAYERS is not set");
    expect(await opened({})).toContain("APP_DOMAIN is not set");
    const quiet = await opened({ TRUSTED_PAYERS: "0.0.5", APP_DOMAIN: "a.example" });
    expect(quiet).not.toMatch(/TRUSTED_PAYERS|APP_DOMAIN/);
  });
});
