/** The repeat of a write that was answered gets the first answer, whatever the mirror and the rules say by then. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AnyRoute } from "@/lib/server/http/route";
import { ROUTES } from "@/lib/server/routes/table";
import { DevnetSubmitter } from "../../support/mirrors/devnet-submitter";
import { ed25519Wallet, type Wallet } from "../../support/stand-ins/wallet";
import { startTestApp, type TestApp } from "../../support/worlds/app";
import { signedMint, signedProfile } from "../../support/worlds/histories/signed";

const ANA = "0.0.7001";
const BEN = "0.0.7002";
const ISSUER = "0.0.4851773";
let t: TestApp;
let submitter: DevnetSubmitter;
let wallet: Wallet;
let nonce: number;

beforeEach(async () => {
  nonce = 1_000;
  wallet = ed25519Wallet();
  t = await startTestApp({
    env: { RATE_LIMITS: "0", ISSUERS: `${ISSUER}=${ANA}`, FEATURE_GZ_BOOST_API: "1" },
    submitter: (devnet) => {
      submitter = new DevnetSubmitter(devnet);
      return submitter;
    },
  });
  t.devnet.ledger.createAccount(wallet.encodedKey, { id: ANA as never });
  t.devnet.submitMany(t.devnet.topics.contact, [{ type: "CONTACT_ACCEPT", from: BEN, to: ANA }]);
  await t.clock.advance(1_000);
  await t.sync();
});
afterEach(() => t.close());

const envelope = (type: string, members: object) => {
  nonce += 1;
  return { type, from: ANA, nonce, ts: Math.floor(t.clock.now() / 1_000), ...members };
};
const profile = (displayName: string, by = wallet) => {
  const { type, ...members } = signedProfile(by, ANA, { displayName, timestamp: t.clock.now() });
  return envelope(type, { payload: members });
};
async function post(path: string, body: object, key?: string) {
  const headers: Record<string, string> = key === undefined ? {} : { "idempotency-key": key };
  const response = await t.ask("POST", path, ANA, { body, headers });
  return { status: response.status, body: (await response.json()) as { readonly code?: string } };
}
const submit = (body: object, key?: string) => post("/api/hcs/submit", body, key);

const mirrorIsAway = () => void t.devnet.faults.add({ kind: "badGateway" });
/** The log is not settled then: an attempt of before might still arrive, if the message were not there. */
const mirrorIsAwayForMinutes = async () => {
  mirrorIsAway();
  await t.clock.advance(200_000);
};
const keyIsRotated = () => void t.devnet.ledger.updateAccount(ANA as never, { key: ed25519Wallet().encodedKey });
async function topicsArePaused() {
  for (const topicId of Object.values(t.devnet.topics)) {
    const paused = await t.ask("POST", `/api/admin/topics/${topicId}/pause`, t.devnet.operatorId, { body: {} });
    expect(paused.status).toBe(200);
  }
}
const bondIsRevoked = async () => {
  t.devnet.submit(t.devnet.topics.contact, { type: "CONTACT_REVOKE", from: BEN, to: ANA });
  await t.sync();
};

describe("a repeat whose first answer is no longer remembered", () => {
  // A second key stands for the forgotten one: the log alone knows the message.
  it.each([
    ["of a signed message while the mirror is away", profile, mirrorIsAway],
    ["of a signed message after the account's key changed", profile, keyIsRotated],
    ["of a message without a signature minutes after the mirror went away", trust, mirrorIsAwayForMinutes],
    ["of a message to a topic that is paused now", trust, topicsArePaused],
    ["of trust in somebody who is no contact any more", trust, bondIsRevoked],
  ])("%s gets the first answer, and nothing is written twice", async (_, message, change) => {
    const body = message("Ana");
    const first = await submit(body, "first");
    expect(first.status).toBe(200);
    await t.sync();
    await change();
    expect(await submit(body, "second")).toEqual(first);
    expect(submitter.submitted).toHaveLength(1);
  });

  it("does not ask the mirror for the key again", async () => {
    const body = profile("Ana");
    await submit(body, "first");
    await t.sync();
    t.devnet.requests.reset();
    expect((await submit(body, "second")).status).toBe(200);
    expect(t.devnet.requests.counts().byRoute.account ?? 0).toBe(0);
  });
});

function trust() {
  return envelope("TRUST_ALLOCATE", { payload: { target: BEN, weight: 1 } });
}

/** A body for each route that writes to the ledger. Another `word` makes another body. */
const WRITES: Readonly<Record<string, (word: string) => object>> = {
  "/api/hcs/submit": profile,
  "/api/issuer/submit": profile,
  "/api/hcs/profile": (word) => {
    const { type: _, ...body } = signedProfile(wallet, ANA, { displayName: word, timestamp: t.clock.now() });
    return body;
  },
  "/api/hcs/mint-recognition": (word) => {
    const mint = signedMint(wallet, ANA, BEN, { message: word, timestamp: t.clock.now() });
    const { type: _, from, to, issuer: __, ...body } = mint;
    return { ...body, issuerId: from, recipientId: to };
  },
  "/api/recognition/create": (label) => ({ label, emoji: "🤝", lens: "base", to: { accountId: BEN } }),
  "/api/trust/allocate": (word) => ({ sessionId: ANA, targetId: BEN, weight: word.length }),
  "/api/trust/revoke": (word) => ({ sessionId: ANA, targetId: word === "one" ? BEN : "0.0.7003" }),
  "/api/signal/boost": (word) => ({ boostId: word === "one" ? "60b7e2e023d0ee6d" : "60b7e2e023d0ee6e" }),
  "/api/signal/suggest": (note) => ({
    ...{ boostId: "60b7e2e023d0ee6d", def_id: "grit.clutched@1", note },
    sessionId: "2b6a3f6e-7f0e-4a57-9a52-0c1d2e3f4a5b",
  }),
};

it("every route that takes an Idempotency-Key and writes for a user is among these", () => {
  const routes = Object.entries(ROUTES as Readonly<Record<string, AnyRoute>>);
  const heeding = routes.filter(([, { access, heeds }]) => access === "user" && heeds?.includes("Idempotency-Key"));
  expect(heeding.map(([name]) => name.replace("POST ", "")).sort()).toEqual(Object.keys(WRITES).sort());
});

describe.each(Object.entries(WRITES))("%s", (path, bodyOf) => {
  it("answers a repeat as it did first, after everything else has changed", async () => {
    const body = bodyOf("one");
    const first = await post(path, body, "k");
    expect(first.status, JSON.stringify(first.body)).toBeLessThan(300);
    await t.sync();
    await bondIsRevoked();
    keyIsRotated();
    await topicsArePaused();
    mirrorIsAway();
    expect(await post(path, body, "k")).toEqual(first);
    expect(submitter.submitted).toHaveLength(1);
  });

  it("refuses another body under the same key, without a look at the mirror", async () => {
    await post(path, bodyOf("one"), "k");
    mirrorIsAway();
    const other = await post(path, bodyOf("three"), "k");
    expect([other.status, other.body.code]).toEqual([422, "key-reused"]);
    expect(submitter.submitted).toHaveLength(1);
  });
});

describe("a new message", () => {
  it("with a wrong signature is refused, and its nonce and its key stay free for the right one", async () => {
    const right = profile("Ana");
    const wrong = { ...profile("Ana", ed25519Wallet()), nonce: right.nonce };
    for (const key of [undefined, "k"]) {
      const refused = await submit(wrong, key);
      expect([refused.status, refused.body.code]).toEqual([400, "bad-input"]);
    }
    expect(submitter.submitted).toEqual([]);
    expect((await submit(right, "k")).status).toBe(200);
  });

  it("that cannot be checked while the mirror is away is written when it is back, under the same key", async () => {
    const body = profile("Ana");
    const fault = t.devnet.faults.add({ kind: "badGateway", route: "account" });
    expect((await submit(body, "k")).body.code).toBe("ledger-unavailable");
    expect(submitter.submitted).toEqual([]);
    t.devnet.faults.remove(fault);
    expect((await submit(body, "k")).status).toBe(200);
  });
});
