/**
 * The image that the Dockerfile makes, without Docker: `.next/standalone` (`npm run build:standalone`) in a folder of its own that only
 * root may write to, and that has no other packages anywhere above it; run by a user without rights, with a folder for data.
 */
import { execFile } from "node:child_process";
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Devnet, startDevnet } from "@/lib/devnet/devnet";
import { filesUnder } from "../support/repository/files-under";
import { type ServerProcess, startServerProcess } from "../support/servers/server-process";

const run = promisify(execFile);
/** `node` of the image. Where the tests are not root's, the folder is read-only for whoever runs them. */
const UID = process.getuid?.() === 0 ? 1_000 : undefined;
const user = UID === undefined ? {} : { uid: UID, gid: UID };

const folder = mkdtempSync(join(tmpdir(), "tm-image-"));
const app = join(folder, "app");
const data = join(folder, "data");
let devnet: Devnet;
let env: NodeJS.ProcessEnv & Record<string, string>;
let server: ServerProcess | undefined;

beforeAll(async () => {
  chmodSync(folder, 0o755);
  // Its links name their neighbours, which a user without rights may not reach through the folder that they were copied from.
  cpSync(join(".next", "standalone"), app, { recursive: true, verbatimSymlinks: true });
  for (const path of filesUnder(app)) chmodSync(path, 0o444);
  mkdirSync(data);
  if (UID !== undefined) chownSync(data, UID, UID);
  devnet = await startDevnet({});
  const { contact, trust, recognition, profile } = devnet.topics;
  devnet.submit(contact, { type: "CONTACT_REQUEST", from: "tm-a", to: "tm-b" });
  env = {
    NODE_ENV: "production",
    PATH: process.env.PATH as string,
    HEDERA_NETWORK: "custom",
    MIRROR_URL: devnet.restUrl,
    HEDERA_NODE: devnet.nodeAddress as string,
    HEDERA_OPERATOR_ID: devnet.operatorId,
    HEDERA_OPERATOR_KEY: devnet.operatorKey,
    ...{ TOPIC_CONTACT: contact, TOPIC_TRUST: trust, TOPIC_RECOGNITION: recognition, TOPIC_PROFILE: profile },
    TRUSTED_PAYERS: devnet.operatorId,
    SESSION_SECRET: "a secret of the tests that is long enough to be one",
    APP_DOMAIN: "127.0.0.1",
    ALLOW_DEMO: "on",
    DATA_DIR: data,
  };
});
afterAll(async () => {
  await server?.stop();
  await devnet?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** The words of a line of the last stage of the Dockerfile. */
function wordsOf(line: "CMD" | "HEALTHCHECK"): readonly string[] {
  const text = readFileSync("Dockerfile", "utf8").replaceAll("\\\n", " ");
  const found = text.split("\n").findLast((each) => each.startsWith(line)) as string;
  return JSON.parse(found.slice(found.indexOf("["))) as string[];
}

it("holds only files that run", () => {
  const folders = ["tests", "bench", "app", "docs"].filter((name) => existsSync(join(app, name)));
  expect(folders).toEqual([]);
});

it("migrates as a step of its own, then starts and serves as a user who may write data only", async () => {
  const migrate = await run(process.execPath, ["commands/migrate.mjs"], { cwd: app, env, ...user });
  expect(migrate.stdout).toMatch(/^applied 0000_init\n(applied .+\n)*The database is up to date now/);

  const [node, ...args] = wordsOf("CMD");
  expect(node).toBe("node");
  server = await startServerProcess({ cwd: app, args, env: { ...env, MIGRATE: "off" }, uid: UID });
  await server.ready();
  const [check, ...checkArgs] = wordsOf("HEALTHCHECK");
  expect(check).toBe("node");
  await run(process.execPath, checkArgs, { env: { ...env, PORT: new URL(server.url).port } });
  await expect(run(process.execPath, checkArgs, { env: { ...env, PORT: "9" } })).rejects.toThrow();

  const page = await (await fetch(`${server.url}/sign-in`)).text();
  const script = /src="(\/trustmesh-edge\/_next\/static\/[^"]+\.js)"/.exec(page)?.[1] as string;
  expect((await fetch(server.url + script)).status).toBe(200);
});

it("reads, and writes through the SDK, out of what was traced", async () => {
  const url = (server as ServerProcess).url;
  const json = { "content-type": "application/json" };
  const signIn = await fetch(`${url}/api/auth/demo`, { method: "POST", headers: json, body: '{"userId":"tm-a"}' });
  const cookie = signIn.headers.get("set-cookie")?.split(";")[0] ?? "";
  const contacts = await fetch(`${url}/api/contacts`, { headers: { cookie } });
  expect(await contacts.json()).toMatchObject({ requests: { outgoing: [{ peerId: "tm-b" }] } });
  const submitted = await fetch(`${url}/api/hcs/submit`, {
    method: "POST",
    headers: { cookie, ...json },
    body: JSON.stringify({
      ...{ type: "PROFILE_UPDATE", from: "tm-a", nonce: Date.now(), ts: Math.floor(Date.now() / 1_000) },
      payload: { displayName: "A" },
    }),
  });
  expect(await submitted.json()).toMatchObject({ ok: true });
});

it("logs JSON and no failure, and ends when it is told to", async () => {
  const { child, output, stop } = server as ServerProcess;
  const lines = output()
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as { level: string; message: string });
  expect(lines.some(({ message }) => message.startsWith("Ready after"))).toBe(true);
  expect(lines.filter(({ level }) => level === "error")).toEqual([]);
  expect(output()).not.toMatch(/EROFS|EACCES|Error/);
  await stop();
  expect([0, 143, null]).toContain(child.exitCode);
});

it("says in a sentence that the devnet is not part of it", async () => {
  const [, ...args] = wordsOf("CMD");
  const embedded = await startServerProcess({
    cwd: app,
    args,
    env: { DATA_DIR: data },
    uid: UID,
  });
  await expect(embedded.ready()).rejects.toThrow("set HEDERA_NETWORK to testnet");
  expect(embedded.child.exitCode).toBe(1);
  expect(embedded.output()).not.toContain("    at ");
  const doctor = run(process.execPath, ["commands/doctor.mjs"], {
    cwd: app,
    env: { ...env, HEDERA_NETWORK: "devnet" },
  });
  await expect(doctor).rejects.toMatchObject({
    stdout: expect.stringMatching(/FAIL +ledger .* set HEDERA_NETWORK to/),
  });
});

it.each([
  ["doctor", [], /ok +database/],
  ["accounts", ["list"], "No account is bound."],
  ["shards", ["status"], "only the app can do this"],
])("has the command %s", async (name, args, expected) => {
  const answer = run(process.execPath, [`commands/${name}.mjs`, ...args], { cwd: app, env, ...user });
  const { stdout, stderr } = await answer.catch((refusal: { stdout: string; stderr: string }) => refusal);
  expect(stdout + stderr).toMatch(expected);
});
