/** Every write of the TrustMesh web UI: the members that it sends and reads, what reaches the ledger, and each refusal. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { decodeMessage } from "@/lib/core/signals/envelope";
import type { CircleAnswer } from "@/lib/wire/contacts";
import { DevnetSubmitter } from "../../support/mirrors/devnet-submitter";
import { ed25519Wallet } from "../../support/stand-ins/wallet";
import { startTestApp, type TestApp } from "../../support/worlds/app";
import { signedMint, signedProfile } from "../../support/worlds/histories/signed";

const ANA = "0.0.7001";
const BEN = "0.0.7002";
const ISSUER = "0.0.4851773";
const wallet = ed25519Wallet();
let t: TestApp;
let submitter: DevnetSubmitter;

const start = async (env: Record<string, string> = {}) => {
  t = await startTestApp({
    env: { RATE_LIMITS: "0", ISSUERS: `${ISSUER}=${ANA}`, ...env },
    submitter: (devnet) => {
      submitter = new DevnetSubmitter(devnet);
      return submitter;
    },
  });
  t.devnet.ledger.createAccount(wallet.encodedKey, { id: ANA as never });
  t.devnet.submitMany(t.devnet.topics.contact, [{ type: "CONTACT_ACCEPT", from: BEN, to: ANA }]);
  await t.sync();
};
beforeAll(() => start());
beforeEach(async () => {
  // The same trust is written again after half a minute only.
  await t.clock.advance(31_000);
  nextNonce();
  submitter.submitted.length = 0;
});
afterAll(() => t.close());

let highest = 0;
/** Larger than every nonce so far. */
const nextNonce = () => {
  highest = Math.max(t.clock.now(), highest + 1, ...written().map(({ nonce }) => Math.ceil(Number(nonce)) + 1));
  return highest;
};

type Json = Record<string, unknown>;
const post = async (path: string, body: object, userId: string | null = ANA, headers: Record<string, string> = {}) => {
  const response = await t.ask("POST", path, userId, { body, headers });
  return { status: response.status, body: (await response.json()) as Json };
};
/** The messages that were written, oldest first. */
const written = () => submitter.submitted.map((text) => JSON.parse(text) as Json);
const last = () => written().at(-1) ?? {};
const decodedLast = () => {
  const decoded = decodeMessage(Buffer.from(submitter.submitted.at(-1) ?? ""));
  return decoded.ok ? decoded.value : decoded.error;
};
const nowS = () => Math.floor(t.clock.now() / 1_000);
const envelope = (type: string, payload: object, more: object = {}) => ({
  ...{ type, from: ANA, nonce: nextNonce(), ts: nowS(), payload },
  ...more,
});

describe("trust", () => {
  it("is given in the form that both readers read, and shows in the circle", async () => {
    const { body } = await post("/api/trust/allocate", { sessionId: ANA, targetId: BEN, weight: 1 });
    const { trust } = t.devnet.topics;
    expect(body).toMatchObject({
      ...{ success: true, hcsRef: `hcs://${trust}/${body.sequenceNumber}`, topicId: trust, message: "Trust allocated" },
      transactionId: expect.any(String),
    });
    const payload = { target: BEN, weight: 1 };
    expect(last()).toMatchObject({ type: "TRUST_ALLOCATE", from: ANA, to: BEN, payload, ts: nowS() });
    const headers = { "if-min-sequence": String(body.minSequence) };
    const circle = (await (await t.ask("GET", "/api/circle", ANA, { headers })).json()) as CircleAnswer;
    expect(circle.trustStats.allocatedOut).toBe(1);
    const back = await post("/api/trust/revoke", { sessionId: ANA, targetId: BEN });
    expect(back.body).toMatchObject({
      success: true,
      message: "Trust revoked",
      hcsRef: `hcs://${trust}/${back.body.sequenceNumber}`,
    });
    expect(last()).toMatchObject({ type: "TRUST_REVOKE", from: ANA, to: BEN, payload: { target: BEN } });
  });

  it.each(["/api/trust/allocate", "/api/trust/revoke"])("%s says what is missing, or not allowed", async (path) => {
    const refused = async (body: object, userId: string | null = ANA) => {
      const answer = await post(path, body, userId);
      expect([answer.body.success, typeof answer.body.error]).toEqual([false, "string"]);
      return answer.status;
    };
    expect(await refused({ sessionId: ANA })).toBe(400);
    expect(await refused({ targetId: BEN })).toBe(400);
    expect(await refused({ sessionId: BEN, targetId: ANA })).toBe(403);
    expect(await refused({ sessionId: ANA, targetId: ANA })).toBe(400);
    expect(await refused({ sessionId: ANA, targetId: BEN }, null)).toBe(401);
    expect(written()).toEqual([]);
  });

  it("keeps to the nine slots and to contacts, as every other write", async () => {
    expect((await post("/api/trust/allocate", { sessionId: ANA, targetId: "0.0.7999", weight: 1 })).status).toBe(409);
    const many = await post("/api/trust/allocate", { sessionId: ANA, targetId: BEN, weight: 10 });
    expect([many.status, many.body.code]).toEqual([409, "slots-full"]);
  });

  it("is written once under one Idempotency-Key", async () => {
    const body = { sessionId: ANA, targetId: BEN, weight: 1 };
    const first = await post("/api/trust/allocate", body, ANA, { "idempotency-key": "k" });
    expect(await post("/api/trust/allocate", body, ANA, { "idempotency-key": "k" })).toEqual(first);
    expect(written()).toHaveLength(1);
  });

  it("is given also where the person's own device is a minute ahead of this server", async () => {
    await post("/api/hcs/submit", {
      ...envelope("PROFILE_UPDATE", { displayName: "Ana" }),
      nonce: nextNonce() + 60_000,
    });
    expect((await post("/api/trust/allocate", { sessionId: ANA, targetId: BEN })).status).toBe(200);
    const [before, after] = written().map(({ nonce }) => Number(nonce));
    expect(after).toBeGreaterThan(before as number);
  });
});

describe("an envelope", () => {
  it("keeps the members beside its payload, and a fractional nonce", async () => {
    const sent = envelope("TRUST_ALLOCATE", { target: BEN, weight: 1 }, { to: BEN, nonce: nextNonce() + 0.25 });
    expect((await post("/api/hcs/submit", sent)).body).toMatchObject({ ok: true, transactionId: expect.any(String) });
    expect(last()).toEqual(sent);
    const again = await post("/api/hcs/submit", { ...sent, nonce: sent.nonce + 0.5 });
    expect(again.status).toBe(200);
    const older = await post("/api/hcs/submit", { ...sent, nonce: sent.nonce + 0.25 });
    expect([older.status, older.body.ok, older.body.code]).toEqual([409, false, "nonce"]);
  });

  it.each(["actor", "issuer", "sender", "actors", "metadata", "subject"])(
    "is never another person's, whatever its %s says",
    async (member) => {
      for (const value of [BEN, { acct: BEN }, { from: BEN }, { actor: BEN }]) {
        await t.clock.advance(1_000);
        const before = written().length;
        for (const more of [{ [member]: value }, { payload: { target: "0.0.7009", [member]: value } }])
          await post("/api/hcs/submit", { ...envelope("CONTACT_REQUEST", { target: "0.0.7009" }), ...more });
        for (const text of submitter.submitted.slice(before)) {
          const decoded = decodeMessage(Buffer.from(text));
          expect(decoded.ok && decoded.value.actor, text).toBe(ANA);
        }
      }
      const named = await post("/api/hcs/submit", envelope("CONTACT_REQUEST", { target: "0.0.7009" }, { actor: BEN }));
      expect([named.status, named.body.ok]).toEqual([403, false]);
    },
  );

  it("binds nobody's identity, although this server's payer is trusted", async () => {
    const payload = { t: "IDENTITY_BIND", evm_address: `0x${"5".repeat(40)}`, hedera_account_id: ANA };
    const identity = envelope("RECOGNITION_MINT", payload, { t: "IDENTITY_BIND", sub: `did:ethr:0x${"5".repeat(40)}` });
    expect((await post("/api/hcs/submit", identity)).status).toBe(403);
    expect(written()).toEqual([]);
  });
});

describe("an accept and its mirror", () => {
  const accept = () => {
    const from = { acct: ANA, handle: "Ana" };
    const to = { acct: BEN, handle: "Ben" };
    return envelope("CONTACT_ACCEPT", {
      v: 1,
      type: "CONTACT_ACCEPT",
      req: { jti: "j", hash: "h" },
      from,
      to,
      mutual: true,
    });
  };
  const mirror = (more: object = {}) =>
    envelope(
      "CONTACT_MIRROR",
      { v: 1, type: "CONTACT_MIRROR", ref: { hash: "h" }, from: { acct: BEN }, to: { acct: ANA }, ...more },
      { from: BEN },
    );

  it("are one message, and both answers name it", async () => {
    const first = await post("/api/hcs/submit", accept());
    expect(first.body).toMatchObject({ ok: true, topicId: t.devnet.topics.contact });
    expect(await post("/api/hcs/submit", mirror())).toEqual(first);
    expect(written()).toHaveLength(1);
  });

  it("are one message also where another instance has written the accept", async () => {
    const stalled = t.devnet.faults.add({ kind: "stalledHead" });
    const first = await post("/api/hcs/submit", accept());
    t.devnet.faults.remove(stalled);
    await t.sync();
    expect(t.app.pending.of(ANA as never)).toEqual([]);
    expect(await post("/api/hcs/submit", mirror())).toEqual(first);
  });

  it.each([
    ["a mirror for somebody else", () => mirror({ to: { acct: "0.0.7009" } })],
    [
      "a mirror of somebody whom the caller did not accept",
      () => ({ ...mirror({ from: { acct: "0.0.7009" } }), from: "0.0.7009" }),
    ],
    ["an accept in another's name", () => ({ ...accept(), from: BEN })],
  ])("%s is refused", async (_, body) => {
    await post("/api/hcs/submit", accept());
    const before = written().length;
    const { status, body: answer } = await post("/api/hcs/submit", body());
    expect([status, answer.ok, typeof answer.error]).toEqual([403, false, "string"]);
    expect(written()).toHaveLength(before);
  });
});

describe("a profile", () => {
  const profile = { accountId: ANA, displayName: "Ana", bio: "Hi", avatar: "", timestamp: 1_764_290_000_123 };
  const key = { publicKey: { publicKeyDer: "302a" } };
  const signed = (timestamp: number | string, publicKey: unknown) => {
    const { type: _, ...body } = signedProfile(wallet, ANA, { timestamp, publicKey });
    return body;
  };

  it.each([
    ["from the profile page", signed(1_764_290_000_123, key.publicKey)],
    ["from the onboarding", signed("2025-11-28T00:33:20.123Z", [48, 42])],
  ])("%s is written with its signed members at the top", async (_, sent) => {
    const { body } = await post("/api/hcs/profile", sent);
    const topicId = t.devnet.topics.profile;
    expect(body).toMatchObject({
      ok: true,
      hrl: `hcs://11/${topicId}/${body.sequenceNumber}`,
      sequenceNumber: expect.any(String),
    });
    expect(body).toMatchObject({
      profile: { ...profile, timestamp: sent.timestamp },
      transactionId: expect.any(String),
    });
    expect(last()).toMatchObject({ type: "PROFILE_UPDATE", from: ANA, ...sent });
    const shown = (await (await t.ask("GET", "/api/profile/status", ANA)).json()) as { profile: Json };
    expect(shown.profile).toMatchObject({ accountId: ANA, displayName: "Ana", bio: "Hi" });
  });

  it.each([
    ["without an account", { ...profile, accountId: undefined, signature: "aa", ...key }, 400],
    ["without a signature", { ...profile, ...key }, 400],
    ["without a key", { ...profile, signature: "aa" }, 400],
    ["of somebody else", { ...profile, accountId: BEN, signature: "aa", ...key }, 403],
    ["with text that is no signature", { ...profile, signature: "aa", ...key }, 400],
    ["that was changed after it was signed", { ...signed(1_764_290_000_123, "302a"), bio: "Other" }, 400],
    [
      "that another key signed",
      { ...signedProfile(ed25519Wallet(), ANA, { timestamp: 1_764_290_000_123 }), type: undefined },
      400,
    ],
    ["that is dated in the future", signed(4_000_000_000_000, "302a"), 400],
  ])("%s is refused", async (_, sent, status) => {
    const answer = await post("/api/hcs/profile", sent);
    expect([answer.status, answer.body.ok, typeof answer.body.error]).toEqual([status, false, "string"]);
    expect(written()).toEqual([]);
  });
});

describe("a recognition", () => {
  const mint = {
    ...{
      tokenId: "strategic-vision",
      name: "Strategic Vision",
      category: "leadership",
      subtitle: "Sees far",
      emoji: "🔭",
    },
    ...{ issuerId: ANA, recipientId: BEN, senderName: "Ana", recipientName: "Ben", trustAmount: 0.5 },
    ...{ message: "Thank you", publicKey: "302a", timestamp: 1_764_290_000_123 },
    signature: signedMint(wallet, ANA, BEN, { message: "Thank you", timestamp: 1_764_290_000_123 }).signature,
  };

  it("that was changed after it was signed is refused, and says which member is wrong", async () => {
    const { status, body } = await post("/api/hcs/mint-recognition", { ...mint, trustAmount: 25 });
    expect([status, body.ok, body.field, written()]).toEqual([400, false, "signature", []]);
  });

  it("is given with every member that the card shows", async () => {
    const { body } = await post("/api/hcs/mint-recognition", mint);
    expect(body).toMatchObject({
      ...{ ok: true, tokenId: "strategic-vision", name: "Strategic Vision", category: "leadership", status: "onchain" },
      ...{
        hrl: `hcs://11/${t.devnet.topics.recognition}/${body.sequenceNumber}`,
        trstCost: 0,
        mintTransactionId: expect.any(String),
      },
    });
    const { issuerId, recipientId, ...members } = mint;
    expect(last()).toMatchObject({
      type: "SIGNAL_MINT",
      from: issuerId,
      to: recipientId,
      issuer: issuerId,
      ...members,
    });
    expect(decodedLast()).toMatchObject({
      type: "RECOGNITION_MINT",
      actor: ANA,
      target: BEN,
      definitionId: "strategic-vision",
    });
  });

  it.each(["tokenId", "name", "issuerId", "recipientId", "signature", "publicKey"])(
    "without %s is refused",
    async (member) => {
      const { status, body } = await post("/api/hcs/mint-recognition", { ...mint, [member]: undefined });
      expect([status, body.ok, typeof body.error]).toEqual([400, false, "string"]);
    },
  );

  it("in another's name is refused", async () => {
    expect((await post("/api/hcs/mint-recognition", { ...mint, issuerId: BEN, recipientId: ANA })).status).toBe(403);
    expect(written()).toEqual([]);
  });

  it("of the caller's own words is created, and read by both readers", async () => {
    const to = { accountId: BEN, handle: "Ben" };
    const said = { label: "Team Player", emoji: "🤝", description: "Helps", lens: "base", to, note: "Thanks" };
    const { status, body } = await post("/api/recognition/create", { ...said, mintAsNFT: false });
    const id = expect.stringMatching(new RegExp(`^${t.devnet.topics.recognition}/\\d+$`));
    expect([status, body.ok]).toEqual([201, true]);
    expect(body.signal).toEqual({
      ...{ id, from: { accountId: ANA }, timestamp: expect.any(String), txId: expect.any(String) },
      ...said,
    });
    expect(last()).toMatchObject({ type: "RECOGNITION_MINT", from: ANA, to: BEN, name: "Team Player", emoji: "🤝" });
    expect(decodedLast()).toMatchObject({ type: "RECOGNITION_MINT", actor: ANA, target: BEN });
    const wrong = await post("/api/recognition/create", { ...said, label: "" });
    expect([wrong.status, typeof wrong.body.error]).toEqual([400, "string"]);
    expect((await post("/api/recognition/create", said, null)).status).toBe(401);
  });
});

describe("an issuer's message", () => {
  const payload = { t: "signal.mint@1", def_id: "grit.peer_mentor@1", to: BEN, fill: "Mentored eight students" };
  const message = (more: object = {}) => envelope("RECOGNITION_MINT", payload, { from: ISSUER, ...more });

  it("is written as it was given, if the operator has named its issuer", async () => {
    const sent = message();
    const { body } = await post("/api/issuer/submit", sent);
    expect(body).toMatchObject({
      ...{ success: true, topicId: t.devnet.topics.recognition, sequenceNumber: expect.stringMatching(/^\d+$/) },
      ...{ transactionId: expect.any(String), consensusTimestamp: expect.stringMatching(/^\d+\.\d{9}$/) },
    });
    expect(last()).toEqual(sent);
    expect((await post("/api/issuer/submit", message({ from: ANA }))).status).toBe(200);
  });

  it.each([
    ["by somebody else", () => message(), BEN, 403],
    ["of another issuer", () => message({ from: "0.0.4851774" }), ANA, 403],
    ["of a type that issuers do not write", () => message({ type: "SYSTEM_UPDATE" }), ANA, 400],
    ["of a time long ago", () => message({ ts: nowS() - 601 }), ANA, 400],
  ])("%s is refused", async (_, body, userId, status) => {
    const answer = await post("/api/issuer/submit", body(), userId);
    expect([answer.status, answer.body.success, typeof answer.body.error]).toEqual([status, false, "string"]);
    expect(written()).toEqual([]);
  });
});

describe("boosts", () => {
  const boostId = "60b7e2e023d0ee6d";
  const suggestion = {
    boostId,
    def_id: "grit.clutched@1",
    note: "Great",
    sessionId: "2b6a3f6e-7f0e-4a57-9a52-0c1d2e3f4a5b",
  };

  it.each([
    ["/api/signal/boost", { boostId }],
    ["/api/signal/suggest", suggestion],
  ])("%s is not found where the operator has not turned it on", async (path, body) => {
    const answer = await post(path, body);
    expect([answer.status, typeof answer.body.error]).toEqual([404, "string"]);
  });

  it("are the operator's, and do not say who asked for them; suggestions are the caller's", async () => {
    await t.close();
    await start({ FEATURE_GZ_BOOST_API: "1" });
    expect((await post("/api/signal/boost", { boostId })).body).toMatchObject({ ok: true, boostId });
    expect(submitter.submitted.at(-1)).not.toContain(ANA);
    expect(decodedLast()).toMatchObject({ type: "SIGNAL_BOOST", actor: t.devnet.operatorId });
    const { body } = await post("/api/signal/suggest", suggestion);
    expect(body).toMatchObject({ ok: true, boostId, def_id: "grit.clutched@1", transactionId: expect.any(String) });
    expect(decodedLast()).toMatchObject({ type: "SIGNAL_SUGGEST", actor: ANA });
    expect((await post("/api/signal/boost", { boostId: "x" })).status).toBe(400);
    expect((await post("/api/signal/suggest", { ...suggestion, sessionId: undefined })).status).toBe(400);
    expect((await post("/api/signal/suggest", suggestion, null)).status).toBe(401);
  });
});
