import { beforeEach, describe, expect, it } from "vitest";
import { MemoryEventBus } from "@/lib/adapters/memory/memory-event-bus";
import type { TopicId } from "@/lib/core/ledger/ids";
import type { LedgerMessage } from "@/lib/core/ledger/message";
import { ok } from "@/lib/core/result";
import type { SignatureVerdict } from "@/lib/core/signals/signal";
import { repairTopic } from "@/lib/engine/repair/repair";
import type { Signatures } from "@/lib/engine/sync/topic/signatures";
import type { MirrorName } from "@/lib/ports/ledger/ledger";
import type { Gap } from "@/lib/ports/store/sync/gap-store";
import { chainOf, chunked, OPERATOR, sha384 } from "../../../support/mirrors/chain";
import { noSignatures } from "../../../support/mirrors/no-signatures";
import { MIRROR, ScriptedLedger } from "../../../support/mirrors/scripted-ledger";
import { ed25519Wallet } from "../../../support/stand-ins/wallet";
import { LogStore } from "../../../support/stores/log-store";
import { signedProfile } from "../../../support/worlds/histories/signed";

const TOPIC = "0.0.7" as TopicId;
const OTHER_MIRROR = "http://other.test" as MirrorName;
const request = (i: number) => ({ body: { type: "CONTACT_REQUEST", from: "tm-a", to: `tm-${i}` } });
const forged = (message: LedgerMessage) => ({ ...message, message: new TextEncoder().encode("forged") });

let ledger: ScriptedLedger;
let log: LogStore;
let chain: readonly LedgerMessage[];
let signatures: Pick<Signatures, "settled">;

beforeEach(() => {
  [ledger, log, signatures] = [new ScriptedLedger(), new LogStore(), noSignatures];
  chain = chainOf(TOPIC, [1, 2, 3, 4, 5].map(request));
  ledger.set(chain);
});

const repair = (failedAfter = 0) =>
  repairTopic(
    {
      ...{ store: log.store, ledger, sha384, bus: new MemoryEventBus(), trustedPayers: new Set([OPERATOR]) },
      missed: { unpublished: () => {} },
      signatures,
      renamedBy: async () => [],
    },
    TOPIC,
    failedAfter,
  );

/** The topic without these messages, which are a declared gap. */
function withGap(from: number, to: number): void {
  log.hold(chain.filter(({ sequence }) => sequence < from || sequence > to));
  log.gapsNow = [{ from, to, state: "declared" } as unknown as Gap];
}

describe("a declared gap", () => {
  it("is filled when the mirror has its messages again, and the message after it is verified", async () => {
    withGap(2, 3);
    expect(log.entries.get(4)?.verification).toBe("unverifiable");
    expect(await repair()).toEqual({ mended: 2, left: 0, failedThrough: 0 });
    expect([...log.entries.values()].map(({ verification }) => verification)).toEqual(Array(5).fill("verified"));
  });

  it("stays while the mirror has none of its messages", async () => {
    withGap(2, 3);
    ledger.answer = () => ok([]);
    expect(await repair()).toEqual({ mended: 0, left: 2, failedThrough: 0 });
    expect(log.written).toEqual([]);
  });

  it("is filled from the preferred mirror if the other one has none of its messages", async () => {
    ledger.mirrors = [MIRROR, OTHER_MIRROR];
    withGap(2, 3);
    ledger.answer = ({ attempt = 0 }, page) => ok(attempt % 2 === 1 ? [] : page);
    expect(await repair()).toMatchObject({ mended: 2, left: 0 });
  });

  it("is filled page by page, however few messages a page holds", async () => {
    withGap(2, 4);
    ledger.answer = (_, page) => ok(page.slice(0, 1));
    expect(await repair()).toMatchObject({ mended: 3, left: 0 });
    expect(ledger.pages.map(({ after }) => after)).toEqual([1, 2, 3]);
  });

  it("that hid a chunk completes the message when it is filled", async () => {
    chain = chainOf(TOPIC, [request(1), ...chunked({ type: "CONTACT_REQUEST", from: "tm-a", to: "tm-b" }, "k", 15)]);
    ledger.set(chain);
    withGap(2, 2);
    const last = chain.at(-1)?.sequence ?? 0;
    expect(log.entries.get(last)?.disposition).not.toBe("signal");
    await repair();
    expect(log.entries.get(last)?.disposition).toBe("signal");
  });
});

describe("a failed message", () => {
  it("is replaced when the mirror has the true one", async () => {
    log.hold(chain.map((message) => (message.sequence === 3 ? forged(message) : message)));
    expect(await repair()).toEqual({ mended: 1, left: 0, failedThrough: 0 });
    expect(log.entries.get(3)).toMatchObject({ verification: "verified", disposition: "signal" });
  });

  it.each(["lacks it", "tells the same"])("is replaced from the preferred mirror if the other one %s", async (what) => {
    ledger.mirrors = [MIRROR, OTHER_MIRROR];
    const lie = forged(chain[2] as LedgerMessage);
    log.hold(chain.map((message) => (message.sequence === 3 ? lie : message)));
    ledger.single = (message, { attempt = 0 }) => (attempt % 2 === 0 ? message : what === "lacks it" ? undefined : lie);
    expect(await repair()).toMatchObject({ mended: 1, left: 0 });
  });

  it("stays failed while the mirror has the same", async () => {
    const lie = chain.map((message) => (message.sequence === 3 ? forged(message) : message));
    ledger.set(lie);
    log.hold(lie);
    expect(await repair()).toMatchObject({ mended: 0, left: 1 });
    expect(log.entries.get(3)?.verification).toBe("failed");
  });

  it("is asked for again in turn with others, eight at a time", async () => {
    chain = chainOf(
      TOPIC,
      Array.from({ length: 20 }, (_, i) => request(i)),
    );
    const lie = chain.map(forged);
    ledger.set(lie);
    log.hold(lie);
    const first = await repair();
    expect(first).toMatchObject({ mended: 0, failedThrough: 8 });
    expect((await repair(first.failedThrough)).failedThrough).toBe(16);
    expect((await repair(16)).failedThrough).toBe(0);
  });
});

describe("a message whose signature could not be judged", () => {
  const ANA = "0.0.7001";
  const wallet = ed25519Wallet();
  const body = signedProfile(wallet, ANA, { timestamp: 1_790_000_000_000 });
  /** Verdicts come as `verdict` says; null: nobody can be asked. */
  let verdict: SignatureVerdict | null;
  beforeEach(() => {
    verdict = null;
    signatures = {
      settled: async (view, again) =>
        verdict === null ? view : again(new Map(view.entries.map(({ sequence }) => [sequence, verdict as "right"]))),
    };
    chain = chainOf(TOPIC, [request(1), ...chunked(body, "k", 200)]);
    log.hold(chain);
  });
  const last = () => log.entries.get(chain.length);

  it("waits while nobody can be asked for the key, and is looked at again", async () => {
    expect(await repair()).toEqual({ mended: 0, left: 1, failedThrough: 0 });
    expect([last()?.disposition, log.written]).toEqual(["unproven", []]);
  });

  it.each([
    ["right", "signal", 1],
    ["wrong", "untrusted", 0],
    ["unprovable", "signal", 1],
  ] as const)("is settled once its signature is known to be %s", async (known, disposition, rows) => {
    verdict = known;
    expect(await repair()).toEqual({ mended: 1, left: 0, failedThrough: 0 });
    expect(last()?.disposition).toBe(disposition);
    expect(log.written.map((batch) => [batch.entries.length, batch.rows.length, batch.profiles.length])).toEqual([
      [1, rows, rows],
    ]);
    expect(await repair()).toEqual({ mended: 0, left: 0, failedThrough: 0 });
  });
});
