/** The doctor against real servers, well and ill. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Devnet, startDevnet } from "@/lib/devnet/devnet";
import { examine, type Finding } from "@/lib/server/doctor";
import { type PostgresServer, startPostgres } from "../support/postgres-server";
import { type RedisServer, startRedis } from "../support/redis-server";
import { startUpstash, type UpstashStandIn } from "../support/upstash-stand-in";

let postgres: PostgresServer;
let redis: RedisServer;
let upstash: UpstashStandIn;
let devnet: Devnet;
let env: Record<string, string>;

beforeAll(async () => {
  [postgres, redis, devnet] = await Promise.all([startPostgres(), startRedis(), startDevnet({ grpc: false })]);
  upstash = await startUpstash({ redisPort: redis.port });
  const { contact, trust, recognition, profile } = devnet.topics;
  for (const topic of [contact, trust, recognition]) devnet.submit(topic, { hello: "world" });
  devnet.submit(profile, { hello: "world" });
  env = {
    HEDERA_NETWORK: "custom",
    MIRROR_URL: devnet.restUrl,
    ...{ TOPIC_CONTACT: contact, TOPIC_TRUST: trust, TOPIC_RECOGNITION: recognition, TOPIC_PROFILE: profile },
    SESSION_SECRET: "a secret of the tests that is long enough to be one",
    TRUSTED_PAYERS: devnet.operatorId,
    DATABASE_URL: await postgres.createDatabase(),
    UPSTASH_REDIS_REST_URL: upstash.url,
    UPSTASH_REDIS_REST_TOKEN: upstash.token,
  };
}, 120_000);
afterAll(async () => {
  await upstash.stop();
  await Promise.all([redis.stop(), postgres.stop(), devnet.stop()]);
});

async function findings(changes: Record<string, string> = {}): Promise<readonly Finding[]> {
  const all: Finding[] = [];
  for await (const finding of examine({ ...env, ...changes })) all.push(finding);
  return all;
}
const ill = async (changes: Record<string, string>) => (await findings(changes)).filter(({ ok }) => !ok);

describe("the doctor", () => {
  it("finds a healthy set-up healthy, and says what it looked at", async () => {
    const all = await findings();
    expect(all.filter(({ ok }) => !ok)).toEqual([]);
    expect(all.map(({ what }) => what)).toEqual([
      "configuration",
      "database",
      "redis",
      "mirror",
      "topic",
      "topic",
      "topic",
      "topic",
      "operator",
    ]);
  });

  it.each([
    ["a wrong variable", { MIRROR_RPS: "many" }, "configuration", "MIRROR_RPS"],
    [
      "a database that is not there",
      { DATABASE_URL: "postgres://u:secret@127.0.0.1:1/none" },
      "database",
      "DATABASE_URL",
    ],
    ["a Redis that is not there", { UPSTASH_REDIS_REST_URL: "http://127.0.0.1:1" }, "redis", "UPSTASH_REDIS_REST_URL"],
    ["a wrong token", { UPSTASH_REDIS_REST_TOKEN: "wrong" }, "redis", "UPSTASH_REDIS_REST_TOKEN"],
    ["a mirror that is not there", { MIRROR_URL: "http://127.0.0.1:1" }, "mirror", "MIRROR_URL"],
    ["a topic that is not there", { TOPIC_TRUST: "0.0.424242" }, "topic", "0.0.424242"],
    ["everybody trusted", { TRUSTED_PAYERS: "*" }, "trusted payers", "TRUSTED_PAYERS"],
  ])("names %s, how to mend it, and no secret", async (_, changes, what, mention) => {
    const found = await ill(changes as Record<string, string>);
    expect(found.map((finding) => finding.what)).toEqual([what]);
    expect(found[0]?.sentence).toContain(mention);
    expect(JSON.stringify(found)).not.toMatch(/secret|local-token/);
  });

  it("has little to say of the embedded devnet", async () => {
    const all: Finding[] = [];
    for await (const finding of examine({})) all.push(finding);
    expect(all.map(({ what, ok }) => [what, ok])).toEqual([
      ["configuration", true],
      ["database", true],
      ["redis", true],
      ["ledger", true],
    ]);
  });
});
