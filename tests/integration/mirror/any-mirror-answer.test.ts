/**
 * Whatever JSON a mirror answers about blocks, accounts and topics: nothing throws, nothing stands still, and no answer is called
 * fresh that lacks a message of the ledger from before its `asOf`. (Messages: any-mirror-json.test.ts.)
 */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MirrorLedger } from "@/lib/adapters/mirror/mirror-ledger";
import type { AccountId } from "@/lib/core/ledger/ids";
import type { EvmAddress } from "@/lib/core/ledger/magic-token";
import type { SignalsAnswer } from "@/lib/wire/signals";
import { EXTREMES, withMember } from "../../support/mirrors/extreme-json";
import { LyingMirrors, type MirrorBody } from "../../support/mirrors/lying-mirrors";
import { startTestApp, type TestApp } from "../../support/worlds/app";

const ALICE = "tm-alice";
let t: TestApp;
let mirrors: LyingMirrors;
beforeAll(async () => {
  mirrors = new LyingMirrors(() => t.devnet.restUrl);
  t = await startTestApp({ env: { RATE_LIMITS: "0" }, mirrors });
});
afterAll(async () => {
  await t.close();
});

const contact = () => t.devnet.topics.contact;
let written = 0;
function write(): void {
  written += 1;
  t.devnet.submit(contact(), { type: "CONTACT_REQUEST", from: `tm-p${written}`, to: ALICE });
}
/** A page of signals. If it is called fresh, it must have everything that the ledger had by its `asOf`. */
async function read(): Promise<SignalsAnswer> {
  const response = await t.ask("GET", "/api/signals?limit=100", ALICE);
  expect(response.status).toBe(200);
  const answer = (await response.json()) as SignalsAnswer;
  const asOfNs = BigInt((answer.asOf ?? "0.0").replace(".", ""));
  const owed = t.devnet.ledger.topic(contact()).messages.filter(({ consensusNs }) => consensusNs <= asOfNs);
  if (!answer.stale) expect(answer.items.length).toBeGreaterThanOrEqual(Math.min(100, owed.length));
  return answer;
}

/** The subjects of a lie, and the members that it may change. An empty path stands for the whole answer. */
const MEMBERS = {
  blocks: [[], ["blocks"], ["blocks", "0"], ["blocks", "0", "timestamp"]].concat(
    ["from", "to"].map((name) => ["blocks", "0", "timestamp", name]),
  ),
  accounts: [[], ["account"], ["deleted"], ["evm_address"], ["key"], ["key", "_type"], ["key", "key"]],
  topics: [[], ["topic_id"], ["deleted"]],
} as const satisfies Readonly<Record<string, readonly (readonly string[])[]>>;
type About = keyof typeof MEMBERS;

interface JsonLie {
  readonly about: About;
  readonly path: readonly string[];
  readonly value: unknown;
}

const aboutOf = (path: string): About | null => {
  if (path.startsWith("/blocks")) return "blocks";
  if (path.startsWith("/accounts/")) return "accounts";
  return /^\/topics\/[\d.]+$/.test(path) ? "topics" : null;
};
function changed(honest: MirrorBody, { path, value }: JsonLie): unknown {
  // JSON has no `undefined`: an answer without content is null here.
  if (path.length === 0) return value ?? null;
  try {
    return withMember(honest, path, value);
  } catch {
    // The honest answer lacks the member that holds it.
    return value ?? null;
  }
}
function tell(lies: readonly JsonLie[]): void {
  mirrors.lie("first", (asked, honest) => {
    const lie = lies.find(({ about }) => about === aboutOf(asked));
    return lie === undefined ? honest : changed(honest, lie);
  });
}
async function heals(): Promise<void> {
  mirrors.lie("first", null);
  // A circuit breaker stays open for a minute at most.
  await t.clock.advance(61_000);
  let answer = await read();
  for (let second = 0; second < 30 && (answer.stale || answer.items.length < Math.min(100, written)); second += 1) {
    await t.clock.advance(1_000);
    answer = await read();
  }
  expect([answer.stale, answer.items.length]).toEqual([false, Math.min(100, written)]);
}

describe("any JSON in place of an answer about blocks, accounts or topics", () => {
  const value = fc.oneof(fc.jsonValue(), fc.constantFrom(...EXTREMES));
  const lie: fc.Arbitrary<JsonLie> = fc
    .constantFrom<About>("blocks", "accounts", "topics")
    .chain((about) => fc.record({ about: fc.constant(about), path: fc.constantFrom(...MEMBERS[about]), value }));

  it("breaks no read, is never a reason to say fresh, and is over with the next honest answer", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(lie, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 3 }),
        async (turns) => {
          for (const lies of turns) {
            tell(lies);
            write();
            await read();
            await t.clock.advance(1_000);
            await read();
          }
          await heals();
        },
      ),
      { numRuns: 8 },
    );
    // No defect was logged on the way.
    expect(t.logged.filter((line) => /defect|failed:|could not/.test(line))).toEqual([]);
  });

  it("is read as what was asked for or refused, member by member at every extreme, and never throws", async () => {
    const asked = "0.0.2" as AccountId;
    const address = `0x${"ab".repeat(20)}` as EvmAddress;
    const account = {
      account: asked,
      deleted: false,
      evm_address: address,
      key: { _type: "ED25519", key: "11".repeat(32) },
    };
    const honest: Readonly<Record<About, MirrorBody>> = {
      blocks: { blocks: [{ timestamp: { from: "1790000000.000000000", to: "1790000002.000000000" } }] },
      accounts: account,
      topics: { topic_id: contact(), deleted: false },
    };
    for (const [about, paths] of Object.entries(MEMBERS) as [About, readonly (readonly string[])[]][])
      for (const path of paths)
        for (const value of EXTREMES) {
          const json = JSON.stringify(changed(honest[about], { about, path, value })) ?? "null";
          // One that has had no failure yet, so that its circuit breaker is closed.
          const ledger = new MirrorLedger({
            ...{ urls: ["http://mirror.test"], clock: t.clock, reserve: async () => 0, random: () => 0.5 },
            send: async () => new Response(json),
          });
          const what = `${about} ${path.join(".")} = ${JSON.stringify(value)?.slice(0, 60)}`;
          const byId = await ledger.account(asked);
          if (byId.ok) expect(byId.value.accountId, what).toBe(asked);
          if (byId.ok && "bytes" in byId.value.key) expect([32, 33], what).toContain(byId.value.key.bytes.length);
          const byAddress = await ledger.accountAt(address);
          if (byAddress.ok) expect(byAddress.value.evmAddress, what).toBe(address);
          const head = await ledger.head();
          if (head.ok && head.value.throughNs !== null) expect(typeof head.value.throughNs, what).toBe("bigint");
          const topic = await ledger.hasTopic(contact());
          if (topic.ok) expect(topic.value, what).toBe(true);
        }
  });
});
