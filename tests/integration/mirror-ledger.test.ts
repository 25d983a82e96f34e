/** The mirror adapter against a real (local) mirror: budget, circuits, a second mirror, answers that are none. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MirrorLedger } from "@/lib/adapters/mirror/mirror-ledger";
import type { AccountId, TopicId } from "@/lib/core/ids";
import { unwrap } from "@/lib/core/result";
import { developmentKey } from "@/lib/devnet/development-keys";
import { type Devnet, startDevnet } from "@/lib/devnet/devnet";
import { DrivenClock } from "../support/driven-clock";

import { ecdsaWallet } from "../support/wallet";

let devnet: Devnet;
let clock: DrivenClock;
beforeEach(async () => {
  clock = new DrivenClock();
  devnet = await startDevnet({ grpc: false, now: () => clock.now() });
});
afterEach(() => devnet.stop());

const ledgerAt = (urls: readonly string[], reserve: () => Promise<number | null> = async () => 0) =>
  new MirrorLedger({ urls, clock, reserve, random: () => 0.5 });
const ask = (ledger: MirrorLedger, attempt = 0) =>
  clock.drive(ledger.page({ topicId: devnet.topics.contact, after: 0, limit: 100, attempt }));

describe("a page", () => {
  it("holds messages as the mirror has them, from any address form", async () => {
    devnet.submit(devnet.topics.contact, { hello: "world" });
    for (const url of [devnet.restUrl, `${devnet.restUrl}/`, `${devnet.restUrl}/api/v1`, `${devnet.restUrl}/api/v1/`]) {
      const page = await ask(ledgerAt([url]));
      expect(page).toMatchObject({
        ok: true,
        value: [{ sequence: 1, payer: devnet.operatorId, runningHashVersion: 3 }],
      });
    }
  });

  it("of an unknown topic is empty", async () => {
    expect(
      await clock.drive(ledgerAt([devnet.restUrl]).page({ topicId: "0.0.99999" as TopicId, after: 0, limit: 10 })),
    ).toEqual({ ok: true, value: [] });
  });

  it("with ranges keeps to them", async () => {
    devnet.submitMany(
      devnet.topics.contact,
      Array.from({ length: 30 }, (_, i) => ({ i })),
    );
    const page = await clock.drive(
      ledgerAt([devnet.restUrl]).page({ topicId: devnet.topics.contact, after: 5, upTo: 9, limit: 100 }),
    );
    expect(page.ok && page.value.map(({ sequence }) => sequence)).toEqual([6, 7, 8, 9]);
  });

  it("says that a missing message is missing, without blaming the mirror", async () => {
    const ledger = ledgerAt([devnet.restUrl]);
    expect(await clock.drive(ledger.message(devnet.topics.contact, 7))).toMatchObject({
      ok: false,
      error: { code: "not-found" },
    });
    expect(ledger.states()[0]).toMatchObject({ circuit: "closed", errors: 0 });
  });
});

describe("the budget", () => {
  it("delays a request that must wait, and refuses one that must wait too long", async () => {
    const beforeMs = clock.now();
    expect((await ask(ledgerAt([devnet.restUrl], async () => 700))).ok).toBe(true);
    expect(clock.now() - beforeMs).toBe(700);
    expect(await ask(ledgerAt([devnet.restUrl], async () => null))).toMatchObject({
      ok: false,
      error: { code: "no-budget" },
    });
  });
});

describe("failures", () => {
  it.each([
    [
      { kind: "rateLimited", retryAfterS: 7 },
      { code: "rate-limited", retryAfterMs: 7_000 },
    ],
    [{ kind: "badGateway" }, { code: "unavailable" }],
    [{ kind: "reset" }, { code: "unavailable" }],
  ] as const)("%j is a value: %j", async (fault, error) => {
    devnet.faults.add(fault);
    expect(await ask(ledgerAt([devnet.restUrl]))).toMatchObject({ ok: false, error });
  });

  it("open the circuit after four in a row, and one probe closes it again", async () => {
    const ledger = ledgerAt([devnet.restUrl]);
    const fault = devnet.faults.add({ kind: "badGateway" });
    for (let i = 0; i < 10; i += 1) await ask(ledger);
    expect(ledger.requests).toBe(4);
    expect(await ask(ledger)).toMatchObject({ error: { code: "circuit-open" } });
    devnet.faults.remove(fault);
    await clock.advance(2_000);
    expect((await ask(ledger)).ok).toBe(true);
    expect(ledger.states()[0]).toMatchObject({ circuit: "closed" });
  });

  it("send the question to the next mirror", async () => {
    const second = await startDevnet({ grpc: false, now: () => clock.now() });
    try {
      const ledger = ledgerAt([devnet.restUrl, second.restUrl]);
      devnet.faults.add({ kind: "badGateway" });
      for (let i = 0; i < 4; i += 1) await ask(ledger);
      expect((await ask(ledger)).ok).toBe(true);
      expect((await ask(ledger, 1)).ok).toBe(true);
      expect(second.requests.counts().total).toBe(2);
    } finally {
      await second.stop();
    }
  });
});

describe("an account", () => {
  it("comes with its key, whatever kind it is of", async () => {
    const wallet = ecdsaWallet();
    const { ledger: accounts, restUrl } = devnet;
    const ecdsa = accounts.createAccount(wallet.encodedKey).id;
    const many = accounts.createAccount(Uint8Array.from([0x32, 0x02, 0x0a, 0x00])).id;
    const none = accounts.createAccount(new Uint8Array()).id;
    const deleted = accounts.updateAccount(accounts.createAccount(wallet.encodedKey).id, { isDeleted: true }).id;
    const ledger = ledgerAt([restUrl]);
    expect(unwrap(await ledger.account(devnet.operatorId))).toEqual({
      accountId: devnet.operatorId,
      isDeleted: false,
      key: { kind: "ed25519", bytes: new Uint8Array(developmentKey("operator").publicRaw) },
    });
    expect(unwrap(await ledger.account(ecdsa))).toMatchObject({ key: wallet.key });
    expect(unwrap(await ledger.account(many))).toMatchObject({ key: { kind: "many" } });
    expect(unwrap(await ledger.account(none))).toMatchObject({ key: { kind: "none" }, isDeleted: false });
    expect(unwrap(await ledger.account(deleted))).toMatchObject({ isDeleted: true });
    expect(await ledger.account("0.0.999999" as AccountId)).toMatchObject({
      ok: false,
      error: { code: "not-found", message: "the mirror has no such account" },
    });
  });
});

describe("answers that are none", () => {
  let server: Server;
  afterEach(() => void server.close());
  const serve = async (body: string, status = 200) => {
    server = createServer((_, response) =>
      response.writeHead(status, { "content-type": "application/json" }).end(body),
    );
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const foreign = JSON.stringify({
    messages: [
      {
        consensus_timestamp: "1.000000001",
        message: "",
        payer_account_id: "0.0.2",
        sequence_number: 1,
        topic_id: "0.0.7",
      },
    ],
  });
  it.each([
    ["HTML", "<html>", 200, "malformed"],
    ["another shape", '{"messages":{}}', 200, "malformed"],
    ["another topic's messages", foreign, 200, "malformed"],
    ["404 for a list", "{}", 404, "unavailable"],
  ])("%s is refused", async (_, body, status, code) => {
    expect(await ask(ledgerAt([await serve(body, status)]))).toMatchObject({ ok: false, error: { code } });
  });
});
