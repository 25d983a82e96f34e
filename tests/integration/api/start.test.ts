/** How the app starts, and what keeps it from starting. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, getDefaultAutoSelectFamilyAttemptTimeout } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { openPglite } from "@/lib/adapters/postgres/drivers/pglite";
import { openStore } from "@/lib/adapters/postgres/store";
import type { TopicId, UserId } from "@/lib/core/ledger/ids";
import { isBonded } from "@/lib/core/signals/projection";
import type { App } from "@/lib/server/boot/app";
import { getApp } from "@/lib/server/boot/start";
import { ROUTES, type RouteName } from "@/lib/server/routes/table";
import { answer } from "../../support/contract/web-answer";
import { freePort } from "../../support/servers/free-port";
import { batchOf } from "../../support/worlds/histories/batches";

/** It takes connections and answers nothing. */
const mirror = createServer(() => {});
const dataDir = mkdtempSync(join(tmpdir(), "tm-start-"));
const instance = globalThis as { __trustmesh?: unknown };
let app: App;

beforeAll(async () => {
  await new Promise<void>((resolve) => mirror.listen(0, "127.0.0.1", resolve));
  const env = {
    HEDERA_NETWORK: "custom",
    MIRROR_URL: `http://127.0.0.1:${(mirror.address() as AddressInfo).port}`,
    ...{ TOPIC_CONTACT: "0.0.1", TOPIC_TRUST: "0.0.2", TOPIC_RECOGNITION: "0.0.3", TOPIC_PROFILE: "0.0.4" },
    SESSION_SECRET: "a secret of the tests that is long enough to be one",
    DATA_DIR: dataDir,
    STRICT_BONDING: "on",
  };
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  // Earlier tests in this process have closed theirs.
  delete instance.__trustmesh;
  app = await getApp();
});
afterAll(async () => {
  vi.unstubAllEnvs();
  delete instance.__trustmesh;
  mirror.closeAllConnections();
  mirror.close();
  await app?.close();
  rmSync(dataDir, { recursive: true, force: true });
});

async function ask(name: RouteName): Promise<{ status: number; json: Record<string, unknown> }> {
  const cookie = (await app.sessions.issue("tm-a" as UserId)).split(";")[0] as string;
  const request = new Request(`http://app.test${name.split(" ")[1]}`, { headers: { host: "app.test", cookie } });
  const response = await answer(app, ROUTES[name], { request, params: {}, background: () => {} });
  return { status: response.status, json: (await response.json()) as Record<string, unknown> };
}

it("gives each address of a host time for a lost packet, in every set-up", () => {
  expect(getDefaultAutoSelectFamilyAttemptTimeout()).toBeGreaterThan(1_000);
});

it("during the first sync the app serves stored data, is not ready, and tells its progress", async () => {
  expect(await ask("GET /api/contacts")).toMatchObject({ status: 200, json: { stale: true } });
  expect(await ask("GET /api/health/ready")).toMatchObject({
    status: 503,
    json: { ready: false, progress: "The first sync has stored 0 messages so far." },
  });
});

it("a start without its mirror says which topics it could not read and why, and never that it is ready", async () => {
  const own = mkdtempSync(join(tmpdir(), "tm-start-"));
  const said = vi.spyOn(console, "log").mockImplementation(() => {});
  const env = { MIRROR_URL: `http://127.0.0.1:${await freePort()}`, DATA_DIR: own };
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  delete instance.__trustmesh;
  const alone = await getApp();
  expect(await alone.firstSync.run()).toBe(false);
  await alone.close();
  const lines = said.mock.calls.map(String);
  said.mockRestore();
  // Where the machine stalls, another reason may come first: the mirror did not answer in time.
  const reasons = lines.filter((line) => line.includes("Not complete yet, will retry: 4 topics"));
  expect(reasons.filter((line) => line.includes("nothing listens"))).toHaveLength(1);
  expect(lines.some((line) => line.includes("Serving after"))).toBe(true);
  expect(lines.filter((line) => line.includes("Ready after"))).toEqual([]);
  rmSync(own, { recursive: true, force: true });
});

it("one accept alone bonds nobody if STRICT_BONDING is on", async () => {
  const accept = { type: "CONTACT_ACCEPT", actor: "tm-b", target: "tm-a" };
  await app.stores.sync.commit(batchOf("0.0.1" as TopicId, 0, [accept]));
  const { edges } = await app.stores.views.contacts("tm-a" as UserId);
  expect(edges.map((edge) => [edge.peerId, isBonded(edge)])).toEqual([["tm-b", false]]);
});

it("the start fails with a sentence if the database belongs to another devnet", async () => {
  const other = mkdtempSync(join(tmpdir(), "tm-start-"));
  const stores = await openStore(await openPglite(join(other, "postgres")), "devnet");
  await stores.claimLedger("0.0.1001@1");
  await stores.close();
  const env = { HEDERA_NETWORK: "devnet", MIRROR_URL: "", DATA_DIR: other };
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  delete instance.__trustmesh;
  await expect(getApp()).rejects.toMatchObject({ name: "OtherLedger" });
  rmSync(other, { recursive: true, force: true });
});

it("the start fails with a sentence, and starts no devnet, if another process has the database", async () => {
  const used = mkdtempSync(join(tmpdir(), "tm-start-"));
  const db = await openPglite(join(used, "postgres"));
  const env = { HEDERA_NETWORK: "devnet", MIRROR_URL: "", DATA_DIR: used };
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  const said = vi.spyOn(console, "log").mockImplementation(() => {});
  delete instance.__trustmesh;
  await expect(getApp()).rejects.toMatchObject({
    name: "DatabaseUnusable",
    message: expect.stringMatching(
      / is in use by process \d+: stop that process, or set DATA_DIR to another directory\.$/,
    ),
  });
  expect(said.mock.calls).toEqual([]);
  expect(readdirSync(used)).toEqual(["postgres"]);
  said.mockRestore();
  await db.close();
  rmSync(used, { recursive: true, force: true });
});

it("the start fails with a sentence if DATA_DIR is not writable", async () => {
  const file = join(dataDir, "file");
  writeFileSync(file, "");
  vi.stubEnv("DATA_DIR", file);
  delete instance.__trustmesh;
  await expect(getApp()).rejects.toMatchObject({
    name: "EnvError",
    message: expect.stringMatching(/^DATA_DIR is .*set DATA_DIR to another one\.$/),
  });
});
