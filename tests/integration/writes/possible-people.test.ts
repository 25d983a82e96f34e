/** Writes to ids that begin as an account id does, and that no account can have. */
import { afterEach, beforeEach, expect, it } from "vitest";
import { DevnetSubmitter } from "../../support/mirrors/devnet-submitter";
import { startTestApp, type TestApp } from "../../support/worlds/app";

const ALICE = "tm-alice";
let t: TestApp;
let submitter: DevnetSubmitter;
beforeEach(async () => {
  t = await startTestApp({
    submitter: (devnet) => {
      submitter = new DevnetSubmitter(devnet);
      return submitter;
    },
  });
});
afterEach(() => t.close());

const submit = (type: string, payload: object) => {
  const body = { type, from: ALICE, nonce: 1, ts: Math.floor(t.clock.now() / 1_000), payload };
  return t.ask("POST", "/api/hcs/submit", ALICE, { body });
};

it.each(["CONTACT_REQUEST", "CONTACT_ACCEPT", "TRUST_ALLOCATE", "RECOGNITION_MINT"])(
  "a write to an id that nobody may have is refused, and learns what an account id looks like: %s",
  async (type) => {
    const response = await submit(type, { to: "0.0.abc", recognitionId: "x" });
    expect(await response.json()).toMatchObject({
      ...{ status: 400, code: "bad-input", field: "payload.to" },
      detail: expect.stringContaining("an account id looks like 0.0.7226146"),
    });
    expect(submitter.submitted).toEqual([]);
  },
);

it.each(["CONTACT_REVOKE", "TRUST_REVOKE", "TRUST_DECLINE"])(
  "what ends an earlier relation with such an id is written: %s",
  async (type) => {
    expect((await submit(type, { target: "0.0.abc" })).status).toBe(200);
  },
);
