/** Requests that carry a DID token of Magic's, against a ledger with accounts of real keys. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AccountId, UserId } from "@/lib/core/ledger/ids";
import { encodeEcdsaKey } from "@/lib/devnet/rest/key-json";
import { CLIENT_ID, type MagicWallet, magicWallet } from "../../support/stand-ins/magic";
import { ecdsaWallet, ed25519Wallet } from "../../support/stand-ins/wallet";
import { startTestApp, type TestApp } from "../../support/worlds/app";

let t: TestApp;
beforeEach(async () => {
  t = await startTestApp({ env: { MAGIC_CLIENT_ID: CLIENT_ID } });
});
afterEach(() => t.close());

const nowS = () => Math.floor(t.clock.now() / 1_000);
const createAccount = ({ address, publicKey }: MagicWallet, key = encodeEcdsaKey(publicKey)): AccountId =>
  t.devnet.ledger.createAccount(key, { evmAddress: address }).id;
const get = (token: string, cookie?: string, path = "/api/contacts") =>
  t.ask("GET", path, null, { headers: { authorization: `Bearer ${token}`, ...(cookie ? { cookie } : {}) } });
const cookieOf = (response: Response) => response.headers.get("set-cookie")?.split(";")[0];
const ownerOf = async (response: Response) => ((await response.json()) as { sessionId: string }).sessionId;
const refusal = async (response: Response) => {
  expect(response.headers.get("set-cookie")).toBeNull();
  const { code, detail } = (await response.json()) as { code: string; detail: string };
  return [response.status, code, detail] as const;
};
const accountRequests = () => t.devnet.requests.counts().byRoute.account ?? 0;

describe("a request with a Magic token", () => {
  it("is its account's, and gets a cookie with which later requests need no token", async () => {
    const wallet = magicWallet();
    const accountId = createAccount(wallet);
    const first = await get(wallet.token(nowS()));
    expect(first.status).toBe(200);
    expect(await ownerOf(first)).toBe(accountId);
    const cookie = cookieOf(first) as string;
    const later = await t.ask("GET", "/api/contacts", null, { headers: { cookie } });
    expect(await ownerOf(later)).toBe(accountId);
    expect(cookieOf(later)).toBeUndefined();
  });

  it("sets no cookie where the person has one, and changes it where the person changed", async () => {
    const [ana, ben] = [magicWallet(), magicWallet()];
    createAccount(ana);
    const benId = createAccount(ben);
    const cookie = cookieOf(await get(ana.token(nowS()))) as string;
    expect(cookieOf(await get(ana.token(nowS()), cookie))).toBeUndefined();
    const changed = await get(ben.token(nowS()), cookie);
    expect(await ownerOf(changed)).toBe(benId);
    expect(cookieOf(changed)).toBeDefined();
  });

  it("costs one look at the mirror however often the token comes, at once or later", async () => {
    const wallet = magicWallet();
    createAccount(wallet);
    const token = wallet.token(nowS());
    const before = accountRequests();
    const answers = await Promise.all(Array.from({ length: 8 }, () => get(token)));
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200));
    await get(token);
    expect(accountRequests() - before).toBe(1);
  });

  it("counts new tokens by person where that person has a session, so an office may load many pages", async () => {
    const office = Array.from({ length: 5 }, () => magicWallet());
    const answersOf = async (wallet: MagicWallet, cookie: string, tokens: number) => {
      const answers: number[] = [];
      for (let i = 0; i < tokens; i += 1)
        answers.push((await get(wallet.token(nowS(), { tid: `more-${i}` }), cookie)).status);
      return answers;
    };
    for (const wallet of office) {
      createAccount(wallet);
      const cookie = cookieOf(await get(wallet.token(nowS()))) as string;
      expect(new Set(await answersOf(wallet, cookie, 30))).toEqual(new Set([200]));
    }
    const [ana] = office as [MagicWallet];
    const cookie = cookieOf(await get(ana.token(nowS(), { tid: "again" }))) as string;
    expect(new Set(await answersOf(ana, cookie, 70))).toEqual(new Set([200, 429]));
  });

  it("costs one look at the mirror a minute, however many new tokens a person's pages bring", async () => {
    const wallet = magicWallet();
    createAccount(wallet);
    const before = accountRequests();
    const tokens = Array.from({ length: 5 }, (_, i) => wallet.token(nowS(), { tid: String(i) }));
    for (const token of tokens) expect((await get(token)).status).toBe(200);
    expect(accountRequests() - before).toBe(1);
    await t.clock.advance(60_000);
    expect((await get(wallet.token(nowS()))).status).toBe(200);
    expect(accountRequests() - before).toBe(2);
  });

  it("counts for the id that an operator bound the account to", async () => {
    const wallet = magicWallet();
    const accountId = createAccount(wallet);
    await t.app.stores.accounts.bind({ accountId, userId: "tm-ana" as UserId, boundMs: 1 });
    expect(await ownerOf(await get(wallet.token(nowS())))).toBe("tm-ana");
  });

  it("counts for an account that waits for its first transaction", async () => {
    const wallet = magicWallet();
    const accountId = createAccount(wallet, new Uint8Array());
    expect(await ownerOf(await get(wallet.token(nowS())))).toBe(accountId);
  });

  it("tells the session's route who is signed in", async () => {
    const wallet = magicWallet();
    const userId = createAccount(wallet);
    const response = await get(wallet.token(nowS()), undefined, "/api/auth/session");
    expect(await response.json()).toMatchObject({ authenticated: true, userId });
    expect(cookieOf(response)).toBeDefined();
  });
});

describe("a Magic token is refused, with a cookie or without,", () => {
  it.each([
    ["when it was forged by another key", (wallet: MagicWallet) => forged(wallet), "not signed by the key"],
    ["when it has expired", (wallet: MagicWallet) => wallet.token(nowS() - 901), "expired"],
    ["when it begins later", (wallet: MagicWallet) => wallet.token(nowS() + 400), "not valid yet"],
    [
      "when it is for another application",
      (wallet: MagicWallet) => wallet.token(nowS(), { aud: "x" }),
      "another application",
    ],
    [
      "when it lives for a month",
      (wallet: MagicWallet) => wallet.token(nowS(), { ext: nowS() + 2_592_000 }),
      "longer than a week",
    ],
    ["when it is no token", () => "WyJ4Il0=", "no token of Magic's"],
    [
      "when it is only decoded by others: an e-mail and a time",
      () => Buffer.from(`a@example.org:${t.clock.now()}`).toString("base64"),
      "no token of Magic's",
    ],
  ])("%s", async (_, make, reason) => {
    const wallet = magicWallet();
    const userId = createAccount(wallet);
    const cookie = (await t.app.sessions.issue(userId as unknown as UserId)).split(";")[0];
    for (const known of [undefined, cookie]) {
      const [status, code, detail] = await refusal(await get(make(wallet), known));
      expect([status, code]).toEqual([401, "wrong-token"]);
      expect(detail).toContain(reason);
    }
  });

  const forged = (victim: MagicWallet) => magicWallet().token(nowS(), { iss: `did:ethr:${victim.address}` });

  it("when nobody has made an account from its key", async () => {
    const [status, code] = await refusal(await get(magicWallet().token(nowS())));
    expect([status, code]).toEqual([403, "account-refused"]);
  });

  it.each([
    ["another key of the same kind", ecdsaWallet],
    ["a key of another kind", ed25519Wallet],
  ])("when the account has %s now", async (_, make) => {
    const wallet = magicWallet();
    const accountId = createAccount(wallet);
    t.devnet.ledger.updateAccount(accountId, { key: make().encodedKey });
    const [status, code, detail] = await refusal(await get(wallet.token(nowS())));
    expect([status, code]).toEqual([403, "account-refused"]);
    expect(detail).toContain("another key");
  });

  it("within a minute after the account got another key", async () => {
    const wallet = magicWallet();
    const accountId = createAccount(wallet);
    expect((await get(wallet.token(nowS()))).status).toBe(200);
    t.devnet.ledger.updateAccount(accountId, { key: ecdsaWallet().encodedKey });
    await t.clock.advance(60_000);
    expect((await refusal(await get(wallet.token(nowS())))).slice(0, 2)).toEqual([403, "account-refused"]);
  });

  it("when the account was deleted", async () => {
    const wallet = magicWallet();
    t.devnet.ledger.updateAccount(createAccount(wallet), { isDeleted: true });
    expect((await refusal(await get(wallet.token(nowS())))).slice(0, 2)).toEqual([403, "account-refused"]);
  });

  it("after it was signed out, and so is its cookie", async () => {
    const wallet = magicWallet();
    createAccount(wallet);
    const token = wallet.token(nowS());
    const cookie = cookieOf(await get(token)) as string;
    const out = await t.ask("POST", "/api/auth/logout", null, {
      body: {},
      headers: { authorization: `Bearer ${token}`, cookie },
    });
    expect(out.status).toBe(200);
    expect((await refusal(await get(token))).slice(0, 2)).toEqual([401, "wrong-token"]);
    expect((await t.ask("GET", "/api/contacts", null, { headers: { cookie } })).status).toBe(401);
  });

  it("after its person signed out everywhere, until a later token comes", async () => {
    const wallet = magicWallet();
    const userId = createAccount(wallet) as unknown as UserId;
    const token = wallet.token(nowS());
    await get(token);
    expect((await t.ask("POST", "/api/auth/logout", userId, { body: { everywhere: true } })).status).toBe(200);
    expect((await refusal(await get(token))).slice(0, 2)).toEqual([401, "wrong-token"]);
    await t.clock.advance(6_000);
    expect((await get(wallet.token(nowS()))).status).toBe(200);
  });

  it("once it has expired, though it was accepted before", async () => {
    const wallet = magicWallet();
    createAccount(wallet);
    const token = wallet.token(nowS());
    expect((await get(token)).status).toBe(200);
    await t.clock.advance(901_000);
    expect((await refusal(await get(token))).slice(0, 2)).toEqual([401, "wrong-token"]);
  });
});

describe("without a configured application", () => {
  it("a token neither signs in nor disturbs the cookie's session", async () => {
    const plain = await startTestApp();
    try {
      const headers = { authorization: `Bearer ${magicWallet().token(Math.floor(plain.clock.now() / 1_000))}` };
      expect((await plain.ask("GET", "/api/contacts", null, { headers })).status).toBe(401);
      expect((await plain.ask("GET", "/api/contacts", "tm-ana", { headers })).status).toBe(200);
    } finally {
      await plain.close();
    }
  });
});
