/** One instance reads from another one's public mirror, as from any mirror: a tree of caches. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { openPglite } from "@/lib/adapters/postgres/drivers/pglite";
import { openStore } from "@/lib/adapters/postgres/store";
import type { App } from "@/lib/server/boot/app";
import type { Front } from "@/lib/server/front/front";
import { openFront } from "../../support/fleet/processes/front";
import { startTestApp, type TestApp } from "../../support/worlds/app";
import { createTestApp } from "../../support/worlds/create-test-app";

let up: TestApp;
let front: Front;
let down: App;
let origin: string;

beforeAll(async () => {
  up = await startTestApp({ env: { RATE_LIMITS: "0", MIRROR_RPS: "10000" } });
  front = openFront(up.app);
  origin = `http://127.0.0.1:${await front.listen(0, "127.0.0.1")}`;
  const { contact, trust, recognition, profile } = up.devnet.topics;
  const long = "a long note ".repeat(300);
  up.devnet.submitMany(
    contact,
    Array.from({ length: 230 }, (_, i) => ({
      type: "CONTACT_REQUEST",
      from: `tm-${i}`,
      to: "tm-a",
      note: i % 20 ? "" : long,
    })),
  );
  up.devnet.submitMany(trust, ["not json", { type: "TRUST_ALLOCATE", from: "tm-1", to: "tm-2" }], { chunkInfo: false });
  up.devnet.submit(profile, { actor: "tm-1", displayName: "One" });
  up.devnet.submit(recognition, { kind: "RECOGNITION_MINT", recognitionId: "kind", owner: "tm-1", actor: "tm-2" });
  await up.sync();
  down = createTestApp({
    devnet: up.devnet,
    stores: await openStore(await openPglite({ memory: true }), "devnet"),
    network: { mirrorUrls: [origin] },
    env: { RATE_LIMITS: "0" },
    clock: up.clock,
    random: () => 0.5,
  });
  await down.openTopics();
});
afterAll(async () => {
  await down.close();
  front.server.closeAllConnections();
  await front.stopAccepting();
  await up.close();
});

const syncDown = () => up.clock.drive(down.scheduler.syncNow());

it("ends with the same log, whose hash chain it has checked itself", async () => {
  up.devnet.requests.reset();
  await syncDown();
  // The other instance read on once for itself. The pages came out of its log.
  expect(up.devnet.requests.counts().byRoute?.messages ?? 0).toBe(up.app.scheduler.topics.length);
  for (const { topicId } of up.app.scheduler.topics) {
    const [above, below] = await Promise.all(
      [up, { app: down }].map(({ app }) => app.stores.sync.log(topicId, 1, 1_000)),
    );
    expect(below).toEqual(above);
    expect(below?.every(({ verification }) => verification === "verified")).toBe(true);
    expect(await down.stores.sync.topic(topicId)).toEqual(await up.app.stores.sync.topic(topicId));
  }
});

it("never claims a message that it lacks, although pages and heads come from caches", async () => {
  const { contact } = up.devnet.topics;
  const told: boolean[] = [];
  for (let round = 0; round < 40; round += 1) {
    up.devnet.submit(contact, { type: "CONTACT_REQUEST", from: `tm-${round}`, to: "tm-b" });
    await up.clock.advance(((round * 7) % 11) * 90 + 10);
    if (round % 3 !== 0) await up.sync();
    if (round % 4 !== 1) await syncDown();
    const asOfNs = down.scheduler.freshness().asOfNs;
    told.push(asOfNs !== null);
    const all = up.devnet.ledger
      .topic(contact)
      .messages.filter(({ consensusNs }) => asOfNs !== null && consensusNs <= asOfNs);
    expect(down.scheduler.syncs.get(contact)?.cursor ?? 0).toBeGreaterThanOrEqual(all.length);
  }
  expect(told.filter(Boolean).length).toBeGreaterThan(20);
  // Once nothing is written any more it says that it has everything.
  const last = up.devnet.ledger.topic(contact).messages.at(-1)?.consensusNs ?? 0n;
  for (let i = 0; i < 8; i += 1) {
    await up.clock.advance(1_000);
    await up.sync();
    await syncDown();
  }
  expect(down.scheduler.freshness().asOfNs).toBeGreaterThan(last);
});

it("lets pages of any site read it, and its other addresses not", async () => {
  const get = (path: string, init: RequestInit = {}) => fetch(origin + path, init);
  const page = `/api/v1/topics/${up.devnet.topics.contact}/messages`;
  const asked = await get(page, {
    method: "OPTIONS",
    headers: { origin: "https://explorer.example", "access-control-request-headers": "x-tool" },
  });
  expect([asked.status, asked.headers.get("access-control-allow-origin")]).toEqual([204, "*"]);
  expect(asked.headers.get("access-control-allow-methods")).toBe("GET,HEAD");
  expect(asked.headers.get("access-control-allow-headers")).toBe("x-tool");
  for (const path of [page, `${page}?limit=x`, "/api/v1/accounts/0.0.2", "/api/v1/network/none"])
    expect(
      (await get(path, { headers: { origin: "https://explorer.example" } })).headers.get("access-control-allow-origin"),
    ).toBe("*");
  expect((await get(page, { method: "HEAD", headers: { "sec-fetch-site": "cross-site" } })).status).toBe(200);
  for (const path of [
    "/api/health",
    "/api/contacts",
    "/api/openapi.json",
    "/api/none",
    "/api/v1",
    "/api/v1/a/b/c/d/e/f",
  ]) {
    const response = await get(path);
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
    if (response.ok) continue;
    expect(response.headers.get("content-type")).toBe("application/problem+json");
  }
  expect((await get("/api/none")).status).toBe(404);
  expect((await get("/api/health", { method: "OPTIONS" })).status).toBe(405);
});
