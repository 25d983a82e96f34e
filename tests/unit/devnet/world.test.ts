/** The seeded world: what a newcomer finds, and what a reader must cope with. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import type { AccountId } from "@/lib/core/ledger/ids";
import { GENESIS_HASH, nextRunningHash } from "@/lib/core/ledger/running-hash";
import { decodeMessage } from "@/lib/core/signals/envelope";
import { ConsensusClock } from "@/lib/devnet/ledger/consensus-clock";
import { DevnetLedger } from "@/lib/devnet/ledger/ledger";
import type { DevnetMessage } from "@/lib/devnet/ledger/types";
import { createRng } from "@/lib/devnet/rng";
import { UNTRUSTED_PAYER } from "@/lib/devnet/seed/oddities";
import { seedWorld, type World } from "@/lib/devnet/seed/world";
import { SocialState } from "@/lib/devnet/trickle/social-state";

const NOW_MS = 1_760_000_000_000;
const OPERATOR = "0.0.2" as AccountId;
const MAIN = "tm-alex-chen";

function grow(people: number, seed = 42): { ledger: DevnetLedger; world: World } {
  const ledger = new DevnetLedger(new ConsensusClock(() => NOW_MS, 0n), () => {});
  return { ledger, world: seedWorld(ledger, { people, rng: createRng(seed), nowMs: NOW_MS, payer: OPERATOR }) };
}

let ledger: DevnetLedger;
let world: World;
let messages: DevnetMessage[];
let bodies: { message: DevnetMessage; body: Record<string, unknown> }[];
let seedingMs: number;
beforeAll(() => {
  // CPU time: the wall clock of a busy machine says nothing.
  const before = process.cpuUsage();
  ({ ledger, world } = grow(200));
  const { user, system } = process.cpuUsage(before);
  seedingMs = (user + system) / 1_000;
  messages = [...ledger.topics.values()].flatMap((topic) => topic.messages);
  bodies = messages.flatMap((message) => {
    try {
      return [{ message, body: JSON.parse(Buffer.from(message.bytes).toString()) }];
    } catch {
      return [];
    }
  });
});

describe("as a ledger", () => {
  it("has about as many messages as promised, made quickly", () => {
    expect(messages.length).toBeGreaterThan(6_000);
    expect(messages.length).toBeLessThan(9_000);
    expect(seedingMs).toBeLessThan(2_000);
  });

  it("is the same from the same seed, and another from another", () => {
    const lines = (grown: { ledger: DevnetLedger }) =>
      [...grown.ledger.topics.values()].map((topic) =>
        Buffer.from(topic.messages.at(-1)?.runningHash ?? []).toString("hex"),
      );
    expect(lines(grow(40))).toEqual(lines(grow(40)));
    expect(lines(grow(40))).not.toEqual(lines(grow(40, 7)));
  });

  it("has the ledger's own hash chain in every topic", () => {
    const sha384 = (bytes: Uint8Array) => createHash("sha384").update(bytes).digest();
    for (const topic of ledger.topics.values()) {
      let hash = GENESIS_HASH;
      for (const [i, message] of topic.messages.entries()) {
        expect(message.sequence).toBe(i + 1);
        hash = nextRunningHash(sha384, hash, message, message.bytes);
        if (!Buffer.from(hash).equals(message.runningHash ?? Buffer.alloc(0))) expect.fail(`link ${message.sequence}`);
      }
    }
  });

  it("has consensus times that are unique on the network, rise in each topic, and lie in the last month", () => {
    const times = messages.map((message) => message.consensusNs);
    expect(new Set(times).size).toBe(times.length);
    for (const topic of ledger.topics.values()) {
      const own = topic.messages.map((message) => message.consensusNs);
      expect(own).toEqual(own.toSorted((a, b) => (a < b ? -1 : 1)));
      expect(Number(own.at(-1)) / 1e6).toBeLessThan(NOW_MS);
      expect(Number(own[0]) / 1e6).toBeGreaterThan(NOW_MS - 31 * 86_400_000);
    }
  });
});

describe("as a world", () => {
  let state: SocialState;
  beforeAll(() => {
    state = new SocialState();
    for (const kind of ["contact", "trust"] as const) {
      for (const message of ledger.topic(world.topics[kind]).messages) {
        if (message.payer !== UNTRUSTED_PAYER) state.observe(message);
      }
    }
  });

  it("has two hundred people with ids of both kinds, the first of them Alex", () => {
    expect(world.people).toHaveLength(200);
    expect(world.people[0]).toEqual({ userId: MAIN, name: "Alex Chen" });
    expect(new Set(world.people.map((person) => person.userId)).size).toBe(200);
    expect(world.people.filter(({ userId }) => /^0\.0\.\d+$/.test(userId)).length).toBeGreaterThan(10);
    expect(world.people.filter(({ userId }) => /^tm-[a-z]+(-[a-z]+)+$/.test(userId)).length).toBeGreaterThan(170);
  });

  it("gives most people some eight to forty contacts, and a few many more", () => {
    const counts = world.people.map(({ userId }) => state.contactsOf(userId).length).sort((a, b) => a - b);
    expect(counts[20]).toBeGreaterThanOrEqual(7);
    expect(counts[100]).toBeGreaterThan(12);
    expect(counts[180]).toBeLessThanOrEqual(40);
    expect(counts.filter((count) => count > 45).length).toBeGreaterThan(1);
    expect(counts.at(-1)).toBeLessThanOrEqual(80);
  });

  it("keeps nearly everybody within nine slots, and a handful beyond", () => {
    const weights = new Map<string, Map<string, number>>();
    for (const { message } of bodies) {
      const decoded = decodeMessage(message.bytes);
      if (message.topicId !== world.topics.trust || !decoded.ok || message.payer === UNTRUSTED_PAYER) continue;
      const { type, actor, target, weight } = decoded.value;
      const [giver, receiver] = type === "TRUST_DECLINE" ? [target, actor] : [actor, target];
      const own = weights.get(String(giver)) ?? new Map();
      weights.set(String(giver), own);
      if (type === "TRUST_ALLOCATE") own.set(receiver, weight ?? 1);
      else if (type !== "TRUST_ACCEPT") own.delete(receiver);
    }
    const sums = [...weights].map(([giver, own]) => [giver, [...own.values()].reduce((a, b) => a + b, 0)] as const);
    const over = sums.filter(([, sum]) => sum > 9).length;
    expect(over).toBeGreaterThanOrEqual(2);
    expect(over).toBeLessThanOrEqual(8);
    expect(Object.fromEntries(sums)[MAIN]).toBe(7);
    // A newcomer signs in as one of the first.
    const first = world.people.slice(0, 50).map(({ userId }) => userId as string);
    expect(sums.filter(([giver, sum]) => first.includes(giver) && sum > 9)).toEqual([]);
  });

  it("gives Alex something to do: requests both ways, contacts, recognition, one of it pending", () => {
    expect(state.pending().filter(({ to }) => to === MAIN).length).toBeGreaterThanOrEqual(3);
    expect(state.pending().filter(({ from }) => from === MAIN).length).toBeGreaterThanOrEqual(2);
    expect(state.contactsOf(MAIN).length).toBeGreaterThan(25);
    const defined = new Set<unknown>();
    const minted: unknown[] = [];
    for (const { message } of bodies) {
      const decoded = decodeMessage(message.bytes);
      if (!decoded.ok) continue;
      const { type, target, definitionId } = decoded.value;
      if (type === "RECOGNITION_DEFINITION") defined.add(definitionId);
      if (type === "RECOGNITION_MINT" && target === MAIN) minted.push(definitionId);
    }
    expect(defined.size).toBe(12);
    expect(minted.length).toBeGreaterThan(4);
    expect(minted.filter((id) => !defined.has(id))).toHaveLength(1);
  });

  it("mints before and after the definition", () => {
    const definedAt = new Map<unknown, number>();
    const early: unknown[] = [];
    const late: unknown[] = [];
    for (const { message } of bodies) {
      const decoded = decodeMessage(message.bytes);
      if (!decoded.ok) continue;
      const { type, definitionId } = decoded.value;
      if (type === "RECOGNITION_DEFINITION") definedAt.set(definitionId, message.sequence);
      if (type === "RECOGNITION_MINT") (definedAt.has(definitionId) ? late : early).push(definitionId);
    }
    expect(early.length).toBeGreaterThan(50);
    expect(late.length).toBeGreaterThan(200);
  });
});

describe("as reading matter", () => {
  it("has every published form of envelope, and every reason for having none", () => {
    const cases = JSON.parse(readFileSync("tests/fixtures/vectors/envelopes.json", "utf8")).cases as {
      name: string;
      message?: Record<string, unknown>;
      messageBase64?: string;
      expect: { undecodable?: string };
    }[];
    const forms = new Set(bodies.map(({ body }) => formOf(body)));
    const reasons = new Set(
      messages
        .filter((m) => !m.chunk || m.chunk.total === 1)
        .map((message) => {
          const decoded = decodeMessage(message.bytes);
          return decoded.ok ? null : decoded.error;
        }),
    );
    for (const { name, message, expect: expected } of cases) {
      if (expected.undecodable) expect([...reasons], name).toContain(expected.undecodable);
      else expect([...forms], name).toContain(formOf(message ?? {}));
    }
  });

  it("decodes but for the poison", () => {
    const failed = messages.filter((m) => (!m.chunk || m.chunk.total === 1) && !decodeMessage(m.bytes).ok);
    expect(failed.length).toBeGreaterThan(20);
    expect(failed.length).toBeLessThan(40);
  });

  it("has long messages in chunks that go together, and one that never ends", () => {
    const chunked = messages.filter(({ chunk }) => chunk && chunk.total > 1);
    const groups = new Map<string, DevnetMessage[]>();
    for (const message of chunked) {
      const key = `${message.chunk?.initialTransactionId.validStartNs} ${message.chunk?.total}`;
      groups.set(key, [...(groups.get(key) ?? []), message]);
    }
    const whole = [...groups.values()].filter((group) => group.length === group[0]?.chunk?.total);
    expect(whole.length).toBeGreaterThan(15);
    expect(groups.size - whole.length).toBe(1);
    for (const group of whole) {
      const bytes = Buffer.concat(group.map((message) => message.bytes));
      expect(decodeMessage(bytes).ok).toBe(true);
    }
  });

  it("is paid for by the operator, but for forgeries and for those who pay themselves", () => {
    const others = messages.filter(({ payer }) => payer !== OPERATOR);
    expect(others.filter(({ payer }) => payer === UNTRUSTED_PAYER)).toHaveLength(6);
    const own = others.filter(({ payer }) => payer !== UNTRUSTED_PAYER);
    expect(own.length).toBeGreaterThan(4);
    for (const message of own) {
      const decoded = decodeMessage(message.bytes);
      expect(decoded.ok && decoded.value.actor).toBe(message.payer);
    }
  });
});

/** How a message says its type and who is concerned, whatever it says besides. */
function formOf(body: Record<string, unknown>): string {
  const style = (value: unknown) => (value && typeof value === "object" ? "object" : typeof value);
  const names = ["hcs", "kind", "schema", "actors", "from", "to", "actor", "target", "owner", "amount", "payload"];
  const present = names.filter((name) => name in body).map((name) => `${name}:${style(body[name])}`);
  const type =
    typeof body.type === "string" ? (body.type === body.type.toLowerCase() ? "lower" : "UPPER") : typeof body.type;
  return [type, ...present].join(" ");
}
