/** The mirror adapter against a real (local) mirror: budget, circuits, a second mirror, answers that are none. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MirrorLedger } from "@/lib/adapters/mirror/mirror-ledger";
import type { AccountId, TopicId } from "@/lib/core/ledger/ids";
import { unwrap } from "@/lib/core/result";
import { developmentKey } from "@/lib/devnet/development-keys";
import { type Devnet, startDevnet } from "@/lib/devnet/devnet";
import { encodeEcdsaKey } from "@/lib/devnet/rest/key-json";
import { DrivenClock } from "../../support/control/driven-clock";

import { magicWallet } from "../../support/stand-ins/magic";
import { ecdsaWallet } from "../../support/stand-ins/wallet";

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

  it("move the request to the next mirror", async () => {
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
      evmAddress: `0x${"2".padStart(40, "0")}`,
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

  it("is found by the address that it was made from", async () => {
    const { address, publicKey } = magicWallet();
    const { id } = devnet.ledger.createAccount(encodeEcdsaKey(publicKey), { evmAddress: address });
    const ledger = ledgerAt([devnet.restUrl]);
    expect(unwrap(await ledger.accountAt(address))).toMatchObject({ accountId: id, evmAddress: address });
    expect(await ledger.accountAt(magicWallet().address)).toMatchObject({ ok: false, error: { code: "not-found" } });
  });
});

describe("answers that are no mirror answer", () => {
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
    ["more than 16 MB", `{"messages":[],"padding":"${"x".repeat(17 * 1024 * 1024)}"}`, 200, "malformed"],
    ["404 for a list", "{}", 404, "unavailable"],
  ])("%s is refused", async (_, body, status, code) => {
    expect(await ask(ledgerAt([await serve(body, status)]))).toMatchObject({ ok: false, error: { code } });
  });

  it("an account of another address is refused", async () => {
    const { address } = magicWallet();
    const mirror = await serve(JSON.stringify({ account: "0.0.7", evm_address: magicWallet().address, key: null }));
    expect(await ledgerAt([mirror]).accountAt(address)).toMatchObject({ ok: false, error: { code: "malformed" } });
  });

  it("a page without messages of the topic does not close the mirror to other topics", async () => {
    const ledger = ledgerAt([await serve(foreign)]);
    for (let i = 0; i < 6; i += 1) await ask(ledger);
    expect(ledger.states()[0]).toMatchObject({ circuit: "closed", requests: 6 });
  });

  it("another message is not taken for the requested one", async () => {
    const [other] = (JSON.parse(foreign) as { messages: object[] }).messages;
    for (const topicId of ["0.0.7", "0.0.8"] as TopicId[]) {
      const ledger = ledgerAt([await serve(JSON.stringify(other))]);
      const first = await clock.drive(ledger.message(topicId, 1));
      expect(first.ok).toBe(topicId === "0.0.7");
      expect(await clock.drive(ledger.message(topicId, 2))).toMatchObject({ ok: false, error: { code: "malformed" } });
      server.close();
    }
  });
});

describe("an answer", () => {
  const page = JSON.stringify({ messages: [] });
  /** A mirror of one's own: what it was asked, and how many bytes of its endless answers were taken. */
  const mirrorThat = (answer: (request: Request, index: number) => Response) => {
    const asked: Request[] = [];
    const ledger = new MirrorLedger({
      urls: ["http://mirror.test/base/api/v1/"],
      clock,
      reserve: async () => 0,
      random: () => 0.5,
      send: async (input, init) => {
        const request = new Request(input, init);
        asked.push(request);
        return answer(request, asked.length - 1);
      },
    });
    return { asked, ledger };
  };

  it("is read up to its size limit and no further", async () => {
    let sent = 0;
    const endless = () =>
      new ReadableStream({
        pull(controller) {
          sent += 1;
          controller.enqueue(new Uint8Array(1024 * 1024).fill(32));
        },
      });
    const { ledger } = mirrorThat(() => new Response(endless()));
    expect(await ask(ledger)).toMatchObject({ error: { message: "the mirror's answer is larger than 16 MB" } });
    expect(sent).toBeLessThan(20);
  });

  it("that declares too large a size is not read at all", async () => {
    const headers = { "content-length": String(300 * 1024 * 1024) };
    const { ledger } = mirrorThat(() => new Response(page, { headers }));
    expect(await ask(ledger)).toMatchObject({ error: { code: "malformed" } });
  });

  it("behind a byte order mark is read", async () => {
    const { ledger } = mirrorThat(() => new Response(`\ufeff${page}`));
    expect(await ask(ledger)).toEqual({ ok: true, value: [] });
  });

  it("with a redirect is not followed, neither to another host nor in a loop", async () => {
    const hosts: string[] = [];
    const server = createServer((request, response) => {
      hosts.push(String(request.headers.host));
      const to = request.url?.includes("/loop/") ? (request.url ?? "") : "http://127.0.0.1:1/elsewhere";
      response.writeHead(302, { location: to }).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    let tokens = 0;
    const reserve = async () => {
      tokens += 1;
      return 0;
    };
    for (const url of [origin, `${origin}/loop`]) {
      const answer = await ask(ledgerAt([url], reserve));
      expect(answer).toMatchObject({ error: { code: "unavailable", message: expect.stringContaining("redirect") } });
    }
    expect([hosts.length, tokens]).toEqual([2, 2]);
    server.close();
  });

  it.each([
    ["30", 30_000],
    ["30, 30", 30_000],
    [" 30 ,60", 60_000],
    ["30, x", undefined],
    ["Mon, 23 Nov 2026 00:00:10 GMT", 10_000],
    ["99999999999999999999", 3_600_000],
    ["-1", 0],
  ])("of 429 with Retry-After %j is asked for again after %s ms", async (value, retryAfterMs) => {
    const { ledger } = mirrorThat(() => new Response("", { status: 429, headers: { "retry-after": value } }));
    const answer = await ask(ledger);
    expect(answer).toMatchObject({ error: { code: "rate-limited" } });
    expect(!answer.ok && answer.error.retryAfterMs).toBe(retryAfterMs);
  });

  it("of 429 waits for the longest Retry-After, and for an hour at most", async () => {
    const waitAfter = async (value: string) => {
      const { ledger } = mirrorThat(() => new Response("", { status: 429, headers: { "retry-after": value } }));
      const answer = await ask(ledger);
      if (answer.ok || answer.error.code !== "rate-limited") throw new Error("not read as 429");
      return answer.error.retryAfterMs;
    };
    const space = fc.constantFrom("", " ", "\t");
    const seconds = fc.array(fc.tuple(space, fc.nat(100_000), space), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(seconds, async (list) => {
        const longest = Math.max(...list.map(([, value]) => value));
        const header = list.map((parts) => parts.join("")).join(",");
        expect(await waitAfter(header)).toBe(Math.min(longest, 3_600) * 1_000);
      }),
    );
    await fc.assert(
      fc.asyncProperty(fc.stringMatching(/^[\t\x20-\x7e]{0,40}$/), async (header) => {
        const ms = (await waitAfter(header)) ?? 0;
        expect(ms >= 0 && ms <= 3_600_000).toBe(true);
      }),
    );
  });
});
