import { beforeEach, describe, expect, it } from "vitest";
import { MemoryEventBus } from "@/lib/adapters/memory/memory-event-bus";
import type { AccountId, TopicId } from "@/lib/core/ledger/ids";
import type { LedgerMessage } from "@/lib/core/ledger/message";
import { err, ok } from "@/lib/core/result";
import { type CheckOptions, type CheckProgress, checkTopic, newCheck } from "@/lib/engine/repair/audit";
import { DrivenClock } from "../../../support/control/driven-clock";
import { chainOf, OPERATOR, sha384 } from "../../../support/mirrors/chain";
import { noSignatures } from "../../../support/mirrors/no-signatures";
import { ScriptedLedger } from "../../../support/mirrors/scripted-ledger";
import { ed25519Wallet } from "../../../support/stand-ins/wallet";
import { LogStore } from "../../../support/stores/log-store";
import { signedProfile } from "../../../support/worlds/histories/signed";

const TOPIC = "0.0.7" as TopicId;
const request = (i: number) => ({ body: { type: "CONTACT_REQUEST", from: "tm-a", to: `tm-${i}` } });

let clock: DrivenClock;
let ledger: ScriptedLedger;
let log: LogStore;
let chain: readonly LedgerMessage[];
let unproven: TopicId[];

/** A topic of `count` messages, stored as the ledger has them. */
function topicOf(count: number): void {
  chain = chainOf(
    TOPIC,
    Array.from({ length: count }, (_, i) => request(i)),
  );
  ledger.set(chain);
  log.hold(chain);
}

async function check(mode: CheckOptions["mode"], more: Partial<CheckOptions> = {}) {
  const deps = {
    ...{ store: log.store, ledger, clock, sha384, bus: new MemoryEventBus() },
    trustedPayers: new Set([OPERATOR]),
    signatures: noSignatures,
    missed: { unpublished: () => {} },
    renamedBy: async () => [],
    onUnproven: (topicId: TopicId) => unproven.push(topicId),
  };
  const start = newCheck(chain.length);
  const onProgress = async () => {};
  const signal = new AbortController().signal;
  return clock.drive(checkTopic(deps, TOPIC, { mode, start, paceMs: 0, signal, onProgress, ...more }));
}

async function found(mode: CheckOptions["mode"] = "audit"): Promise<CheckProgress> {
  const result = await check(mode);
  if (!result.ok) throw new Error(result.error.code);
  return result.value;
}

beforeEach(() => {
  [clock, ledger, log] = [new DrivenClock(), new ScriptedLedger(), new LogStore()];
  unproven = [];
  topicOf(5);
});

describe("an audit", () => {
  it("begins after dropped messages, and checks the chain from the last of them", async () => {
    topicOf(250);
    log.dropThrough(128);
    const nothing = { count: 0, first: [] };
    const right = {
      through: 250,
      checked: 122,
      matching: 122,
      missing: nothing,
      unconfirmed: nothing,
      broken: nothing,
    };
    expect(await found()).toMatchObject(right);
    expect(await found("resync")).toMatchObject({ ...right, restored: 0 });
    expect(log.written.flatMap(({ entries }) => entries).every(({ sequence }) => sequence > 128)).toBe(true);
    ledger.set(chain.map((each) => (each.sequence === 129 ? { ...each, message: new Uint8Array(3) } : each)));
    expect((await found()).broken).toEqual({ count: 1, first: [129] });
    // An audit that began before the messages were dropped ends where it was to end.
    expect(await check("audit", { start: newCheck(100) })).toMatchObject(ok({ through: 100, to: 100, checked: 0 }));
    // The hash of the last dropped message is that of no other missing one.
    log.entries.delete(140);
    const later = await check("audit", { start: { ...newCheck(250), through: 140 } });
    expect(later).toMatchObject(ok({ through: 250, checked: 110, broken: nothing }));
    log.dropThrough(250);
    expect(await found()).toMatchObject({ through: 250, checked: 0 });
  });

  it("of a topic that is stored as the ledger has it finds nothing", async () => {
    expect(await found()).toEqual({ ...newCheck(5), through: 5, checked: 5, matching: 5 });
  });

  it("names a stored message with another payer, and writes nothing", async () => {
    const entry = log.entries.get(3);
    if (entry) log.entries.set(3, { ...entry, payer: "0.0.666" as AccountId });
    expect((await found()).differing).toEqual({ count: 1, first: [3] });
    expect(log.written).toEqual([]);
  });

  it("names a message that is not stored", async () => {
    log.entries.delete(2);
    expect(await found()).toMatchObject({ missing: { count: 1, first: [2] }, matching: 4 });
  });

  it("asks a second mirror before it calls a stored message unconfirmed", async () => {
    ledger.answer = ({ attempt }, page) => ok(attempt === 0 ? page.filter(({ sequence }) => sequence !== 4) : page);
    expect((await found()).unconfirmed.count).toBe(0);
    ledger.answer = (_, page) => ok(page.filter(({ sequence }) => sequence !== 4));
    expect((await found()).unconfirmed).toEqual({ count: 1, first: [4] });
  });

  it("names the message at which the mirror's own hash chain breaks", async () => {
    ledger.set(
      chain.map((message) => (message.sequence === 3 ? { ...message, message: new Uint8Array([1]) } : message)),
    );
    expect((await found()).broken).toEqual({ count: 1, first: [3] });
  });

  it("goes on from where it was, and names at most a hundred findings", async () => {
    topicOf(250);
    log.entries.clear();
    expect((await found()).missing).toEqual({ count: 250, first: Array.from({ length: 100 }, (_, i) => i + 1) });
    const result = await check("audit", { start: { ...newCheck(250), through: 240 } });
    expect(result).toMatchObject({ ok: true, value: { checked: 10, through: 250 } });
  });

  it("stops between two ranges when it is told to", async () => {
    topicOf(250);
    const stop = new AbortController();
    const result = await check("audit", { signal: stop.signal, onProgress: async () => stop.abort() });
    expect(result).toMatchObject({ ok: true, value: { through: 100, to: 250 } });
  });

  it("ends with the error of a mirror that fails for long, after six tries with growing waits", async () => {
    ledger.answer = () => err({ code: "unavailable", message: "down" } as never);
    const startMs = clock.monotonicMs();
    expect(await check("audit")).toMatchObject({ ok: false, error: { code: "unavailable" } });
    expect(ledger.pages).toHaveLength(6);
    expect(clock.monotonicMs() - startMs).toBe(1_000 + 2_000 + 4_000 + 8_000 + 16_000);
  });
});

describe("a resync", () => {
  it("brings back a lost message as a replay would have it", async () => {
    const before = log.entries.get(2);
    log.entries.delete(2);
    expect(await found("resync")).toMatchObject({ restored: 1, missing: { count: 1 } });
    expect(log.entries.get(2)).toEqual(before);
  });

  it("asks for repairs of the topic if it leaves a signature that could not be judged, and only then", async () => {
    log.entries.delete(2);
    await found("resync");
    expect(unproven).toEqual([]);
    chain = chainOf(TOPIC, [{ body: signedProfile(ed25519Wallet(), "0.0.7001", { timestamp: 1_790_000_000_000 }) }]);
    ledger.set(chain);
    log.entries.clear();
    await found("audit");
    expect(unproven).toEqual([]);
    await found("resync");
    expect(unproven).toEqual([TOPIC]);
  });

  it("keeps a verified message even if the mirror has another one", async () => {
    const before = log.entries.get(3);
    ledger.set(
      chain.map((message) => (message.sequence === 3 ? { ...message, message: new Uint8Array([1]) } : message)),
    );
    await found("resync");
    expect(log.entries.get(3)).toMatchObject({ verification: "verified", message: before?.message });
  });

  it("replaces a failed message when the mirror has the true one", async () => {
    const forged = chain.map((message) =>
      message.sequence === 3 ? { ...message, message: new TextEncoder().encode("forged") } : message,
    );
    log.entries.clear();
    log.hold(forged);
    expect(log.entries.get(3)?.verification).toBe("failed");
    await found("resync");
    expect(log.entries.get(3)).toMatchObject({ verification: "verified", disposition: "signal" });
  });
});
