/** The account that a mirror says for a time in the past, and mirrors that answer with the account of another time. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MirrorLedger } from "@/lib/adapters/mirror/mirror-ledger";
import { consensusNs } from "@/lib/core/ledger/consensus-time";
import type { AccountId } from "@/lib/core/ledger/ids";
import { unwrap } from "@/lib/core/result";
import { type Devnet, startDevnet } from "@/lib/devnet/devnet";
import { DrivenClock } from "../../support/control/driven-clock";
import { ecdsaWallet } from "../../support/stand-ins/wallet";

let devnet: Devnet;
let clock: DrivenClock;
beforeEach(async () => {
  clock = new DrivenClock();
  devnet = await startDevnet({ grpc: false, now: () => clock.now() });
});
afterEach(() => devnet.stop());

const ledgerAt = (urls: readonly string[]) => new MirrorLedger({ urls, clock, reserve: async () => 0 });

describe("an account at a time", () => {
  it("has the key that it had then, and there is none before it was made", async () => {
    const [before, after] = [ecdsaWallet(), ecdsaWallet()];
    const { id, createdNs } = devnet.ledger.createAccount(before.encodedKey);
    const { changedNs = createdNs } = devnet.ledger.updateAccount(id, { key: after.encodedKey });
    const at = (ns: bigint) => ledgerAt([devnet.restUrl]).account(id, consensusNs(ns));
    expect(unwrap(await at(changedNs - 1n))).toMatchObject({ key: before.key });
    expect(unwrap(await at(changedNs))).toMatchObject({ key: after.key });
    expect(await at(createdNs - 1n)).toMatchObject({ ok: false, error: { code: "not-found" } });
  });

  describe("from a mirror that does not read the time", () => {
    /** A gateway before the mirror drops the parameter. */
    let isDropped: boolean;
    let asked: string[];
    let foreign: (string | null)[];
    let ledger: MirrorLedger;
    beforeEach(() => {
      isDropped = true;
      asked = [];
      foreign = [];
      ledger = new MirrorLedger({
        ...{ urls: [devnet.restUrl], clock, reserve: async () => 0 },
        send: (url, init) => {
          asked.push(String(url));
          return fetch(isDropped ? String(url).replace(/&timestamp=[^&]*/, "") : String(url), init);
        },
        onForeign: (_, summary) => foreign.push(summary),
      });
    });
    const refused = { ok: false, error: { code: "malformed", message: expect.stringContaining("of another time") } };

    it("is refused, also one that was made later, and operators hear of it until the mirror reads it", async () => {
      const { id, createdNs } = devnet.ledger.createAccount(ecdsaWallet().encodedKey);
      const at = (ns: bigint) => ledger.account(id, consensusNs(ns));
      expect(await at(createdNs - 1n)).toMatchObject(refused);
      expect(asked).toHaveLength(1);
      expect(await at(createdNs + 1n)).toMatchObject(refused);
      const summary = `${devnet.restUrl} was asked for an account as it was at a time and answered with something else.`;
      expect(foreign).toEqual([summary, summary]);
      // The account as it is now is not in doubt.
      expect(await ledger.account(id)).toMatchObject({ ok: true });
      isDropped = false;
      await clock.advance(60_000);
      expect(await at(createdNs + 1n)).toMatchObject({ ok: true });
      expect(foreign.at(-1)).toBeNull();
    });

    it("is refused within the hour too, once the mirror gave itself away by an account that was made later", async () => {
      isDropped = false;
      const { id, createdNs } = devnet.ledger.createAccount(ecdsaWallet().encodedKey);
      expect(await ledger.account(id, createdNs)).toMatchObject({ ok: true });
      isDropped = true;
      const later = devnet.ledger.createAccount(ecdsaWallet().encodedKey);
      expect(await ledger.account(later.id, consensusNs(later.createdNs - 1n))).toMatchObject(refused);
      devnet.ledger.updateAccount(id, { key: ecdsaWallet().encodedKey });
      expect(await ledger.account(id, createdNs)).toMatchObject(refused);
      await clock.advance(60_000);
      expect(await ledger.account(id, createdNs)).toMatchObject(refused);
    });

    it("costs one more request for all who ask at once, and one more a minute while it is refused", async () => {
      const { id, createdNs } = devnet.ledger.createAccount(ecdsaWallet().encodedKey);
      const ask = () => Promise.all(Array.from({ length: 16 }, () => ledger.account(id, createdNs)));
      for (const answer of await ask()) expect(answer).toMatchObject(refused);
      expect(asked).toHaveLength(17);
      await clock.advance(59_999);
      for (const answer of await ask()) expect(answer).toMatchObject(refused);
      expect(asked).toHaveLength(33);
      isDropped = false;
      await clock.advance(1);
      for (const answer of await ask()) expect(answer).toMatchObject({ ok: true });
      expect(asked).toHaveLength(50);
    });

    it("is noticed within an hour, at the cost of one request an hour", async () => {
      isDropped = false;
      const { id, createdNs } = devnet.ledger.createAccount(ecdsaWallet().encodedKey);
      const ask = () => ledger.account(id, createdNs);
      for (let i = 0; i < 5; i += 1) expect(await ask()).toMatchObject({ ok: true });
      expect(asked).toHaveLength(6);
      isDropped = true;
      await clock.advance(3_599_999);
      expect(await ask()).toMatchObject({ ok: true });
      await clock.advance(1);
      expect(await ask()).toMatchObject(refused);
      expect(await ask()).toMatchObject(refused);
    });

    it("is taken for right if the mirror does not know when the account was made", async () => {
      const told = JSON.stringify({ account: "0.0.7", created_timestamp: null, key: null });
      const options = { urls: [devnet.restUrl], clock, reserve: async () => 0 };
      ledger = new MirrorLedger({ ...options, send: async () => new Response(told) });
      expect(await ledger.account("0.0.7" as AccountId, consensusNs(1n))).toMatchObject({ ok: true });
    });
  });

  it("that a mirror fails on does not stop messages: accounts have a circuit breaker of their own", async () => {
    const ledger = ledgerAt([devnet.restUrl]);
    const fault = devnet.faults.add({ kind: "badGateway", route: "account" });
    const asked = [];
    for (let i = 0; i < 6; i += 1) asked.push(await ledger.account(devnet.operatorId));
    devnet.faults.remove(fault);
    const codes = asked.map((answer) => (answer.ok ? "ok" : answer.error.code));
    expect(codes).toEqual([...Array(4).fill("unavailable"), "circuit-open", "circuit-open"]);
    expect(await ledger.page({ topicId: devnet.topics.contact, after: 0, limit: 1 })).toMatchObject({ ok: true });
  });
});
