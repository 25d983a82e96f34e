/** Signatures as authorship, from the ledger to the views: who signed, who paid, and what readers are told of it. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AccountId } from "@/lib/core/ledger/ids";
import { startDevnet } from "@/lib/devnet/devnet";
import { AdminStatus } from "@/lib/wire/operators/admin";
import { MessageLookup } from "@/lib/wire/operators/lookup";
import { SignalsAnswer } from "@/lib/wire/signals";
import { LyingMirrors, type MirrorBody, SECOND } from "../../support/mirrors/lying-mirrors";
import { ed25519Wallet, type Wallet } from "../../support/stand-ins/wallet";
import { damage, moreStores } from "../../support/stores/database";
import { startTestApp, type TestApp } from "../../support/worlds/app";
import { createTestApp } from "../../support/worlds/create-test-app";
import { signedMint, signedProfile } from "../../support/worlds/histories/signed";

const ANA = "0.0.7001" as AccountId;
const BEN = "0.0.7002" as AccountId;
const STRANGER = "0.0.666" as AccountId;
/** A list of keys, for which no single wallet can sign. */
const KEY_LIST = Uint8Array.from([0x32, 0x02, 0x0a, 0x00]);
let t: TestApp;
let mirrors: LyingMirrors;
let ana: Wallet;

beforeEach(async () => {
  mirrors = new LyingMirrors(() => t.devnet.restUrl);
  t = await startTestApp({ env: { RATE_LIMITS: "0" }, mirrors });
  ana = ed25519Wallet();
  t.devnet.ledger.createAccount(ana.encodedKey, { id: ANA });
  await t.clock.advance(1_000);
});
afterEach(() => t.close());

const now = () => t.clock.now();
const profile = (displayName: string, by = ana, more: object = {}) =>
  signedProfile(by, ANA, { displayName, timestamp: now(), ...more });
/** Puts a message on the ledger, and reads it. */
async function written(kind: "profile" | "recognition", body: object, payer: string = t.devnet.operatorId) {
  const [message] = t.devnet.submit(t.devnet.topics[kind], body, { payer: payer as AccountId });
  await t.sync();
  return { kind, sequence: message?.sequence ?? 0 };
}
const nameOfAna = async () => (await t.app.stores.views.profiles([ANA as never]))[0]?.displayName ?? null;
const lookedUp = async ({ kind, sequence }: Awaited<ReturnType<typeof written>>) =>
  MessageLookup.parse(
    await t.json(`/api/admin/topics/${t.devnet.topics[kind]}/messages/${sequence}`, t.devnet.operatorId),
  );
const signalsOf = async (userId: string) => SignalsAnswer.parse(await t.json("/api/signals", userId)).items;

describe("a profile that its owner signed", () => {
  it("counts although a stranger paid, and readers are told so", async () => {
    const message = await written("profile", profile("Ana"), STRANGER);
    expect(await nameOfAna()).toBe("Ana");
    expect((await signalsOf(ANA)).map(({ author }) => author)).toEqual(["signature"]);
    expect(await lookedUp(message)).toMatchObject({
      ...{ disposition: "signal", author: "signature", signature: "right", isTrustedPayer: false },
    });
  });

  it("has both for its author if the operator paid, and an unsigned one its payer", async () => {
    const signed = await written("profile", profile("Ana"));
    const unsigned = await written("profile", { type: "PROFILE_UPDATE", accountId: ANA, displayName: "Plain" });
    expect((await signalsOf(ANA)).map(({ author }) => author)).toEqual(["payer", "both"]);
    expect(await lookedUp(signed)).toMatchObject({ author: "both", signature: "right" });
    expect(await lookedUp(unsigned)).toMatchObject({ author: "payer", signature: null });
  });

  it("does not count with another key's signature, whoever paid", async () => {
    for (const payer of [STRANGER, t.devnet.operatorId, ANA]) {
      const message = await written("profile", profile("Forged", ed25519Wallet()), payer);
      expect(await lookedUp(message)).toMatchObject({
        ...{ disposition: "untrusted", reason: "wrong-signature", signature: "wrong", author: null },
      });
    }
    expect(await nameOfAna()).toBeNull();
    expect(await signalsOf(ANA)).toEqual([]);
  });

  it("is not rolled back by a stranger who writes an older one again", async () => {
    const older = profile("Older");
    await written("profile", older);
    await t.clock.advance(5_000);
    await written("profile", profile("Newer"), STRANGER);
    await t.clock.advance(5_000);
    await written("profile", older, STRANGER);
    expect(await nameOfAna()).toBe("Newer");
    await t.clock.advance(400_000);
    const late = await written("profile", older, STRANGER);
    expect(await lookedUp(late)).toMatchObject({ disposition: "untrusted", reason: "outdated-signature" });
  });

  it("shows nothing that its signature does not cover, if a stranger paid", async () => {
    const dressed = profile("Ana", ana, { handle: "evil", profile: { displayName: "evil" }, note: "evil" });
    await written("profile", dressed, STRANGER);
    const events = await t.json("/api/hcs/events?type=profile", ANA);
    expect(JSON.stringify([await signalsOf(ANA), events, await t.json(`/api/profiles?ids=${ANA}`, ANA)])).not.toContain(
      "evil",
    );
    expect(await nameOfAna()).toBe("Ana");
  });

  it("is judged by the key that the account had then, after a rotation too", async () => {
    const next = ed25519Wallet();
    const before = t.devnet.submit(t.devnet.topics.profile, profile("Before"), { payer: STRANGER })[0];
    await t.clock.advance(1_000);
    t.devnet.ledger.updateAccount(ANA, { key: next.encodedKey });
    await t.clock.advance(1_000);
    const stolen = await written("profile", profile("Stolen"), STRANGER);
    expect(await lookedUp({ kind: "profile", sequence: before?.sequence ?? 0 })).toMatchObject({ signature: "right" });
    expect(await lookedUp(stolen)).toMatchObject({ signature: "wrong" });
    await written("profile", profile("After", next), STRANGER);
    expect(await nameOfAna()).toBe("After");
  });
});

describe("a message that is on its way back from the ledger", () => {
  const pending = async () => (await signalsOf(ANA)).map(({ source, author }) => [source, author]);
  const publish = async (by: Wallet) => {
    t.devnet.faults.add({ kind: "stalledHead" });
    const { type: _, ...body } = profile("Ana", by);
    expect((await t.ask("POST", "/api/hcs/profile", ANA, { body })).status).toBe(200);
  };

  it("has both for its author if its signature is right", async () => {
    await publish(ana);
    expect(await pending()).toEqual([["pending", "both"]]);
  });

  it("has its payer for its author if its signature proves nothing, as the ledger's own will", async () => {
    t.devnet.ledger.updateAccount(ANA, { key: KEY_LIST });
    await publish(ana);
    expect(await pending()).toEqual([["pending", "payer"]]);
    t.devnet.faults.clear();
    await t.sync();
    expect(await pending()).toEqual([["hcs-cached", "payer"]]);
  });
});

describe("a recognition that its giver signed", () => {
  it("counts although a stranger paid, with the words that the signature covers", async () => {
    const body = signedMint(ana, ANA, BEN, { message: "Thank you", timestamp: now(), subtitle: "not signed" });
    await written("recognition", body, STRANGER);
    const [signal] = await signalsOf(BEN);
    expect(signal).toMatchObject({ type: "RECOGNITION_MINT", actor: ANA, target: BEN, author: "signature" });
    expect(signal?.metadata).toEqual({ message: "Thank you", trustAmount: 0.5, timestamp: body.timestamp });
  });

  it("does not count with a wrong signature that the operator paid for", async () => {
    const body = signedMint(ana, ANA, BEN, { message: "Thank you", timestamp: now() });
    await written("recognition", { ...body, trustAmount: 25 });
    expect(await signalsOf(BEN)).toEqual([]);
  });
});

describe("while accounts cannot be looked up", () => {
  const outage = () => t.devnet.faults.add({ kind: "badGateway", route: "account" });

  it("a signed message waits, everything around it goes on, and it counts when the mirror answers", async () => {
    const fault = outage();
    const signed = await written("profile", profile("Ana"));
    const forged = await written("profile", profile("Forged", ed25519Wallet()));
    const plain = await written("profile", { type: "PROFILE_UPDATE", accountId: BEN, displayName: "Ben" });
    expect([signed, forged, plain].map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
    expect(await lookedUp(signed)).toMatchObject({ disposition: "unproven", signature: "open", author: null });
    expect((await lookedUp(plain)).disposition).toBe("signal");
    expect(await nameOfAna()).toBeNull();
    const { topics } = await t.json<{ topics: { topicId: string; counts: object }[] }>("/api/health/ingestion", ANA);
    expect(topics.find(({ topicId }) => topicId === t.devnet.topics.profile)?.counts).toMatchObject({ unproven: 2 });
    t.devnet.faults.remove(fault);
    for (let i = 0; i < 3; i += 1) {
      await t.clock.advance(120_000);
      await t.sync();
    }
    expect(await nameOfAna()).toBe("Ana");
    expect(await lookedUp(signed)).toMatchObject({ disposition: "signal", author: "both" });
    expect(await lookedUp(forged)).toMatchObject({ disposition: "untrusted", reason: "wrong-signature" });
  });

  const told = () => t.logged.filter((line) => line.includes("which key an account had"));
  const incidentNow = () => t.app.incidents.current().find(({ code }) => code === "keys-unknown");

  it("operators are told within 15 s, once, what waits and what to do; soon after the mirror answers all is well", async () => {
    t.app.health.start();
    const fault = outage();
    await written("profile", profile("Ana"));
    await t.clock.advance(15_000);
    const { incidents } = AdminStatus.parse(await t.json("/api/admin/status", t.devnet.operatorId));
    expect(incidents).toContainEqual(
      expect.objectContaining({
        code: "keys-unknown",
        summary:
          "No mirror says which key an account had at a time: the mirror answered 502. 1 signed message waits, and nobody sees it.",
        action: expect.stringContaining("into MIRROR_URL"),
      }),
    );
    const ready = await (await t.ask("GET", "/api/health/ready", null)).json();
    expect(ready).toMatchObject({ degraded: true });
    await t.clock.advance(300_000);
    expect(told()).toHaveLength(1);
    t.devnet.faults.remove(fault);
    // The breaker of accounts lets one request through a minute.
    await t.clock.advance(75_000);
    expect(incidentNow()).toBeUndefined();
    await t.clock.advance(120_000);
    expect(await nameOfAna()).toBe("Ana");
  });

  it("another mirror says it, and nothing waits", async () => {
    const other = await startDevnet({ grpc: false, now: () => t.clock.trueMs() });
    other.ledger.createAccount(ana.encodedKey, { id: ANA });
    const network = { mirrorUrls: [t.devnet.restUrl, other.restUrl] };
    const app = createTestApp({ devnet: t.devnet, stores: await moreStores(), clock: t.clock, network });
    await app.openTopics();
    await t.clock.advance(1_000);
    outage();
    t.devnet.submit(t.devnet.topics.profile, profile("Ana"), { payer: STRANGER });
    await t.clock.drive(app.scheduler.syncNow());
    expect(await nameOfAna()).toBe("Ana");
    expect(app.signatures.trouble).toBeNull();
    await app.close();
    await other.stop();
  });

  it("what one instance leaves unproven is judged by another one that looks at the topics", async () => {
    const other = createTestApp({ devnet: t.devnet, stores: await moreStores(), clock: t.clock });
    await other.openTopics();
    const syncOther = () => t.clock.drive(other.scheduler.syncNow());
    await syncOther();
    const fault = outage();
    await written("profile", profile("Ana"));
    t.devnet.faults.remove(fault);
    await syncOther();
    await t.clock.drive(other.health.examine());
    await t.clock.advance(31_000);
    await syncOther();
    expect(await nameOfAna()).toBe("Ana");
    await other.close();
  });

  it("what a resync leaves unproven is judged afterwards", async () => {
    const message = await written("profile", profile("Ana"));
    // An instance that remembers no key yet.
    const app = createTestApp({ devnet: t.devnet, stores: await moreStores(), clock: t.clock });
    await app.openTopics();
    await t.clock.drive(app.scheduler.syncNow());
    const fault = outage();
    await damage("DELETE FROM topic_log");
    const resync = `/api/admin/topics/${t.devnet.topics.profile}/resync`;
    expect((await t.ask("POST", resync, t.devnet.operatorId, { body: {}, app })).status).toBe(200);
    expect((await lookedUp(message)).disposition).toBe("unproven");
    t.devnet.faults.remove(fault);
    await t.clock.advance(120_000);
    await t.clock.drive(app.scheduler.syncNow());
    expect((await lookedUp(message)).disposition).toBe("signal");
    await app.close();
  });

  it("nothing signed is paid for", async () => {
    outage();
    const { type: _, ...body } = profile("Ana");
    const refused = await t.ask("POST", "/api/hcs/profile", ANA, { body });
    expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([503, "ledger-unavailable"]);
    expect(t.devnet.ledger.topic(t.devnet.topics.profile as never).messages).toEqual([]);
  });
});

describe("while a mirror answers with the keys of now", () => {
  /** Ana's profile, on the ledger and not read yet. Her key was another one since. */
  async function rotated(): Promise<{ readonly kind: "profile"; readonly sequence: number }> {
    const [message] = t.devnet.submit(t.devnet.topics.profile, profile("Ana"), { payer: STRANGER });
    await t.clock.advance(1_000);
    t.devnet.ledger.updateAccount(ANA, { key: ed25519Wallet().encodedKey });
    const url = `${t.devnet.restUrl}/api/v1/accounts/${ANA}?transactions=false`;
    const present = (await (await fetch(url)).json()) as MirrorBody;
    mirrors.lie("first", (path, honest) => (path.startsWith("/accounts/") ? present : honest));
    return { kind: "profile", sequence: message?.sequence ?? 0 };
  }
  const incidents = () => t.app.incidents.current().filter(({ code }) => /^(keys-unknown|mirror-foreign)$/.test(code));

  it("no signature is judged by them, and operators hear which mirror it is", async () => {
    t.app.health.start();
    const message = await rotated();
    await t.sync();
    expect(await lookedUp(message)).toMatchObject({ disposition: "unproven", signature: "open" });
    await t.clock.advance(15_000);
    expect(incidents()).toEqual([
      expect.objectContaining({
        code: "mirror-foreign",
        summary: `${t.devnet.restUrl} was asked for an account as it was at a time and answered with something else.`,
      }),
      expect.objectContaining({ code: "keys-unknown", summary: expect.stringContaining("1 signed message waits") }),
    ]);
    mirrors.lie("first", null);
    for (let i = 0; i < 3; i += 1) {
      await t.clock.advance(120_000);
      await t.sync();
    }
    expect(await lookedUp(message)).toMatchObject({ disposition: "signal", signature: "right" });
    expect(incidents()).toEqual([]);
  });

  it("the next mirror is asked", async () => {
    await t.close();
    t = await startTestApp({ env: { RATE_LIMITS: "0" }, moreMirrors: [SECOND], mirrors });
    t.devnet.ledger.createAccount(ana.encodedKey, { id: ANA });
    await t.clock.advance(1_000);
    const message = await rotated();
    await t.sync();
    expect(await lookedUp(message)).toMatchObject({ disposition: "signal", signature: "right" });
    expect(t.app.signatures.trouble).toBeNull();
    expect(incidents()).toMatchObject([{ code: "mirror-foreign" }]);
  });
});
