/** The server as a process: its start, its end with streams open, and configurations that cannot work. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, test } from "@playwright/test";
import { freePort } from "../support/servers/free-port";
import { ready, type Server, startServer } from "./support/own-server";

const TOPICS = { TOPIC_CONTACT: "0.0.1", TOPIC_TRUST: "0.0.1", TOPIC_RECOGNITION: "0.0.1", TOPIC_PROFILE: "0.0.1" };
const SECRET = "0123456789abcdef0123456789abcdef";

let dataDir: string;
let servers: Server[];
test.beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "tm-process-"));
  servers = [];
});
test.afterEach(async () => {
  for (const server of servers) {
    server.process.kill("SIGKILL");
    await server.exit;
  }
  rmSync(dataDir, { recursive: true, force: true });
});
const start = async (env?: Record<string, string>) => {
  const server = await startServer(dataDir, env);
  servers.push(server);
  return server;
};
test("the server starts with progress, ends on SIGTERM with streams open, and continues after a restart", async () => {
  const server = await start();
  const status = (path: string) =>
    fetch(server.url + path, { headers: { accept: "text/html" } }).then(
      (answer) => answer.status,
      () => 0,
    );
  await expect.poll(() => status("/api/health")).toBe(200);
  expect(await status("/api/health/ready")).toBe(503);
  const page = await (await fetch(`${server.url}/signals`, { headers: { accept: "text/html" } })).text();
  expect(page).toContain("TrustMesh is starting");
  await ready(server);
  expect(server.output()).toContain("Starting a local Hedera");
  expect(server.output()).toMatch(/Synced [\d,]+ new messages of 4 topics/);
  const signIn = await fetch(`${server.url}/api/auth/demo`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"userId":"tm-alex-chen"}',
  });
  const cookie = signIn.headers.get("set-cookie")?.split(";")[0] ?? "";
  const streams = await Promise.all([1, 2, 3].map(() => fetch(`${server.url}/api/stream`, { headers: { cookie } })));
  const texts = streams.map((stream) => stream.text());
  server.process.kill("SIGTERM");
  for (const text of await Promise.all(texts)) {
    expect(text).toContain("event: hello");
    expect(text).toContain('event: bye\ndata: {"reason":"shutdown"}');
  }
  expect(await server.exit).toBe(0);
  const again = await start();
  await ready(again);
  expect(again.output()).not.toContain("[error]");
  expect(Number(/Synced ([\d,]+) new/.exec(again.output())?.[1]?.replaceAll(",", ""))).toBeLessThan(100);
});

test("the server admits a flood one request at a time, refuses the rest before the framework, and counts refusals", async () => {
  const token = "metrics-token-of-this-test-0123456789";
  const server = await start({ METRICS_TOKEN: token });
  await ready(server);
  const ask = () =>
    fetch(`${server.url}/api/auth/challenge`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"accountId":"0.0.5"}',
    });
  // One is let in, the queue fills (lib/server/front/admission/admission-queue.ts), and the others are refused.
  const answers = await Promise.all(Array.from({ length: 140 }, ask));
  const refused = answers.filter(({ status }) => status === 429);
  expect(refused.length).toBeGreaterThan(50);
  expect(await refused[0]?.json()).toMatchObject({ code: "too-many" });
  expect(answers.filter(({ status }) => status === 200).length).toBe(140 - refused.length);
  const metrics = await fetch(`${server.url}/api/metrics`, { headers: { authorization: `Bearer ${token}` } });
  expect(await metrics.text()).toMatch(/trustmesh_rate_guard_refusals_total\{limit="sign-in"\} [1-9]/);
  expect((await fetch(`${server.url}/api/health`)).status).toBe(200);
});

test("the server refuses an invalid configuration with one message that names every problem", async () => {
  const server = await start({ HEDERA_NETWORK: "testnet", MIRROR_RPS: "lots" });
  expect(await server.exit).toBe(1);
  expect(server.output()).toContain("MIRROR_RPS must be a whole number");
});

test("the server listens on the port in .env, and a SIGTERM during the start ends it at once", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tm-env-"));
  const port = await freePort();
  for (const name of [".next", "node_modules"]) symlinkSync(resolve(name), join(folder, name));
  writeFileSync(join(folder, ".env"), `HOST=127.0.0.1\nPORT=${port}\nDATA_DIR=${dataDir}\n`);
  const unreachable = { HEDERA_NETWORK: "custom", MIRROR_URL: "http://127.0.0.1:9", SESSION_SECRET: SECRET, ...TOPICS };
  const child = spawn(process.execPath, [join(".next", "start.js")], {
    cwd: folder,
    env: { ...unreachable, PATH: process.env.PATH, NODE_ENV: "production" },
    stdio: "ignore",
  });
  const exit = new Promise((done) => child.once("exit", (code, signal) => done(code ?? signal)));
  const health = () => fetch(`http://127.0.0.1:${port}/api/health`).then((answer) => answer.ok);
  await expect.poll(() => health().catch(() => false)).toBe(true);
  child.kill("SIGTERM");
  expect(await exit).toBe(0);
  rmSync(folder, { recursive: true, force: true });
});

for (const [what, env, sentence] of [
  [
    "demo sign-in on testnet",
    { HEDERA_NETWORK: "testnet", SESSION_SECRET: SECRET, ALLOW_DEMO: "on" },
    "ALLOW_DEMO=on is refused on testnet",
  ],
  [
    "demo sign-in on mainnet",
    { HEDERA_NETWORK: "mainnet", SESSION_SECRET: SECRET, ALLOW_DEMO: "on" },
    "ALLOW_DEMO=on is refused on mainnet",
  ],
  ["a public network without a secret", { HEDERA_NETWORK: "testnet" }, "SESSION_SECRET is needed"],
  ["a secret that can be guessed", { HEDERA_NETWORK: "testnet", SESSION_SECRET: "hunter2" }, "at least 32 characters"],
  ["the embedded Postgres on Vercel", { VERCEL: "1" }, "DATABASE_URL is needed on Vercel"],
] as const) {
  test(`the server refuses to start with ${what}`, async () => {
    const server = await start({ ...TOPICS, ...env });
    expect(await server.exit).toBe(1);
    expect(server.output()).toContain(sentence);
  });
}

test("the server starts with TRUSTED_PAYERS=*, and warns what that means", async () => {
  const server = await start({
    HEDERA_NETWORK: "testnet",
    SESSION_SECRET: SECRET,
    ...TOPICS,
    TRUSTED_PAYERS: "*",
    MIRROR_URL: "http://127.0.0.1:9",
  });
  await expect.poll(() => server.output(), { timeout: 30_000 }).toContain("TRUSTED_PAYERS is *: anybody can write");
});

test("the server refuses to share a data directory with another one, in a sentence", async () => {
  const first = await start();
  await ready(first);
  const second = await start();
  expect(await second.exit).toBe(1);
  expect(second.output()).toMatch(/in use by process \d+/);
});
