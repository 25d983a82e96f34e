/** Operators are told what is wrong within seconds, by name, and once. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { err } from "@/lib/core/result";
import type { SubmitError, Submitter } from "@/lib/ports/ledger/submitter";
import { TierUnavailable } from "@/lib/ports/tier-unavailable";
import { AdminStatus, OperatorLogAnswer } from "@/lib/wire/operators/admin";
import type { ReadyAnswer } from "@/lib/wire/operators/health";
import { intercepted } from "../../../support/control/intercepted";
import { DevnetSubmitter } from "../../../support/mirrors/devnet-submitter";
import { startTestApp, type TestApp } from "../../../support/worlds/app";

const TOKEN = "a-token-of-the-tests-that-nobody-could-guess";
const ALICE = "tm-alice";
let t: TestApp;
let isDatabaseDown = false;
let refusal: SubmitError | null = null;
let isKeyBroken = false;

beforeEach(async () => {
  isDatabaseDown = false;
  refusal = null;
  isKeyBroken = false;
  const orDown = <T extends object>(store: T) =>
    intercepted(store, () => (isDatabaseDown ? new TierUnavailable("postgres", "down") : null));
  t = await startTestApp({
    env: { METRICS_TOKEN: TOKEN },
    wrapStores: (stores) => ({
      ...stores,
      admin: orDown(stores.admin),
      sync: orDown(stores.sync),
      views: orDown(stores.views),
    }),
    submitter: (devnet): Submitter => {
      const working = new DevnetSubmitter(devnet);
      return {
        submit: async (topicId, message) => {
          if (isKeyBroken) throw new RangeError("a key that cannot sign");
          return refusal === null ? working.submit(topicId, message) : err(refusal);
        },
        close: () => working.close(),
      };
    },
  });
  await t.sync();
});
afterEach(() => t.close());

const status = async () => AdminStatus.parse(await t.json("/api/admin/status", t.devnet.operatorId));
const ready = async () => {
  const response = await t.ask("GET", "/api/health/ready", null);
  return { status: response.status, ...((await response.json()) as ReadyAnswer) };
};
const metric = async (name: string) => {
  const headers = { authorization: `Bearer ${TOKEN}` };
  const text = await (await t.ask("GET", "/api/metrics", null, { headers })).text();
  return text.split("\n").filter((line) => line.startsWith(`trustmesh_${name}{`));
};
const act = (path: string, body: object = {}) => t.ask("POST", `/api/admin/${path}`, t.devnet.operatorId, { body });

let nonce = 0;
const write = async () => {
  nonce += 1;
  const ts = Math.floor(t.clock.now() / 1_000);
  const body = { type: "CONTACT_REQUEST", from: ALICE, nonce, ts, payload: { target: "tm-bob" } };
  const response = await t.ask("POST", "/api/hcs/submit", ALICE, { body });
  return { status: response.status, ...((await response.json()) as { code?: string; detail?: string }) };
};
const codes = (incidents: readonly { readonly code: string }[]) => incidents.map(({ code }) => code);

describe("a mirror that answers 429 to everything", () => {
  it("is on the page, in ready and in the log within 15 s, and at 40 s it says which topics are behind and why", async () => {
    t.logged.length = 0;
    t.devnet.faults.add({ kind: "rateLimited" });
    for (let s = 0; s < 15; s += 3) {
      await status();
      await t.clock.advance(3_000);
    }
    expect(codes((await status()).incidents)).toContain("mirror-down");
    expect(await ready()).toMatchObject({ status: 200, ready: true, degraded: true });
    for (let s = 0; s < 27; s += 3) {
      await status();
      await t.clock.advance(3_000);
    }
    const { incidents } = await status();
    expect(incidents.find(({ code }) => code === "topics-behind")?.summary).toMatch(
      /^4 of 4 topics are behind the ledger \(.*\): the mirror answered 429, too many requests\.$/,
    );
    const told = t.logged.filter((line) => /Mirror|behind/.test(line));
    expect(told).toHaveLength(2);
  });
});

describe("a write that fails", () => {
  it("is an incident with its reason, logged and counted, until a write succeeds", async () => {
    refusal = { code: "refused", message: "The ledger refused this message (INVALID_SIGNATURE)." };
    t.logged.length = 0;
    expect(await write()).toMatchObject({ status: 502 });
    expect((await status()).incidents).toMatchObject([
      { code: "writes-failing", summary: expect.stringContaining("INVALID_SIGNATURE") },
    ]);
    const { contact } = t.devnet.topics;
    const told = [
      `error: Writes to the ledger fail, the last one to topic ${contact}: The ledger refused this message (INVALID_SIGNATURE).`,
    ];
    expect(t.logged.filter((line) => !line.startsWith("info"))).toEqual(told);
    expect(await write()).toMatchObject({ status: 502 });
    await status();
    expect(t.logged.filter((line) => !line.startsWith("info"))).toEqual(told);
    expect(await metric("submit_failures_total")).toContain('trustmesh_submit_failures_total{reason="refused"} 2');
    refusal = null;
    expect(await write()).toMatchObject({ status: 200 });
    expect((await status()).incidents).toEqual([]);
  });
});

describe("a write that cannot even be signed", () => {
  it("is counted and an incident too", async () => {
    isKeyBroken = true;
    expect(await write()).toMatchObject({ status: 500 });
    expect((await status()).incidents).toMatchObject([
      {
        code: "writes-failing",
        summary: expect.stringContaining(": the message could not be signed or sent (RangeError)."),
      },
    ]);
  });
});

describe("a forged message", () => {
  it("is named by its sequence, and its row is in the list that the incident leads to", async () => {
    const { contact } = t.devnet.topics;
    const requests = [1, 2, 3].map((n) => ({ type: "CONTACT_REQUEST", from: `tm-${n}`, to: ALICE }));
    t.devnet.submitMany(contact, requests);
    t.devnet.faults.add({ kind: "forgedContent", topicId: contact, fromSequence: 2, toSequence: 2 });
    await t.sync();
    const { incidents, rejected } = await status();
    expect(incidents).toMatchObject([
      { code: "message-failed", subject: contact, summary: expect.stringContaining(`Message 2 of topic ${contact}`) },
    ]);
    expect(rejected).toMatchObject([{ topicId: contact, sequence: 2, disposition: "failed" }]);
  });
});

describe("an operator", () => {
  it("an operator who invalidates an unknown person is told so, and the log says it", async () => {
    const refused = await act("cache/invalidate", { userId: "tm-nobody" });
    expect(refused.status).toBe(404);
    expect(await refused.json()).toMatchObject({ detail: expect.stringContaining("nothing to invalidate") });
    const { items } = OperatorLogAnswer.parse(await t.json("/api/admin/audit-log", t.devnet.operatorId));
    expect(items[0]).toMatchObject({ action: "cache.invalidate", target: "tm-nobody", state: "refused" });
    t.devnet.submit(t.devnet.topics.contact, { type: "CONTACT_REQUEST", from: "tm-carol", to: ALICE });
    await t.sync();
    expect((await act("cache/invalidate", { userId: "tm-carol" })).status).toBe(200);
  });

  it("a write to a paused topic, or a wait for it, names who paused it, and sends nothing", async () => {
    const { contact } = t.devnet.topics;
    expect((await act(`topics/${contact}/pause`)).status).toBe(200);
    const before = t.devnet.requests.counts().total;
    const words = `Topic ${contact} is paused by ${t.devnet.operatorId} since 2026-11-23 00:0`;
    expect(await write()).toMatchObject({ status: 409, code: "paused", detail: expect.stringContaining(words) });
    expect(t.devnet.requests.counts().total).toBe(before);
    const headers = { "if-min-sequence": `${contact}=99` };
    const waited = await t.ask("GET", "/api/contacts", ALICE, { headers });
    expect(await waited.json()).toMatchObject({ code: "paused", detail: expect.stringContaining(words) });
    expect((await status()).incidents).toMatchObject([
      { code: "topic-paused", summary: expect.stringContaining(words) },
    ]);
    expect(await ready()).toMatchObject({ status: 200, ready: true });
    await act(`topics/${contact}/resume`);
    expect((await write()).status).toBe(200);
  });
});

describe("while the database is away", () => {
  it("the operators' page works, and says which data is missing and how old the rest is", async () => {
    const before = await status();
    isDatabaseDown = true;
    await t.clock.advance(70_000);
    const session = await t.ask("GET", "/api/auth/session", t.devnet.operatorId);
    expect(await session.json()).toMatchObject({ authenticated: true, admin: true, handle: t.devnet.operatorId });
    const now = await status();
    expect(codes(now.incidents)).toContain("postgres-down");
    expect(now.database).toMatchObject({ answers: false, topicsReadMs: before.database.topicsReadMs });
    expect(now.topics.map(({ topicId }) => topicId)).toEqual(before.topics.map(({ topicId }) => topicId));
    // There is no Redis here, so nothing is left to read from.
    expect(await ready()).toMatchObject({ status: 503, ready: false, incidents: [{ code: "postgres-down" }] });
  });

  it("an instance that has never reached it shows the topics that it reads, from its own memory", async () => {
    isDatabaseDown = true;
    const { topics, database } = await status();
    expect(database).toMatchObject({ answers: false, topicsReadMs: null });
    expect(topics.map(({ topicId, kinds }) => [topicId, kinds])).toEqual(
      t.app.scheduler.topics.map(({ topicId, kinds }) => [topicId, [...kinds]]),
    );
  });
});

describe("the lag of a topic", () => {
  const lags = async () => (await metric("topic_lag_seconds")).map((line) => Number(line.split(" ").at(-1)));

  it("is near 0 and present while nobody asks, for as long as that may be", async () => {
    await t.clock.advance(86_400_000);
    const all = await lags();
    expect(all).toHaveLength(4);
    expect(Math.max(...all)).toBeLessThan(10);
    expect((await status()).incidents).toEqual([]);
  });

  it("is present before the first sync, and grows while a demand is not met", async () => {
    await t.close();
    t = await startTestApp({ env: { METRICS_TOKEN: TOKEN } });
    expect(await lags()).toEqual([0, 0, 0, 0]);
    t.devnet.faults.add({ kind: "reset" });
    await t.clock.drive(t.app.scheduler.demand());
    await t.clock.advance(40_000);
    expect(Math.min(...(await lags()))).toBeGreaterThanOrEqual(40);
    expect(await ready()).toMatchObject({ status: 503, ready: false });
  });

  it("of a paused topic is present, and wakes nobody", async () => {
    await act(`topics/${t.devnet.topics.contact}/pause`);
    for (let s = 0; s < 60; s += 5) {
      await t.clock.drive(t.app.scheduler.demand());
      await t.clock.advance(5_000);
    }
    expect(await lags()).toHaveLength(4);
    expect(codes((await status()).incidents)).toEqual(["topic-paused"]);
  });
});
