/** `npm run shards` as an operator runs it: against a database, a mirror and a consensus node, while nobody else is there. */
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { TopicId } from "@/lib/core/ledger/ids";
import { type Devnet, startDevnet } from "@/lib/devnet/devnet";
import { ProblemError, problemAnswer } from "@/lib/server/http/answers/problem";
import { bundleOf } from "../../../support/fleet/processes/bundle";
import { type PostgresServer, startPostgres } from "../../../support/servers/postgres/postgres-server";

let postgres: PostgresServer;
let devnet: Devnet;
let env: Record<string, string>;
beforeAll(async () => {
  [postgres, devnet] = await Promise.all([startPostgres(), startDevnet()]);
  const { contact, trust, recognition, profile } = devnet.topics;
  env = {
    ...{ HEDERA_NETWORK: "custom", MIRROR_URL: devnet.restUrl, HEDERA_NODE: devnet.nodeAddress },
    ...{ HEDERA_OPERATOR_ID: devnet.operatorId, HEDERA_OPERATOR_KEY: devnet.operatorKey },
    ...{ TOPIC_CONTACT: contact, TOPIC_TRUST: trust, TOPIC_RECOGNITION: recognition, TOPIC_PROFILE: profile },
    TRUSTED_PAYERS: devnet.operatorId,
    DATABASE_URL: await postgres.createDatabase(),
    SESSION_SECRET: "a secret of the tests that is long enough to be one",
    SHARDS: "contact:3",
    TOPIC_PREFIX: "tm",
  };
});
afterAll(async () => {
  await devnet.stop();
  await postgres.stop();
});

const shards = (args: readonly string[], more: Record<string, string> = {}) => run("shards", args, more);

async function run(name: string, args: readonly string[], more: Record<string, string> = {}) {
  const argv = [await bundleOf(`scripts/operator/${name}.ts`), ...args];
  const options = { env: { NODE_ENV: "test" as const, PATH: process.env.PATH ?? "", ...env, ...more } };
  return new Promise<{ code: number; out: string }>((resolve) =>
    execFile(process.execPath, argv, options, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === "number" ? error.code : 0, out: stdout + stderr }),
    ),
  );
}

it("plans, creates, shows, assigns topics to tenants, publishes and drains", async () => {
  let before = devnet.ledger.topics.size;
  const early = await shards(["status"]);
  expect([early.code, early.out]).toEqual([1, expect.stringContaining("run `npm run migrate`")]);
  expect((await run("migrate", ["--dry-run"])).out).toContain("Nothing was changed.");
  expect((await run("migrate", [])).out).toContain("The database is up to date now");
  const planned = await shards(["plan"]);
  expect(planned).toMatchObject({
    code: 0,
    out: expect.stringMatching(/contact +1 segments, SHARDS asks for 3, moves 67 % of the users/),
  });
  expect(planned.out).toContain("2 topics to create, about $0.02.");
  expect(devnet.ledger.topics.size).toBe(before);

  const refused = await shards(["create"]);
  expect([refused.code, refused.out]).toEqual([
    1,
    expect.stringMatching(/registry is not published.*set REGISTRY_TOPIC/),
  ]);
  expect(devnet.ledger.topics.size).toBe(before);
  expect(await shards(["publish"])).toMatchObject({ code: 1, out: expect.stringContaining("publish --new") });
  const topicId = /Created (0\.0\.\d+)/.exec((await shards(["publish", "--new"])).out)?.[1] as TopicId;
  env.REGISTRY_TOPIC = topicId;
  before += 1;

  expect(await shards(["create"])).toMatchObject({
    code: 0,
    out: expect.stringContaining("routing new messages to the new segments"),
  });
  expect(devnet.ledger.topics.size).toBe(before + 2);
  expect([...devnet.ledger.topics.values()].at(-1)?.memo).toBe("trustmesh:tm-standard-contact-2");
  expect((await shards(["create"])).out).toBe("All topics that SHARDS asks for exist.\n");

  await shards(["tenant", "add", "acme", "Acme,", "Inc."]);
  expect(await shards(["assign", "acme", "tm-a", "0.0.7"])).toMatchObject({ code: 0 });
  expect(
    await shards(["split", "--tier", "enterprise", "--owner", "acme", "--kind", "trust", "--to", "1"]),
  ).toMatchObject({ code: 0 });
  const status = await shards(["status"]);
  expect(status.out).toMatch(/tm-enterprise-trust-acme-0 +active +0\.0\.\d+/);
  expect(status.out).toContain("tenant acme (Acme, Inc.): 2 users");

  expect(devnet.ledger.topic(topicId).messages).toHaveLength(7);
  expect(await shards(["publish"])).toMatchObject({ out: "Everything is already published.\n" });
  const drained = await shards(["drain", devnet.topics.contact]);
  expect(drained).toMatchObject({ code: 0, out: expect.stringMatching(/run this again after 2\d{3}-/) });
  // A change publishes itself: the drained shard, and its replacement.
  expect(devnet.ledger.topic(topicId).messages).toHaveLength(9);

  const client = new pg.Client(env.DATABASE_URL);
  await client.connect();
  const { rows } = await client.query("SELECT actor, action, target, state FROM admin_audit ORDER BY id");
  await client.end();
  expect(rows.map(({ action, target, state }) => [action, target, state])).toEqual([
    ["database.migrate", null, "done"],
    ["shards.split", "standard contact 3", "failed"],
    ["shards.publish", "a new topic", "done"],
    ["shards.split", "standard contact 3", "done"],
    ["shards.tenant", "acme", "done"],
    ["shards.assign", "acme", "done"],
    ["shards.split", "enterprise trust acme 1", "done"],
    ["shards.publish", topicId, "done"],
    ["shards.drain", devnet.topics.contact, "done"],
  ]);
  for (const { actor } of rows) expect(actor).toMatch(/^command line \(.+@.+\)$/);
});

it.each([
  [["frob"]],
  [["split", "--kind", "feed", "--to", "2"]],
  [["split", "--kind", "trust", "--to", "many"]],
  [["split", "--kind", "trust", "--to", "2", "--tier", "gold"]],
  [["drain", "feed"]],
  [["tenant", "globex", "Globex"]],
  [["assign", "globex"]],
])("refuses %j before it opens a database or asks anybody", async (args) => {
  const folder = join(tmpdir(), `tm-shards-${randomUUID()}`);
  const { code } = await shards(args, { DATABASE_URL: "", DATA_DIR: folder });
  expect([code, existsSync(folder)]).toEqual([2, false]);
});

it("says which variable opens the running app to it", async () => {
  const refusal = problemAnswer(new ProblemError("no-session", "Sign in as an operator to see this."));
  const app = createServer((_, response) => void response.writeHead(refusal.status).end(refusal.body));
  await new Promise<void>((resolve) => app.listen(0, "127.0.0.1", resolve));
  const { port } = app.address() as AddressInfo;
  const { code, out } = await shards(["status", "--app", `http://127.0.0.1:${port}`]);
  expect([code, out]).toEqual([1, expect.stringContaining("Set ADMIN_TOKEN")]);
  expect(out).not.toContain("Sign in");
  await new Promise((resolve) => app.close(resolve));
});

it.each([
  [["frob"], 2, "npm run shards -- COMMAND"],
  [
    ["split", "--kind", "feed", "--to", "2"],
    2,
    '--kind must be one of contact, trust, recognition, profile or all, not "feed".',
  ],
  [["split", "--to", "2"], 2, "--kind must be one of contact, trust, recognition, profile or all."],
  [
    ["split", "--kind", "trust", "--to", "2", "--tier", "gold"],
    2,
    '--tier must be one of standard, busy or enterprise, not "gold".',
  ],
  [["drain", "feed"], 2, 'drain needs a topic id like 0.0.7148063, not "feed".'],
  [["split", "--kind", "contact", "--to", "9000"], 2, '--to must be a whole number from 1 to 1,024, not "9000".'],
  [
    ["split", "--kind", "trust", "--to", "2", "--tier", "enterprise"],
    1,
    "An enterprise topic needs an owner: a tenant's id of lower-case letters, digits and hyphens.",
  ],
  [
    ["split", "--kind", "trust", "--to", "2", "--owner", "tm-a"],
    1,
    "Only tenants (tier enterprise) and users (tier busy) own topics. Name that tier, or leave the owner out.",
  ],
  [["publish", "--app", "http://127.0.0.1:59999"], 2, "publish does not go through the app. Leave --app out."],
  [["drain", "0.0.424242"], 1, "not in use"],
  [["assign", "globex", "tm-a"], 1, "Tenant globex does not exist."],
  [["tenant", "rename", "globex", "Globex"], 1, "Tenant globex does not exist. Check the id"],
  [
    ["tenant", "globex", "Globex"],
    2,
    "tenant needs add or rename, an id of lower-case letters, digits and hyphens, and a name.",
  ],
  [["assign", "globex"], 2, "assign needs a tenant (or none), and the ids of users."],
  [["status", "--app", "http://127.0.0.1:59999"], 1, "does not answer: the connection was refused"],
])(
  "says what is wrong with %j",
  async (args, status, sentence) => {
    const { code, out } = await shards(args);
    expect([code, out]).toEqual([status, expect.stringContaining(sentence)]);
    expect(out).not.toContain("    at ");
  },
  60_000,
);

it("points to --app and to the app's address on the embedded set-up", async () => {
  for (const [port, address] of [
    ["3000", "http://127.0.0.1:3000."],
    ["4100", "http://127.0.0.1:4100."],
    ["0", "http://127.0.0.1:3000."],
  ] as const) {
    const { code, out } = await shards(["status"], { HEDERA_NETWORK: "devnet", PORT: port });
    const words = `add --app with the address that the app prints when it starts, such as --app ${address}`;
    expect([code, out]).toEqual([1, expect.stringContaining(words)]);
  }
});
