/** Sign-ins with a DID token of Magic's where a topic says which account an identity is bound to. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type AccountId, type TopicId, toTopicId, type UserId } from "@/lib/core/ledger/ids";
import { MAX_ISSUED_AHEAD_MS } from "@/lib/core/signals/identity-binding";
import { encodeEcdsaKey } from "@/lib/devnet/rest/key-json";
import { TierUnavailable } from "@/lib/ports/tier-unavailable";
import { AdminStatus } from "@/lib/wire/operators/admin";
import { MessageLookup } from "@/lib/wire/operators/lookup";
import { intercepted } from "../../support/control/intercepted";
import { CLIENT_ID, type MagicWallet, magicWallet } from "../../support/stand-ins/magic";
import { damage } from "../../support/stores/database";
import { startTestApp, type TestApp } from "../../support/worlds/app";
import { createTestApp } from "../../support/worlds/create-test-app";

/** The devnet's first topic after its own four. */
const TOPIC = toTopicId("0.0.1005");
const [ONE, TWO] = ["0.0.7001", "0.0.7002"];
const STRANGER = "0.0.666" as AccountId;
const ENV = { MAGIC_CLIENT_ID: CLIENT_ID, TOPIC_IDENTITY: TOPIC, GAP_GRACE_S: "1" };
const A_MINUTE = 61_000;
const A_DAY = 24 * 3_600_000;

let t: TestApp;
let ana: MagicWallet;
let isDatabaseDown = false;
beforeEach(async () => {
  isDatabaseDown = false;
  t = await startTestApp({
    env: ENV,
    wrapStores: (stores) => ({
      ...stores,
      identities: intercepted(stores.identities, () =>
        isDatabaseDown ? new TierUnavailable("postgres", "down") : null,
      ),
    }),
  });
  expect(t.devnet.createTopic()).toBe(TOPIC);
  ana = magicWallet();
});
afterEach(() => t.close());

type Act = "BIND" | "ASSERT" | "ROTATE" | "UNBIND";
interface Said {
  readonly account?: string;
  readonly payer?: AccountId;
  readonly wallet?: MagicWallet;
  /** Milliseconds from now to when the message says that it was issued. */
  readonly ahead?: number;
  readonly topicId?: TopicId;
  readonly change?: object;
}
const say = (act: Act, { account = ONE, payer, wallet = ana, ahead = 0, topicId = TOPIC, change = {} }: Said = {}) => {
  const payload = act === "ROTATE" ? { to_hedera_id: account } : act === "UNBIND" ? {} : { hedera_account_id: account };
  const iat = new Date(t.clock.now() + ahead).toISOString();
  const body = { t: `IDENTITY_${act}`, v: 1, sub: `did:ethr:${wallet.address}`, iat, payload, ...change };
  return t.devnet.submit(topicId, body, payer === undefined ? {} : { payer });
};
/** Says it, and waits until it is stored and no remembered token counts any more. */
const bound = async (...said: Parameters<typeof say>) => {
  say(...said);
  await t.clock.advance(A_MINUTE);
  await t.sync();
};
const nowS = () => Math.floor(t.clock.now() / 1_000);
const accountFromAddress = ({ address, publicKey }: MagicWallet): AccountId =>
  t.devnet.ledger.createAccount(encodeEcdsaKey(publicKey), { evmAddress: address }).id;
const get = (token: string, cookie?: string) =>
  t.ask("GET", "/api/contacts", null, { headers: { authorization: `Bearer ${token}`, ...(cookie ? { cookie } : {}) } });
const signIn = (wallet = ana) => get(wallet.token(nowS()));
const ownerOf = async (response: Response) => {
  expect(response.status, await response.clone().text()).toBe(200);
  return ((await response.json()) as { sessionId: string }).sessionId;
};
const refusal = async (response: Response) => {
  expect(response.headers.get("set-cookie")).toBeNull();
  const { code, detail } = (await response.json()) as { code: string; detail: string };
  return [response.status, code, detail] as const;
};
const UNBOUND = "This identity was unbound from its account. Ask the operator of this service to bind it again.";
const accountRequests = () => t.devnet.requests.counts().byRoute.account ?? 0;

describe("an identity that a trusted payer has bound", () => {
  it.each<Act>(["BIND", "ASSERT"])("signs in as its account after %s, without a mirror request", async (act) => {
    accountFromAddress(ana);
    await bound(act);
    const before = accountRequests();
    expect(await ownerOf(await signIn())).toBe(ONE);
    expect(accountRequests()).toBe(before);
  });

  it("signs in as the account that it was rotated to", async () => {
    await bound("BIND");
    await bound("ROTATE", { account: TWO });
    expect(await ownerOf(await signIn())).toBe(TWO);
  });

  it("signs in as the id that an operator bound the account to", async () => {
    await bound("BIND");
    await t.app.stores.accounts.bind({ accountId: ONE as AccountId, userId: "tm-ana" as UserId, boundMs: 1 });
    expect(await ownerOf(await signIn())).toBe("tm-ana");
  });

  it("is bound by a message in chunks too", async () => {
    await bound("BIND", { change: { note: "x".repeat(3_000) } });
    expect(await ownerOf(await signIn())).toBe(ONE);
  });

  it("has no account once it was unbound, not even the one of its address, until it is bound again", async () => {
    accountFromAddress(ana);
    await bound("BIND");
    await bound("UNBIND");
    expect(await refusal(await signIn())).toEqual([403, "account-refused", UNBOUND]);
    await bound("ASSERT", { account: TWO });
    expect(await ownerOf(await signIn())).toBe(TWO);
  });
});

describe("an identity that nobody has bound", () => {
  it("signs in as the account of its address", async () => {
    const accountId = accountFromAddress(ana);
    await bound("BIND", { wallet: magicWallet() });
    expect(await ownerOf(await signIn())).toBe(accountId);
  });

  it.each<[string, Act, Said]>([
    ["a stranger paid for", "BIND", { payer: STRANGER }],
    ["the account that it names paid for", "ASSERT", { payer: ONE as AccountId }],
    ["a stranger paid for, which ends a binding,", "UNBIND", { payer: STRANGER }],
    ["was issued far in the future", "BIND", { ahead: MAX_ISSUED_AHEAD_MS + 60_000 }],
    ["has no time", "BIND", { change: { iat: null } }],
    ["names a DID without an address", "BIND", { change: { sub: "did:ethr:ana" } }],
    ["names no DID", "BIND", { change: { sub: 7 } }],
    ["names an account that is no id", "BIND", { account: "ana" }],
    ["names an account that cannot exist", "BIND", { account: "0.0.0" }],
  ])("is not bound by a message that %s", async (_, act, said) => {
    const accountId = accountFromAddress(ana);
    await bound(act, said);
    expect((await t.app.stores.sync.topic(TOPIC))?.cursor).toBe(1);
    expect(await ownerOf(await signIn())).toBe(accountId);
  });

  it("is not bound by a trusted payer's message on another topic", async () => {
    const accountId = accountFromAddress(ana);
    await bound("BIND", { topicId: t.devnet.topics.recognition });
    expect(await ownerOf(await signIn())).toBe(accountId);
  });

  it("is refused without an account of its address, with the binding that a stranger made", async () => {
    await bound("BIND", { payer: STRANGER });
    const [status, code, detail] = await refusal(await signIn());
    expect([status, code]).toEqual([403, "account-refused"]);
    expect(detail).toMatch(/^This identity is bound to no account, .*Ask the operator/);
  });

  it("is seen by an operator in the look-up of the message that does not count", async () => {
    const operator = t.devnet.operatorId;
    const identity = async (sequence: number, topicId = TOPIC) =>
      MessageLookup.parse(await t.json(`/api/admin/topics/${topicId}/messages/${sequence}`, operator));
    for (const said of [{}, { payer: STRANGER }, { change: { iat: null } }]) say("BIND", said);
    say("UNBIND");
    await bound("BIND", { topicId: t.devnet.topics.recognition });
    const did = `did:ethr:${ana.address}`;
    expect(await identity(1)).toMatchObject({ identity: { did, accountId: ONE, counts: true }, audience: "nobody" });
    for (const sequence of [2, 3]) expect((await identity(sequence)).identity).toMatchObject({ counts: false });
    expect((await identity(4)).identity).toEqual({ did, accountId: null, counts: true });
    expect((await identity(1, t.devnet.topics.recognition)).identity).toMatchObject({ counts: false });
  });
});

describe("a token that was accepted before", () => {
  it("counts for the new account within a minute after the change was read, and its cookie changes with it", async () => {
    await bound("BIND");
    const token = ana.token(nowS());
    const first = await get(token);
    const cookie = first.headers.get("set-cookie")?.split(";")[0];
    expect(await ownerOf(first)).toBe(ONE);
    say("ROTATE", { account: TWO });
    await t.sync();
    await t.clock.advance(A_MINUTE);
    const later = await get(token, cookie);
    expect(await ownerOf(later)).toBe(TWO);
    expect(later.headers.get("set-cookie")).toContain("session=");
  });

  it("is refused within a minute after its identity was unbound", async () => {
    accountFromAddress(ana);
    const token = ana.token(nowS());
    expect((await get(token)).status).toBe(200);
    say("UNBIND");
    await t.sync();
    await t.clock.advance(A_MINUTE);
    expect(await refusal(await get(token))).toEqual([403, "account-refused", UNBOUND]);
  });

  it("costs no statement for a minute, and goes on while the database is away", async () => {
    await bound("BIND");
    const token = ana.token(nowS());
    await get(token);
    isDatabaseDown = true;
    expect((await get(token)).status).toBe(200);
    await t.clock.advance(A_MINUTE);
    expect((await get(token)).status).toBe(200);
    expect((await get(ana.token(nowS()))).status).toBe(503);
  });
});

describe("the session that a token begins", () => {
  it("lasts a day where bindings count, so that no former account stays signed in for longer", async () => {
    await bound("BIND");
    const setCookie = (await signIn()).headers.get("set-cookie") ?? "";
    expect(setCookie).toContain(`Max-Age=${A_DAY / 1_000};`);
    const headers = { cookie: setCookie.split(";")[0] as string };
    await bound("UNBIND");
    await t.clock.advance(A_DAY - 120_000);
    expect((await t.ask("GET", "/api/contacts", null, { headers })).status).toBe(200);
    await t.clock.advance(120_000);
    expect((await t.ask("GET", "/api/contacts", null, { headers })).status).toBe(401);
  });
});

describe("a message of the identity topic", () => {
  it("counts when it comes late, as if it had come in time", async () => {
    const accountId = accountFromAddress(ana);
    say("UNBIND", { ahead: 2_000 });
    say("BIND", { ahead: 1_000 });
    say("ASSERT", { wallet: magicWallet() });
    const hole = t.devnet.faults.add({ kind: "hole", topicId: TOPIC, fromSequence: 1, toSequence: 1 });
    for (let i = 0; i < 6; i++) {
      await t.sync();
      await t.clock.advance(2_000);
    }
    expect((await t.app.stores.sync.topic(TOPIC))?.cursor).toBe(3);
    // Nothing proves the message behind a gap, so it does not count either.
    expect(await ownerOf(await signIn())).toBe(accountId);
    t.devnet.faults.remove(hole);
    for (let i = 0; i < 6; i++) {
      await t.clock.advance(A_MINUTE);
      await t.sync();
    }
    expect((await t.app.stores.sync.topic(TOPIC))?.counts).toMatchObject({ messages: 3, verified: 3 });
    expect(await refusal(await signIn())).toEqual([403, "account-refused", UNBOUND]);
  });

  it("is not missed while its topic is read for the first time: the sign-in waits, and is refused if that takes long", async () => {
    accountFromAddress(ana);
    say("UNBIND");
    expect(await refusal(await signIn())).toEqual([403, "account-refused", UNBOUND]);
    const fresh = createTestApp({ devnet: t.devnet, stores: t.app.stores, env: ENV, clock: t.clock });
    const fault = t.devnet.faults.add({ kind: "badGateway", route: "messages" });
    const headers = { authorization: `Bearer ${ana.token(nowS())}` };
    const response = await t.ask("GET", "/api/contacts", null, { headers, app: fresh });
    t.devnet.faults.remove(fault);
    expect(await refusal(response)).toEqual([
      503,
      "ledger-unavailable",
      "The topic that says which account this identity belongs to is still being read. Try again shortly.",
    ]);
  });

  it("counts on every instance, whichever has read it", async () => {
    await bound("BIND");
    const other = createTestApp({ devnet: t.devnet, stores: t.app.stores, env: ENV, clock: t.clock });
    await t.clock.drive(other.scheduler.syncNow());
    const token = ana.token(nowS());
    const ask = () =>
      t.ask("GET", "/api/contacts", null, { headers: { authorization: `Bearer ${token}` }, app: other });
    expect(await ownerOf(await ask())).toBe(ONE);
    await bound("ROTATE", { account: TWO });
    expect(await ownerOf(await ask())).toBe(TWO);
  });

  it("counts again after its topic was started over, and no sign-in is judged without it meanwhile", async () => {
    accountFromAddress(ana);
    await bound("UNBIND");
    await t.app.stores.sync.startOver(TOPIC);
    const fault = t.devnet.faults.add({ kind: "badGateway", route: "messages" });
    expect((await refusal(await signIn())).slice(0, 2)).toEqual([503, "ledger-unavailable"]);
    t.devnet.faults.remove(fault);
    for (let i = 0; i < 3; i++) {
      await t.clock.advance(A_MINUTE);
      await t.sync();
    }
    expect((await t.app.stores.sync.topic(TOPIC))?.counts).toMatchObject({ messages: 1, verified: 1 });
    expect(await refusal(await signIn())).toEqual([403, "account-refused", UNBOUND]);
  });

  it("is not missed where another instance has started the topic over, and this one learns of it by the answer", async () => {
    accountFromAddress(ana);
    await bound("UNBIND");
    await damage("DELETE FROM hcs_messages");
    await damage("UPDATE meta SET epoch = epoch + 1");
    const fault = t.devnet.faults.add({ kind: "badGateway", route: "messages" });
    expect((await refusal(await signIn())).slice(0, 2)).toEqual([503, "ledger-unavailable"]);
    t.devnet.faults.remove(fault);
  });

  it("does not count any more where its payer is not trusted any more", async () => {
    const accountId = accountFromAddress(ana);
    await bound("BIND");
    const later = createTestApp({
      ...{ devnet: t.devnet, stores: t.app.stores, env: ENV, clock: t.clock },
      network: { trustedPayers: new Set([STRANGER]) },
    });
    await t.clock.drive(later.scheduler.syncNow());
    const headers = { authorization: `Bearer ${ana.token(nowS())}` };
    expect(await ownerOf(await t.ask("GET", "/api/contacts", null, { headers, app: later }))).toBe(accountId);
  });
});

describe("the identity topic", () => {
  it("is shown, audited and started over by operators, and no user writes to it", async () => {
    await bound("BIND");
    const operator = t.devnet.operatorId;
    const topic = async () =>
      AdminStatus.parse(await t.json("/api/admin/status", operator)).topics.find(({ topicId }) => topicId === TOPIC);
    expect(await topic()).toMatchObject({ kinds: ["identity"], state: "idle", cursor: 1, verifiedThrough: 1 });
    for (const action of ["audit", "start-over"]) {
      const response = await t.ask("POST", `/api/admin/topics/${TOPIC}/${action}`, operator, { body: {} });
      expect([action, response.status]).toEqual([action, 200]);
    }
    await t.clock.advance(A_MINUTE);
    await t.sync();
    await t.clock.advance(A_MINUTE);
    expect(await topic()).toMatchObject({ state: "idle", cursor: 1, verifiedThrough: 1 });
    const written = await t.json<object>("/api/registry/topics", ONE as string);
    expect(JSON.stringify(written)).not.toContain(TOPIC);
  });

  it("may not be a topic that users write to: the start says so", async () => {
    const { contact } = t.devnet.topics;
    const wrong = createTestApp({
      ...{ devnet: t.devnet, stores: t.app.stores, clock: t.clock },
      env: { ...ENV, TOPIC_IDENTITY: contact },
    });
    await expect(wrong.openTopics()).rejects.toThrow(
      `Topic ${contact} is a topic for contact messages, so it cannot be TOPIC_IDENTITY: name a topic that is used for nothing else.`,
    );
    expect((await t.app.stores.sync.topic(contact))?.kinds).toEqual(["contact"]);
  });

  it("makes nobody of an identity: it is no person, and cannot be looked up", async () => {
    await bound("BIND");
    const did = `did:ethr:${ana.address}`;
    for (const name of [did, `issuer ${did}`]) {
      const path = encodeURIComponent(name);
      expect((await t.ask("GET", `/api/people/${path}`, ONE as string)).status).toBe(400);
      expect((await t.ask("GET", `/api/admin/people/${path}`, t.devnet.operatorId)).status).toBe(400);
      expect((await t.ask("POST", "/api/auth/demo", null, { body: { userId: name } })).status).toBe(400);
    }
  });
});

it("an identity topic without a message lets people in by their address; one that does not exist lets nobody in", async () => {
  const accountId = accountFromAddress(ana);
  const asked = vi.spyOn(t.app.ledger, "hasTopic");
  for (const tid of ["1", "2", "3"]) expect(await ownerOf(await get(ana.token(nowS(), { tid })))).toBe(accountId);
  // The mirror is asked once a minute whether the topic exists.
  expect(asked).toHaveBeenCalledTimes(1);
  await t.close();
  t = await startTestApp({ env: { ...ENV, TOPIC_IDENTITY: "0.0.4040404" } });
  accountFromAddress(ana);
  const [status, , detail] = await refusal(await signIn());
  expect([status, detail]).toEqual([503, expect.stringContaining("does not exist. Ask the operator")]);
});

describe("an identity by its name", () => {
  const resolve = async (wallet = ana) => {
    const response = await t.ask("GET", `/api/hcs22/resolve?did=did:ethr:${wallet.address}`, ONE as string);
    return [response.status, await response.json()];
  };
  const told = (accountId: string | null, more: object) => [
    200,
    { success: true, accountId, hederaAccountId: accountId, ...more },
  ];

  it("is the account that it is bound to, since the message that says so", async () => {
    accountFromAddress(ana);
    const [message] = say("BIND");
    await t.sync();
    const updatedAt = new Date(Number((message?.consensusNs ?? 0n) / 1_000_000n)).toISOString();
    expect(await resolve()).toEqual(told(ONE as string, { source: "binding", updatedAt }));
  });

  it("is nobody's after it was unbound", async () => {
    accountFromAddress(ana);
    await bound("UNBIND");
    expect(await resolve()).toEqual(told(null, { source: "binding", updatedAt: expect.any(String) }));
  });

  it("is the account of its address where a stranger bound it", async () => {
    const accountId = accountFromAddress(ana);
    await bound("BIND", { payer: STRANGER });
    expect(await resolve()).toEqual(told(accountId, { source: "mirror", updatedAt: expect.any(String) }));
  });
});
