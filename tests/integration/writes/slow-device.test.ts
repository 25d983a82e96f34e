/** A device whose clock is behind this server's writes after a message whose nonce this server made. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DevnetSubmitter } from "../../support/mirrors/devnet-submitter";
import { startTestApp, type TestApp } from "../../support/worlds/app";

const ALICE = "tm-alice";
const BEHIND_MS = 60_000;
let t: TestApp;

beforeEach(async () => {
  t = await startTestApp({ submitter: (devnet) => new DevnetSubmitter(devnet) });
  t.devnet.submit(t.devnet.topics.contact, { type: "CONTACT_ACCEPT", from: "tm-p1", to: ALICE });
  await t.sync();
  const made = await t.ask("POST", "/api/trust/allocate", ALICE, { body: { sessionId: ALICE, targetId: "tm-p1" } });
  expect(made.status).toBe(200);
});
afterEach(() => t.close());

const envelope = (nonce: number) => ({
  type: "CONTACT_REQUEST",
  from: ALICE,
  nonce,
  ts: Math.floor((t.clock.now() - BEHIND_MS) / 1_000),
  payload: { target: "tm-bob" },
});
const submit = async (body: object, headers: Record<string, string> = {}) => {
  const response = await t.ask("POST", "/api/hcs/submit", ALICE, { body, headers });
  return { status: response.status, body: (await response.json()) as { detail: string; sequenceNumber: number } };
};

describe("a device whose clock is behind, after a message whose nonce this server made,", () => {
  it("is told the nonce that it must exceed, and writes with the next one", async () => {
    const refused = await submit(envelope(t.clock.now() - BEHIND_MS));
    expect(refused.status).toBe(409);
    const last = Number(/larger than (\d+)/.exec(refused.body.detail)?.[1]);
    expect((await submit(envelope(last))).status).toBe(409);
    expect((await submit(envelope(last + 1))).status).toBe(200);
  });

  it("writes under an Idempotency-Key with its own nonce, and a replay is written no second time", async () => {
    const body = envelope(t.clock.now() - BEHIND_MS);
    const first = await t.clock.drive(submit(body, { "idempotency-key": "k1" }));
    expect(first.status).toBe(200);
    expect(await t.clock.drive(submit(body, { "idempotency-key": "k2" }))).toMatchObject({
      status: 200,
      body: { sequenceNumber: first.body.sequenceNumber },
    });
    expect((await submit(body)).status).toBe(409);
    const other = { ...body, payload: { target: "tm-carol" } };
    expect((await t.clock.drive(submit(other, { "idempotency-key": "k3" }))).status).toBe(409);
  });
});
