/** The doctor against real servers, well and ill. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "@/lib/adapters/memory/system-clock";
import { MirrorLedger } from "@/lib/adapters/mirror/mirror-ledger";
import type { TopicId } from "@/lib/core/ledger/ids";
import { type Devnet, startDevnet } from "@/lib/devnet/devnet";
import { openStores } from "@/lib/server/boot/open";
import { type DoctorFinding, examine } from "@/lib/server/cli/doctor";
import { clockFinding } from "@/lib/server/cli/doctor/finding";
import { runMigrations } from "@/lib/server/cli/migrations";
import { readEnv } from "@/lib/server/config/env";
import { DrivenClock } from "../../../support/control/driven-clock";
import { type PostgresServer, startPostgres } from "../../../support/servers/postgres/postgres-server";
import { startRedisCluster } from "../../../support/servers/redis/redis-cluster";
import { type RedisServer, startRedis } from "../../../support/servers/redis/redis-server";
import { RespConnection } from "../../../support/servers/redis/resp";
import { startUpstash, type UpstashStandIn } from "../../../support/stand-ins/upstash";
import { addTopics } from "../../../support/stores/add-topics";
import { syncOf } from "../../../support/worlds/topic-sync";

/** DER by its first byte, and then no key. */
const NO_KEY = `30${"00".repeat(40)}`;
const ANOTHER_KEY = "302e020100300506032b657004220420".concat("11".repeat(32));
/** Instead of Upstash's protocol. */
const OVER_TCP = { UPSTASH_REDIS_REST_URL: "", UPSTASH_REDIS_REST_TOKEN: "" };
type MirrorJson = Readonly<Record<string, unknown>>;

let postgres: PostgresServer;
let redis: RedisServer;
let upstash: UpstashStandIn;
let devnet: Devnet;
let control: RespConnection;
let env: Record<string, string>;
const folder = mkdtempSync(join(tmpdir(), "tm-doctor-"));
const servers: Server[] = [];

const quiet = () => {};
const setting = async (name: string, value: string) => void (await control.send([["CONFIG", "SET", name, value]]));

beforeAll(async () => {
  [postgres, redis, devnet] = await Promise.all([startPostgres(), startRedis(), startDevnet()]);
  upstash = await startUpstash({ redisPort: redis.port });
  control = await RespConnection.open(redis.port);
  await setting("appendonly", "yes");
  const { contact, trust, recognition, profile } = devnet.topics;
  for (const topic of [contact, trust, recognition, profile]) devnet.submit(topic, { hello: "world" });
  env = {
    HEDERA_NETWORK: "custom",
    MIRROR_URL: devnet.restUrl,
    ...{ TOPIC_CONTACT: contact, TOPIC_TRUST: trust, TOPIC_RECOGNITION: recognition, TOPIC_PROFILE: profile },
    ...{ HEDERA_OPERATOR_ID: devnet.operatorId, HEDERA_OPERATOR_KEY: devnet.operatorKey },
    HEDERA_NODE: devnet.nodeAddress,
    SESSION_SECRET: "a secret of the tests that is long enough to be one",
    TRUSTED_PAYERS: devnet.operatorId,
    DATABASE_URL: await postgres.createDatabase(),
    UPSTASH_REDIS_REST_URL: upstash.url,
    UPSTASH_REDIS_REST_TOKEN: upstash.token,
  };
  await runMigrations(readEnv(env), quiet);
});
afterAll(async () => {
  control.close();
  await upstash.stop();
  await Promise.all([redis.stop(), postgres.stop(), devnet.stop()]);
  rmSync(folder, { recursive: true, force: true });
});
afterEach(async () => {
  await setting("appendonly", "yes");
  await setting("maxmemory-policy", "noeviction");
  await sql("DELETE FROM topics");
  for (const server of servers.splice(0)) server.close();
});

async function sql(text: string, params: readonly unknown[] = [], url = env.DATABASE_URL): Promise<pg.QueryResult> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return await client.query(text, [...params]);
  } finally {
    await client.end();
  }
}

/** The devnet's mirror with something else in its answers. */
async function mirrorWith(change: (path: string, body: string) => { body?: string; status?: number; date?: Date }) {
  const server = createServer(async (request, response) => {
    const answer = await fetch(`${devnet.restUrl}${request.url}`);
    const { body, status, date } = change(request.url ?? "", await answer.clone().text());
    const headers = { "content-type": "application/json", ...(date ? { date: date.toUTCString() } : {}) };
    response.writeHead(status ?? answer.status, headers).end(body ?? (await answer.text()));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
}

async function findings(changes: Record<string, string> = {}, base = env): Promise<readonly DoctorFinding[]> {
  const all: DoctorFinding[] = [];
  for await (const finding of examine({ ...base, ...changes })) all.push(finding);
  return all;
}
const ill = async (changes: Record<string, string> = {}) => (await findings(changes)).filter(({ ok }) => !ok);

/** One finding that is wrong, of that part, saying all that. */
async function expectIll(changes: Record<string, string>, what: string, ...mentions: readonly string[]): Promise<void> {
  const found = await ill(changes);
  expect(found.map((finding) => finding.what)).toEqual([what]);
  for (const mention of mentions) expect(found[0]?.sentence).toContain(mention);
  expect(JSON.stringify(found)).not.toMatch(/secret|local-token|1{20}/);
}

describe("the doctor", () => {
  it("finds a healthy set-up healthy, and says what it checked", async () => {
    const all = await findings();
    expect(all.filter(({ ok }) => !ok)).toEqual([]);
    expect(all.map(({ what }) => what)).toEqual([
      ...["configuration", "database", "clock", "packing", "dropping", "redis", "mirror", "clock"],
      ...["topic", "topic", "topic", "topic", "operator", "node"],
    ]);
  });

  it("changes nothing: no table, no key, no folder", async () => {
    const url = await postgres.createDatabase();
    const keys = await control.send([["DBSIZE"]]);
    const all = await findings({ DATABASE_URL: url });
    expect(all.find(({ what }) => what === "database")?.sentence).toContain("lacks 0000_init");
    const tables = await sql(
      "SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = 'public'",
      [],
      url,
    );
    expect(tables.rows).toEqual([]);
    expect(await control.send([["DBSIZE"]])).toEqual(keys);
    await runMigrations(readEnv({ ...env, DATABASE_URL: url }), quiet);
    await findings({ DATABASE_URL: url });
    expect((await sql("SELECT * FROM meta", [], url)).rows).toEqual([]);
    const { DATABASE_URL: _, ...embedded } = env;
    await findings({ DATA_DIR: join(folder, "data") }, embedded as typeof env);
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each([
    ["a wrong variable", { MIRROR_RPS: "many" }, "configuration", "MIRROR_RPS"],
    ["a malformed key", { HEDERA_OPERATOR_KEY: "abc" }, "configuration", "HEDERA_OPERATOR_KEY must be a private key"],
    ["a misspelt variable", { MIRROR_RSP: "30" }, "configuration", "Rename it to MIRROR_RPS"],
    ["white space", { HEDERA_NETWORK: "custom\r" }, "configuration", "HEDERA_NETWORK has white space"],
    ["quotes", { TRUSTED_PAYERS: '"0.0.2"' }, "configuration", "TRUSTED_PAYERS has white space or quotes"],
    ["a database that is not there", { DATABASE_URL: "postgres://u:secret@127.0.0.1:1/none" }, "database", "refused"],
    ["a Redis that is not there", { UPSTASH_REDIS_REST_URL: "http://127.0.0.1:1" }, "redis", "UPSTASH_REDIS_REST_URL"],
    ["a wrong token", { UPSTASH_REDIS_REST_TOKEN: "wrong" }, "redis", "UPSTASH_REDIS_REST_TOKEN"],
    [
      "a Redis over TCP that is not there",
      { ...OVER_TCP, REDIS_URL: "redis://127.0.0.1:1" },
      "redis",
      "Check REDIS_URL.",
    ],
    ["a topic that does not exist", { TOPIC_TRUST: "0.0.424242" }, "topic", "0.0.424242 does not exist"],
    ["an identity topic that does not exist", { TOPIC_IDENTITY: "0.0.424243" }, "topic", "0.0.424243 does not exist"],
    ["everybody trusted", { TRUSTED_PAYERS: "*" }, "trusted payers", "TRUSTED_PAYERS"],
    ["nobody trusted", { TRUSTED_PAYERS: "" }, "trusted payers", "TRUSTED_PAYERS is not set"],
    ["a key that only looks like one", { HEDERA_OPERATOR_KEY: NO_KEY }, "operator", "is not a private key"],
    ["another account's key", { HEDERA_OPERATOR_KEY: ANOTHER_KEY }, "operator", "is not the key of"],
    ["an account that is not there", { HEDERA_OPERATOR_ID: "0.0.424242" }, "operator", "no account 0.0.424242"],
    ["a node that does not answer", { HEDERA_NODE: "127.0.0.1:1" }, "node", "HEDERA_NODE"],
  ])("names %s, how to mend it, and no secret", async (_, changes, what, mention) => {
    await expectIll(changes as Record<string, string>, what, mention);
  });

  it("says how far packing is, and from which message on a topic is kept", async () => {
    const { contact } = devnet.topics;
    await sql(
      `INSERT INTO topics (topic_id, kinds, cursor, packed_through, dropped_through, dropped_ns, head_ns)
       VALUES ($1, '{contact}', 700, 512, 256, 1790000000000000000, 1790000000000000001)`,
      [contact],
    );
    const told = (await findings({ KEEP_MONTHS: "2" })).filter(({ what }) => what === "packing" || what === "dropping");
    expect(told.map(({ ok, sentence }) => [ok, sentence])).toEqual([
      [true, expect.stringContaining("Packing has looked at 512 of 700 messages; the rest")],
      [true, expect.stringMatching(/^Packed .* 2026-07-01 are dropped, .* is kept from message 257 on\.$/)],
    ]);
  });

  it("names a topic that has no messages", async () => {
    await expectIll({ TOPIC_TRUST: devnet.createTopic() }, "topic", "has no messages");
  });

  /** The devnet's mirror, of whose answers under `path` the JSON is changed, or which fails there. */
  const without = (path: RegExp, change: ((json: MirrorJson) => object) | null) =>
    mirrorWith((asked, body) => {
      if (!path.test(asked)) return {};
      return change === null ? { status: 500 } : { body: JSON.stringify(change(JSON.parse(body) as MirrorJson)) };
    });
  const account = (more: object) => (json: MirrorJson) => ({ ...json, ...more });
  const ago = (ms: number) => ((Date.now() - ms) / 1_000).toFixed(9);
  it.each<[string, string, string, RegExp, ((json: MirrorJson) => object) | null]>([
    ["that has stalled", "mirror", "has stalled", /blocks/, () => ({ blocks: [{ timestamp: { to: ago(120_000) } }] })],
    ["that fails for a topic", "topic", "cannot be read", /topics\/.*order=desc/, null],
    ["that fails for the account", "operator", "cannot be looked up", /accounts/, null],
    ["whose account is deleted", "operator", "is deleted", /accounts/, account({ deleted: true })],
    ["whose account has no key", "operator", "controlled by one key", /accounts/, account({ key: null })],
    [
      "whose account has several keys",
      "operator",
      "controlled by one key",
      /accounts/,
      account({ key: { _type: "ProtobufEncoded", key: "2a00" } }),
    ],
  ])("names a mirror %s", async (_, what, mention, path, change) => {
    const found = await ill({ MIRROR_URL: await without(path, change) });
    expect(found[0]).toMatchObject({ what, sentence: expect.stringContaining(mention) });
  });

  it("names mirrors that do not know keys of the past, and is content if one of them does", async () => {
    const forgetful = await mirrorWith((path) => (/timestamp=/.test(path) ? { status: 400 } : {}));
    await expectIll({ MIRROR_URL: forgetful }, "mirror", "the mirror answered 400", "Put a mirror that answers");
    expect(await ill({ MIRROR_URL: `${forgetful},${devnet.restUrl}` })).toEqual([]);
  });

  it("names a mirror that answers with keys of now, by an account of which the mirror knows when it was made", async () => {
    const { id } = devnet.ledger.createAccount(devnet.ledger.accounts.get(devnet.operatorId)?.key as Uint8Array);
    const present = await (await fetch(`${devnet.restUrl}/api/v1/accounts/${id}`)).text();
    const mirror = await mirrorWith((path, body) => {
      if (path.includes(`accounts/${id}`)) return { status: 200, body: present };
      // The accounts that a network began with.
      return /accounts/.test(path)
        ? { body: body.replace(/"created_timestamp":"[^"]*"/, '"created_timestamp":null') }
        : {};
    });
    const changes = { MIRROR_URL: mirror, HEDERA_OPERATOR_ID: id };
    await expectIll(changes, "mirror", "the account of another time", "Put a mirror that answers");
  });

  it("names a key in hex that the SDK takes for one of the other kind", async () => {
    const key = "11".repeat(32);
    const ecdsa = {
      _type: "ECDSA_SECP256K1",
      key: "034f355bdcb7cc0af728ef3cceb9615d90684bb5b2ca5f859ab0f0b704075871aa",
    };
    const mirror = await without(/accounts/, account({ key: ecdsa }));
    await expectIll({ MIRROR_URL: mirror, HEDERA_OPERATOR_KEY: key }, "operator", "another type of key", "DER");
  });

  it("names a mirror that does not answer", async () => {
    const found = await ill({ MIRROR_URL: "http://127.0.0.1:59998" });
    expect(found[0]).toMatchObject({ what: "mirror", sentence: expect.stringContaining("the connection was refused") });
    expect(found[0]?.sentence).toContain("Check MIRROR_URL");
  });

  it("names migrations that are missing where nobody else applies them", async () => {
    await expectIll({ DATABASE_URL: await postgres.createDatabase(), MIGRATE: "off" }, "database", "npm run migrate");
  });

  it.each([
    ["over Upstash's protocol", () => ({})],
    ["over TCP", () => ({ ...OVER_TCP, REDIS_URL: redis.url })],
  ])("names a Redis %s that does not persist, and one that evicts keys", async (_, changes) => {
    await setting("appendonly", "no");
    await expectIll(changes(), "redis", "no append-only file", "appendonly");
    await setting("appendonly", "yes");
    await setting("maxmemory-policy", "allkeys-lru");
    await expectIll(changes(), "redis", "allkeys-lru", "noeviction");
  });

  it("names a Redis Cluster that was given as one server", async () => {
    const cluster = await startRedisCluster();
    try {
      const [node = ""] = cluster.url.split(",");
      await expectIll({ ...OVER_TCP, REDIS_URL: node }, "redis", "It is a Redis Cluster: name several of its nodes");
      for (const { send } of cluster.masters) await send("CONFIG", "SET", "appendonly", "yes");
      const said = (await findings({ ...OVER_TCP, REDIS_URL: cluster.url })).filter(({ what }) => what === "redis");
      expect(said).toEqual([
        { what: "redis", ok: true, sentence: "Redis answers, runs our scripts and takes writes." },
      ]);
    } finally {
      await cluster.stop();
    }
  });

  it("names a Redis that is out of memory, and what to change", async () => {
    await setting("maxmemory", "1");
    try {
      await expectIll({}, "redis", "memory", "maxmemory");
    } finally {
      await setting("maxmemory", "0");
    }
  });

  it("says so if Redis does not report its settings", async () => {
    await control.send([["ACL", "SETUSER", "default", "-info"]]);
    try {
      const said = (await findings()).filter(({ what }) => what === "redis");
      expect(said.map(({ ok }) => ok)).toEqual([true, true]);
      expect(said[1]?.sentence).toContain("does not report its persistence");
    } finally {
      await control.send([["ACL", "SETUSER", "default", "+info"]]);
    }
  });

  it("names a topic that was reset: the stored history is another one, or a longer one", async () => {
    const topicId = devnet.topics.contact as TopicId;
    const stores = await openStores(readEnv(env), { info: quiet, warn: quiet, error: quiet });
    await addTopics(stores.registry, [{ topicId, kinds: ["contact"] }]);
    const ledger = new MirrorLedger({ urls: [devnet.restUrl], clock: systemClock, reserve: async () => 0 });
    await syncOf(topicId, stores.sync, ledger, new DrivenClock()).run();
    await stores.close();
    const said = (await findings()).find(({ what }) => what === "topic");
    expect(said).toEqual(
      expect.objectContaining({ ok: true, sentence: expect.stringContaining("through 1 match its history") }),
    );
    await sql("UPDATE topics SET head_hash = $1", [Buffer.alloc(48, 7)]);
    await sql("UPDATE topic_log SET running_hash = $1", [Buffer.alloc(48, 7)]);
    await expectIll({}, "topic", `Topic ${topicId}`, "reset", "start this topic over");
    // As if nine messages had been stored ten minutes ago: the mirror has one.
    await sql("UPDATE topics SET cursor = 9, head_ns = head_ns - 600000000000");
    await sql("UPDATE topic_log SET ref = ref + 8, consensus_ns = consensus_ns - 600000000000");
    await expectIll({}, "topic", `Topic ${topicId} on the mirror no longer has message 9`, "start this topic over");
    await sql("DELETE FROM topic_log");
  });

  it("names mirrors that disagree", async () => {
    const other = await mirrorWith((path, body) =>
      /messages\/1$/.test(path)
        ? { body: JSON.stringify({ ...JSON.parse(body), running_hash: Buffer.alloc(48, 9).toString("base64") }) }
        : {},
    );
    const found = await ill({ MIRROR_URL: `${devnet.restUrl},${other}` });
    expect(found.map(({ what }) => what)).toEqual(["topic", "topic", "topic", "topic"]);
    expect(found[0]?.sentence).toContain("disagree about topic");
  });

  it("names a clock that is off against the mirror's", async () => {
    const late = await mirrorWith(() => ({ date: new Date(Date.now() - 90_000) }));
    await expectIll({ MIRROR_URL: late }, "clock", "s ahead of that of", "NTP");
  });

  it("names a clock that is off against the database's", async () => {
    const url = await postgres.createDatabase();
    await runMigrations(readEnv({ ...env, DATABASE_URL: url }), quiet);
    await sql(
      `CREATE FUNCTION clock_timestamp() RETURNS timestamptz LANGUAGE sql AS $$ SELECT pg_catalog.clock_timestamp() - interval '90 s' $$;
      ALTER DATABASE "${new URL(url).pathname.slice(1)}" SET search_path = public, pg_catalog`,
      [],
      url,
    );
    await expectIll({ DATABASE_URL: url }, "clock", "90 s ahead of the database's", "NTP");
  });

  it("compares clocks by what was read between two looks at ours", () => {
    expect(clockFinding("x", 1_000, 900, 1_100)).toMatchObject({ ok: true });
    expect(clockFinding("x", 100_000, 40_000, 40_100)).toMatchObject({
      ok: false,
      sentence: expect.stringContaining("60 s behind x"),
    });
    expect(clockFinding("x", 10_000, 40_000, 40_100)).toMatchObject({
      ok: false,
      sentence: expect.stringContaining("30 s ahead of x"),
    });
  });

  it("names a folder that is not writable", async () => {
    const file = join(folder, "file");
    writeFileSync(file, "");
    const { DATABASE_URL: _, ...embedded } = env;
    for (const DATA_DIR of [file, join(file, "below"), join(file, "far", "below")]) {
      const found = (await findings({ DATA_DIR }, embedded as typeof env)).filter(({ ok }) => !ok);
      expect(found).toMatchObject([
        { what: "database", sentence: expect.stringMatching(/^DATA_DIR is .*set DATA_DIR to another one\.$/) },
      ]);
    }
    rmSync(file);
    mkdirSync(join(folder, "good"));
    const good = await findings({ DATA_DIR: join(folder, "good", "new") }, embedded as typeof env);
    expect(good.filter(({ ok }) => !ok)).toEqual([]);
    rmSync(join(folder, "good"), { recursive: true });
  });

  it("names bonds without consent on a public network", async () => {
    const found = await findings({ HEDERA_NETWORK: "testnet", STRICT_BONDING: "off", HEDERA_NODE: "" });
    expect(found.find(({ what }) => what === "bonding")).toMatchObject({
      ok: false,
      sentence: expect.stringContaining("STRICT_BONDING=on"),
    });
  });

  it("reports little about the embedded devnet", async () => {
    const all = await findings({}, {});
    expect(all.map(({ what, ok }) => [what, ok])).toEqual([
      ["configuration", true],
      ["database", true],
      ["redis", true],
      ["ledger", true],
    ]);
  });
});
