/** Signing in with a Hedera account, from the challenge to the session, against a ledger with real keys. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { AccountId, UserId } from "@/lib/core/ledger/ids";
import { TierUnavailable } from "@/lib/ports/tier-unavailable";
import { SOCKET_HEADER } from "@/lib/server/access/client-address";
import {
  answerTo,
  ecdsaWallet,
  ed25519Wallet,
  encodeMap,
  hip820,
  malleated,
  pairOf,
  type Wallet,
} from "../../support/stand-ins/wallet";
import { startTestApp, type TestApp } from "../../support/worlds/app";

let t: TestApp;
beforeEach(async () => {
  t = await startTestApp({ env: { APP_DOMAIN: "app.test,other.test" } });
});
afterEach(() => t.close());

const createAccount = (wallet: Wallet): AccountId => t.devnet.ledger.createAccount(wallet.encodedKey).id;
type Asked = { challenge: string; expiresAt: string };
const ask = async (accountId: string, headers: Record<string, string> = {}): Promise<string> => {
  const response = await t.ask("POST", "/api/auth/challenge", null, { body: { accountId }, headers });
  expect(response.status).toBe(200);
  return ((await response.json()) as Asked).challenge;
};
const answer = (accountId: string, challenge: string, signatureMap: string, headers: Record<string, string> = {}) =>
  t.ask("POST", "/api/auth/verify", null, { body: { accountId, challenge, signatureMap }, headers });
const signIn = async (accountId: string, wallet: Wallet) => {
  const challenge = await ask(accountId);
  return answer(accountId, challenge, answerTo(wallet, challenge));
};
const refusal = async (response: Response) => {
  expect(response.headers.get("set-cookie")).toBeNull();
  const { code, detail } = (await response.json()) as { code: string; detail: string };
  return [response.status, code, detail] as const;
};
const sessionOf = async (cookie: string) =>
  (await t.ask("GET", "/api/auth/session", null, { headers: { cookie } })).json() as Promise<{ userId: string | null }>;
const cookieOf = (response: Response) => response.headers.get("set-cookie")?.split(";")[0] as string;

describe.each([
  ["ED25519", ed25519Wallet],
  ["ECDSA secp256k1", ecdsaWallet],
])("an account with an %s key", (_, make) => {
  it("signs in with one signature, and has a session then", async () => {
    const wallet = make();
    const accountId = createAccount(wallet);
    const response = await signIn(accountId, wallet);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ authenticated: true, userId: accountId, network: "devnet" });
    expect(await sessionOf(cookieOf(response))).toMatchObject({ userId: accountId });
  });

  it("is refused with another account's key, named honestly or not", async () => {
    const [wallet, stranger] = [make(), make()];
    const accountId = createAccount(wallet);
    createAccount(stranger);
    expect((await refusal(await signIn(accountId, stranger))).slice(0, 2)).toEqual([401, "signature"]);
    const challenge = await ask(accountId);
    const forged = encodeMap(pairOf(wallet, stranger.signBytes(hip820(challenge))));
    const map = Buffer.from(forged).toString("base64");
    expect((await refusal(await answer(accountId, challenge, map))).slice(0, 2)).toEqual([401, "signature"]);
  });

  it("signs in with its new key when the key was rotated, and with the old one no more", async () => {
    const [before, after] = [make(), make()];
    const accountId = createAccount(before);
    const challenge = await ask(accountId);
    const signed = answerTo(before, challenge);
    t.devnet.ledger.updateAccount(accountId, { key: after.encodedKey });
    const [status, code, detail] = await refusal(await answer(accountId, challenge, signed));
    expect([status, code]).toEqual([401, "signature"]);
    expect(detail).toContain("a key that the account does not have on the ledger now");
    expect((await signIn(accountId, after)).status).toBe(200);
  });
});

it("takes an ECDSA signature with a high s, and refuses one of 65 bytes and a wallet that answers with much more", async () => {
  const wallet = ecdsaWallet();
  const accountId = createAccount(wallet);
  const challenge = await ask(accountId);
  const signature = wallet.signBytes(hip820(challenge));
  const send = (bytes: Uint8Array) => answer(accountId, challenge, Buffer.from(bytes).toString("base64"));
  expect((await refusal(await send(encodeMap(pairOf(wallet, Uint8Array.from([...signature, 27]))))))[0]).toBe(401);
  expect((await refusal(await send(new Uint8Array(1_200))))[0]).toBe(401);
  expect((await refusal(await send(new Uint8Array(20_000))))[0]).toBe(400);
  expect((await send(encodeMap(pairOf(wallet, malleated(signature))))).status).toBe(200);
  expect((await refusal(await send(encodeMap(pairOf(wallet, signature))))).slice(0, 2)).toEqual([
    409,
    "challenge-used",
  ]);
});

describe("a challenge", () => {
  it("is answered once", async () => {
    const wallet = ed25519Wallet();
    const accountId = createAccount(wallet);
    const challenge = await ask(accountId);
    const signed = answerTo(wallet, challenge);
    const answers = await Promise.all([1, 2, 3, 4, 5].map(() => answer(accountId, challenge, signed)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409, 409]);
    await t.clock.advance(299_000);
    expect((await refusal(await answer(accountId, challenge, signed))).slice(0, 2)).toEqual([409, "challenge-used"]);
    await t.clock.advance(2_000);
    expect((await refusal(await answer(accountId, challenge, signed)))[1]).toBe("challenge");
  });

  it("says in plain words its purpose and its expiry", async () => {
    const response = await t.ask("POST", "/api/auth/challenge", null, { body: { accountId: "0.0.77" } });
    const { challenge, expiresAt } = (await response.json()) as Asked;
    expect(challenge).toMatch(/^TrustMesh sign-in\nDomain: app\.test\nNetwork: devnet\nAccount: 0\.0\.77\nExpires: /);
    expect(Date.parse(expiresAt) - t.clock.now()).toBeGreaterThan(298_000);
    expect(Date.parse(expiresAt) - t.clock.now()).toBeLessThanOrEqual(300_000);
  });

  it("ends after five minutes", async () => {
    const wallet = ed25519Wallet();
    const accountId = createAccount(wallet);
    const challenge = await ask(accountId);
    await t.clock.advance(301_000);
    const [status, code, detail] = await refusal(await answer(accountId, challenge, answerTo(wallet, challenge)));
    expect([status, code]).toEqual([400, "challenge"]);
    expect(detail).toContain("expired");
  });

  it("is for one account", async () => {
    const wallet = ed25519Wallet();
    const [mine, other] = [createAccount(wallet), createAccount(wallet)];
    const challenge = await ask(other);
    const [status, , detail] = await refusal(await answer(mine, challenge, answerTo(wallet, challenge)));
    expect(status).toBe(400);
    expect(detail).toContain("another account");
  });

  it("is bound to the name that the browser used, and only to a name of the app's own", async () => {
    const wallet = ed25519Wallet();
    const accountId = createAccount(wallet);
    const elsewhere = await ask(accountId, { host: "other.test" });
    expect(elsewhere).toContain("Domain: other.test");
    const [status, , detail] = await refusal(await answer(accountId, elsewhere, answerTo(wallet, elsewhere)));
    expect(status).toBe(400);
    expect(detail).toContain("another site");
    // A page that relays challenges under its own name gets one that names the app.
    expect(await ask(accountId, { host: "evil.example" })).toContain("Domain: app.test");
  });

  it("is for one network, also where two networks share a secret", async () => {
    const wallet = ed25519Wallet();
    const accountId = createAccount(wallet);
    const topic = { TOPIC_CONTACT: "0.0.1", TOPIC_TRUST: "0.0.1", TOPIC_RECOGNITION: "0.0.1", TOPIC_PROFILE: "0.0.1" };
    const there = await startTestApp({
      env: { HEDERA_NETWORK: "custom", MIRROR_URL: "http://127.0.0.1:1", APP_DOMAIN: "app.test", ...topic },
    });
    const asked = await there.ask("POST", "/api/auth/challenge", null, { body: { accountId } });
    const { challenge } = (await asked.json()) as Asked;
    await there.close();
    const [status, , detail] = await refusal(await answer(accountId, challenge, answerTo(wallet, challenge)));
    expect(status).toBe(400);
    expect(detail).toContain("another network");
  });

  it("must be one of ours: neither changed in a word nor sealed with another secret", async () => {
    const wallet = ed25519Wallet();
    const accountId = createAccount(wallet);
    const challenge = await ask(accountId);
    const later = challenge.replace(/Expires: \d{4}/, "Expires: 2099");
    expect((await refusal(await answer(accountId, later, answerTo(wallet, later))))[2]).toContain("not made here");
    expect((await refusal(await answer(accountId, "hello", answerTo(wallet, "hello"))))[2]).toContain("not made here");
    const there = await startTestApp({
      env: { APP_DOMAIN: "app.test", SESSION_SECRET: "another secret that is as long as one must be" },
    });
    const asked = await there.ask("POST", "/api/auth/challenge", null, { body: { accountId } });
    const foreign = ((await asked.json()) as Asked).challenge;
    await there.close();
    expect((await refusal(await answer(accountId, foreign, answerTo(wallet, foreign))))[2]).toContain("not made here");
  });
});

describe("an account that one plain key does not sign for", () => {
  const keyList = Uint8Array.from([0x32, 0x02, 0x0a, 0x00]);
  it.each([
    ["that is not there", null, {}, "There is no account 0.0.999999 on devnet."],
    ["that was deleted", ed25519Wallet, { isDeleted: true }, "was deleted"],
    ["that has no key yet", ed25519Wallet, { key: new Uint8Array() }, "has no key yet"],
    ["with a key list", ed25519Wallet, { key: keyList }, "several keys"],
  ])("%s is refused with the reason", async (_, make, change, reason) => {
    const wallet = (make ?? ed25519Wallet)();
    const accountId = make === null ? "0.0.999999" : createAccount(wallet);
    if (make !== null) t.devnet.ledger.updateAccount(accountId as AccountId, change);
    const [status, code, detail] = await refusal(await signIn(accountId, wallet));
    expect([status, code]).toEqual([403, "account-refused"]);
    expect(detail).toContain(reason);
  });
});

describe("while the mirror is in trouble", () => {
  it("says that the account cannot be looked up, and keeps the challenge valid", async () => {
    const wallet = ed25519Wallet();
    const accountId = createAccount(wallet);
    const challenge = await ask(accountId);
    const down = t.devnet.faults.add({ kind: "badGateway", route: "account" });
    const response = await answer(accountId, challenge, answerTo(wallet, challenge));
    expect(response.headers.get("retry-after")).not.toBeNull();
    expect((await refusal(response)).slice(0, 2)).toEqual([503, "ledger-unavailable"]);
    t.devnet.faults.remove(down);
    expect((await answer(accountId, challenge, answerTo(wallet, challenge))).status).toBe(200);
  });

  it("looks up no more accounts than its share of the budget, however many sign in", async () => {
    t.devnet.requests.reset();
    const wallet = ed25519Wallet();
    const statuses = [];
    for (let i = 0; i < 40; i += 1) statuses.push((await signIn("0.0.999999", wallet)).status);
    expect(t.devnet.requests.counts().byRoute.account).toBeLessThanOrEqual(10);
    expect(statuses).toContain(429);
  });
});

describe("a challenge that is sent again and again", () => {
  const addresses = Array.from({ length: 6 }, (_, i) => `203.0.113.${i + 1}`);
  const from = (address: string) => ({ [SOCKET_HEADER]: address });

  it("costs one mirror request, from however many addresses it comes, and no honest sign-in", async () => {
    const [attacker, honest] = [ed25519Wallet(), ed25519Wallet()];
    const account = createAccount(attacker);
    const people = Array.from({ length: 9 }, () => createAccount(honest));
    const reused = await ask(account);
    t.devnet.requests.reset();
    for (const address of addresses) {
      for (let i = 0; i < 20; i += 1) await answer(account, reused, answerTo(honest, reused), from(address));
    }
    expect(t.devnet.requests.counts().byRoute.account).toBe(1);
    for (const accountId of people) expect((await signIn(accountId, honest)).status).toBe(200);
  });

  it("costs no mirror request without a well-formed signature, and stays valid", async () => {
    const wallet = ed25519Wallet();
    const account = createAccount(wallet);
    const challenge = await ask(account);
    t.devnet.requests.reset();
    const empty = [new Uint8Array(), encodeMap(), encodeMap(pairOf(wallet, new Uint8Array(63)))];
    for (const map of empty) {
      const sent = await answer(account, challenge, Buffer.from(map).toString("base64"));
      expect([400, 401]).toContain(sent.status);
    }
    expect(t.devnet.requests.counts().byRoute.account ?? 0).toBe(0);
    expect((await answer(account, challenge, answerTo(wallet, challenge))).status).toBe(200);
  });
});

describe("a server that does not know its own name", () => {
  beforeEach(async () => {
    await t.close();
    t = await startTestApp({ env: {} });
  });
  const askFrom = async (headers: Record<string, string>) =>
    (await t.ask("POST", "/api/auth/challenge", null, { body: { accountId: "0.0.77" }, headers })).status;

  it("has a name for this machine only, which it knows by the socket", async () => {
    const local = { host: "localhost:3000", [SOCKET_HEADER]: "127.0.0.1" };
    expect(await askFrom(local)).toBe(200);
    expect(await askFrom({ ...local, [SOCKET_HEADER]: "::1" })).toBe(200);
    expect(await askFrom({ ...local, [SOCKET_HEADER]: "::ffff:127.0.0.1", "x-forwarded-for": "::1" })).toBe(200);
    for (const headers of [
      { host: "localhost:3000" },
      { ...local, [SOCKET_HEADER]: "203.0.113.9" },
      { ...local, "x-forwarded-for": "203.0.113.9" },
      { ...local, "x-forwarded-for": "127.0.0.1, 203.0.113.9" },
      { ...local, host: "evil.example" },
    ])
      expect(await askFrom(headers)).toBe(503);
  });
});

describe("an account that the operator has bound", () => {
  it("signs in as its earlier id, until it is unbound", async () => {
    const wallet = ed25519Wallet();
    const accountId = createAccount(wallet);
    await t.app.stores.accounts.bind({ accountId, userId: "tm-alice" as UserId, boundMs: 1 });
    expect(await (await signIn(accountId, wallet)).json()).toMatchObject({ userId: "tm-alice" });
    await t.app.stores.accounts.unbind(accountId);
    expect(await (await signIn(accountId, wallet)).json()).toMatchObject({ userId: accountId });
  });
});

describe("signing out everywhere", () => {
  const everywhere = (cookie: string) =>
    t.ask("POST", "/api/auth/logout", null, { headers: { cookie }, body: { everywhere: true } });
  const cookieFor = async (userId: string) => (await t.app.sessions.issue(userId as UserId)).split(";")[0] as string;

  it("ends every session of the user at once, and nobody else's", async () => {
    const [phone, laptop, other] = await Promise.all([cookieFor("tm-a"), cookieFor("tm-a"), cookieFor("tm-b")]);
    for (const cookie of [phone, laptop, other]) expect((await sessionOf(cookie)).userId).not.toBeNull();
    expect((await everywhere(phone)).status).toBe(200);
    expect(await Promise.all([phone, laptop, other].map(async (cookie) => (await sessionOf(cookie)).userId))).toEqual([
      null,
      null,
      "tm-b",
    ]);
    expect((await t.ask("GET", "/api/contacts", null, { headers: { cookie: laptop } })).status).toBe(401);
  });

  it("does not end a sign-in that follows in the same millisecond", async () => {
    await everywhere(await cookieFor("tm-a"));
    const again = await cookieFor("tm-a");
    expect(await sessionOf(again)).toMatchObject({ userId: "tm-a" });
    await everywhere(again);
    expect((await sessionOf(again)).userId).toBeNull();
  });

  it("needs a session", async () => {
    expect((await t.ask("POST", "/api/auth/logout", null, { body: { everywhere: true } })).status).toBe(401);
  });
});

describe("signing out", () => {
  const cookieFor = async (userId: string) => (await t.app.sessions.issue(userId as UserId)).split(";")[0] as string;
  const signOut = (cookie: string | null, body?: object) =>
    t.ask("POST", "/api/auth/logout", null, { headers: cookie === null ? {} : { cookie }, ...(body ? { body } : {}) });
  const read = async (cookie: string) => (await t.ask("GET", "/api/contacts", null, { headers: { cookie } })).status;

  it.each([{}, { everywhere: false }, undefined])("ends that session for good, and no other: %j", async (body) => {
    // Both sessions begin at the same moment: only a number tells them apart.
    const [phone, laptop] = [await cookieFor("tm-a"), await cookieFor("tm-a")];
    const response = await signOut(phone, body);
    expect(response.status).toBe(200);
    expect(response.headers.get("set-cookie")).toContain("Max-Age=0");
    expect([await read(phone), await read(laptop)]).toEqual([401, 200]);
    await t.app.signOuts.load();
    expect([await read(phone), await read(laptop)]).toEqual([401, 200]);
    expect((await signOut(null, body)).status).toBe(200);
  });

  it("ends the session in every spelling of its signature", async () => {
    const cookie = await cookieFor("tm-a");
    await signOut(cookie);
    // The last character of 32 bytes in base64url carries two bits that nobody looks at.
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const at = alphabet.indexOf(cookie.at(-1) as string);
    for (const other of [0, 1, 2, 3].map((bits) => alphabet[(at & ~3) | bits] as string))
      expect(await read(`${cookie.slice(0, -1)}${other}`)).toBe(401);
  });

  it("is done here at once while the database is away, and kept when it is back", async () => {
    const cookie = await cookieFor("tm-a");
    const { accounts } = t.app.stores;
    const away = vi.spyOn(accounts, "signOut").mockRejectedValue(new TierUnavailable("postgres", "away"));
    expect((await signOut(cookie)).status).toBe(200);
    expect(await read(cookie)).toBe(401);
    expect(await accounts.signOuts(0)).toEqual([]);
    away.mockRestore();
    await t.clock.advance(20_000);
    expect(await accounts.signOuts(0)).toHaveLength(1);
  });
});
