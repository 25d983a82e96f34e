/** Invitations under strict bonding: an accept of one that the other person has registered bonds both, for every reader. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { ContactsAnswer } from "@/lib/wire/contacts";
import { DevnetSubmitter } from "../../support/mirrors/devnet-submitter";
import { startTestApp, type TestApp } from "../../support/worlds/app";

const BEN = "0.0.7002";
let t: TestApp;
let submitter: DevnetSubmitter;
let people = 7_100;
/** Somebody who has not been here before. */
let ana: string;

beforeAll(async () => {
  t = await startTestApp({
    env: { RATE_LIMITS: "0", STRICT_BONDING: "on" },
    submitter: (devnet) => {
      submitter = new DevnetSubmitter(devnet);
      return submitter;
    },
  });
  await t.sync();
});
beforeEach(async () => {
  await t.clock.advance(1_000);
  people += 1;
  ana = `0.0.${people}`;
  submitter.submitted.length = 0;
  submitter.failWith = null;
});
afterAll(() => t.close());

type Json = Record<string, unknown>;
const nowS = () => Math.floor(t.clock.now() / 1_000);
let made = 0;
const newJti = () => {
  made += 1;
  return `jti-${made}`;
};
const invitation = (jti: string, more: object = {}) => ({
  ...{ v: 1, type: "CONTACT_REQUEST", jti, nonce: 1, iat: nowS(), exp: nowS() + 120, to: "peer:any" },
  from: { acct: BEN, handle: "Ben" },
  ...more,
});
const shorten = (d: unknown, userId: string | null = BEN, more: object = {}) =>
  t.ask("POST", "/api/qr/shorten", userId, {
    body: { d: typeof d === "string" ? d : JSON.stringify(d), ttl: 300, ...more },
  });
const accept = (jti: string, by = ana, of = BEN) =>
  t.ask("POST", "/api/hcs/submit", by, {
    body: {
      ...{ type: "CONTACT_ACCEPT", from: by, nonce: t.clock.now(), ts: nowS() },
      payload: {
        v: 1,
        type: "CONTACT_ACCEPT",
        req: { jti, hash: "h" },
        from: { acct: by },
        to: { acct: of },
        mutual: true,
      },
    },
  });
const written = () => submitter.submitted.map((text) => JSON.parse(text) as Json);
const contactsOf = async (userId: string) => {
  await t.sync();
  return t.json<ContactsAnswer>("/api/contacts", userId);
};
const isBonded = async (a: string, b: string) => {
  const [one, other] = [await contactsOf(a), await contactsOf(b)];
  const sides = [one.contacts.some(({ peerId }) => peerId === b), other.contacts.some(({ peerId }) => peerId === a)];
  expect(sides[0]).toBe(sides[1]);
  return sides[0];
};

describe("a code", () => {
  it("stands for the invitation until it expires", async () => {
    const d = JSON.stringify(invitation(newJti()));
    const { code, expiresAt } = (await (await shorten(d)).json()) as { code: string; expiresAt: number };
    expect([typeof code, expiresAt]).toEqual(["string", t.clock.now() + 300_000]);
    const resolved = await t.ask("GET", `/api/qr/resolve?c=${code}`, null);
    expect(await resolved.json()).toEqual({ d, expiresAt });
    await t.clock.advance(300_001);
    const late = await t.ask("GET", `/api/qr/resolve?c=${code}`, null);
    expect([late.status, typeof ((await late.json()) as Json).error]).toEqual([404, "string"]);
  });

  it("has a form that the web UI's scanner takes for a code", async () => {
    for (let i = 0; i < 20; i += 1) {
      const { code } = (await (await shorten(invitation(newJti()))).json()) as { code: string };
      expect(`https://app.example/c/${code}`).toMatch(/\/c\/[A-Za-z0-9]{6,8}$/);
    }
  });

  it("that nobody was given stands for nothing, however often it is asked for", async () => {
    for (let i = 0; i < 3; i += 1) expect((await t.ask("GET", "/api/qr/resolve?c=guess", null)).status).toBe(404);
  });

  it.each([
    ["for another's invitation", () => invitation(newJti(), { from: { acct: "0.0.7999" } }), BEN, 403],
    ["for an invitation without a name of its own", () => invitation("", {}), BEN, 400],
    ["for another message", () => invitation(newJti(), { type: "CONTACT_ACCEPT" }), BEN, 400],
    ["for an invitation that has expired", () => invitation(newJti(), { exp: nowS() - 1 }), BEN, 400],
    ["for no JSON", () => "not JSON", BEN, 400],
    ["without a session", () => invitation(newJti()), null, 401],
  ])("is not given %s", async (_, d, userId, status) => {
    const answer = await shorten(d(), userId);
    expect([answer.status, typeof ((await answer.json()) as Json).error]).toEqual([status, "string"]);
  });
});

describe("an accept", () => {
  it("of a registered invitation bonds both: the inviter's request is written first", async () => {
    const jti = newJti();
    await shorten(invitation(jti));
    expect((await accept(jti)).status).toBe(200);
    expect(written().map(({ type, from }) => [type, from])).toEqual([
      ["CONTACT_REQUEST", BEN],
      ["CONTACT_ACCEPT", ana],
    ]);
    expect(written()[0]).toMatchObject({ to: ana, payload: { jti, from: { acct: BEN, handle: "Ben" } } });
    expect(await isBonded(ana, BEN)).toBe(true);
  });

  it.each([
    ["that nobody registered", async () => newJti()],
    [
      "that has expired",
      async () => {
        const jti = newJti();
        await shorten(invitation(jti));
        await t.clock.advance(121_000);
        return jti;
      },
    ],
    [
      "that another has taken",
      async () => {
        const jti = newJti();
        await shorten(invitation(jti));
        await accept(jti, "0.0.7999");
        submitter.submitted.length = 0;
        return jti;
      },
    ],
    [
      "of somebody else",
      async () => {
        const jti = newJti();
        await shorten(invitation(jti, { from: { acct: "0.0.7998" } }), "0.0.7998");
        return jti;
      },
    ],
  ])("of an invitation %s is a request, and nothing is written for the other", async (_, jti) => {
    expect((await accept(await jti())).status).toBe(200);
    expect(written().map(({ from }) => from)).toEqual([ana]);
    expect(await isBonded(ana, BEN)).toBe(false);
  });

  it("counts an invitation once, also for the person who took it", async () => {
    const jti = newJti();
    await shorten(invitation(jti));
    await accept(jti);
    await t.clock.advance(1_000);
    await t.ask("POST", "/api/hcs/submit", BEN, {
      body: { type: "CONTACT_REVOKE", from: BEN, nonce: t.clock.now(), ts: nowS(), payload: { target: ana } },
    });
    await t.clock.advance(1_000);
    await accept(jti);
    expect(written().map(({ type }) => type)).toEqual([
      ...["CONTACT_REQUEST", "CONTACT_ACCEPT", "CONTACT_REVOKE", "CONTACT_ACCEPT"],
    ]);
    expect(await isBonded(ana, BEN)).toBe(false);
  });

  it("leaves the invitation to the next try where nothing could be written", async () => {
    const jti = newJti();
    await shorten(invitation(jti));
    submitter.failWith = { code: "unavailable", message: "no node answers" };
    expect((await accept(jti)).status).toBe(503);
    submitter.failWith = null;
    await t.clock.advance(1_000);
    expect((await accept(jti)).status).toBe(200);
    expect(await isBonded(ana, BEN)).toBe(true);
  });

  it("counts an open request as before", async () => {
    t.devnet.submitMany(t.devnet.topics.contact, [{ type: "CONTACT_REQUEST", from: BEN, to: ana }]);
    await t.sync();
    await accept(newJti());
    expect(written()).toHaveLength(1);
    expect(await isBonded(ana, BEN)).toBe(true);
  });

  it("and its mirror that another server has written bond as before", async () => {
    const { contact, recognition } = t.devnet.topics;
    const [me, ben] = [{ acct: ana }, { acct: BEN }];
    t.devnet.submitMany(contact, [{ type: "CONTACT_ACCEPT", from: ana, payload: { from: me, to: ben } }]);
    t.devnet.submitMany(recognition, [{ type: "CONTACT_MIRROR", from: BEN, payload: { from: ben, to: me } }]);
    expect(await isBonded(ana, BEN)).toBe(true);
  });
});
