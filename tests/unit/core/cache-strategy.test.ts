import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  cacheStrategies,
  EVICTION_POLICIES,
  type EvictionPolicy,
  strategyOf,
  VIEW_KINDS,
} from "@/lib/core/cache-strategy";
import type { UserId } from "@/lib/core/ledger/ids";
import { L1Cache } from "@/lib/engine/reads/l1-cache";
import { readEnv } from "@/lib/server/config/env";

describe("the table of strategies", () => {
  it("has the plan's figures if nothing is set", () => {
    const strategies = cacheStrategies();
    expect(strategies.contacts).toEqual({ ttlMs: 3_600_000, maxSize: null, evictionPolicy: "USER_BASED" });
    expect(strategies.signals).toEqual({ ttlMs: 3_600_000, maxSize: 10_000, evictionPolicy: "USER_BASED" });
  });

  it("is set by the environment", () => {
    const { strategies } = readEnv({ CACHE_TTL_S: "60", MAX_SIGNALS_PER_USER: "500", CACHE_EVICTION: "TTL" });
    for (const kind of VIEW_KINDS) expect(strategies[kind]).toMatchObject({ ttlMs: 60_000, evictionPolicy: "TTL" });
    expect(strategies.signals.maxSize).toBe(500);
    expect(readEnv({}).strategies).toEqual(cacheStrategies());
    expect(() => readEnv({ CACHE_EVICTION: "FIFO" })).toThrow(/CACHE_EVICTION/);
  });

  it.each([
    [{ ttlMs: 0 }, "contacts: a time to live"],
    [{ ttlMs: Number.NaN }, "contacts: a time to live"],
    [{ maxSignals: 0.5 }, "signals: a size"],
    [{ evictionPolicy: "FIFO" as EvictionPolicy }, "contacts: an eviction policy"],
  ])("refuses %j", (overrides, sentence) => {
    expect(() => cacheStrategies(overrides)).toThrow(sentence);
  });

  it("knows a view's kind by the first part of its name", () => {
    const strategies = cacheStrategies();
    expect(strategyOf(strategies, "recognition.7")).toBe(strategies.recognition);
    expect(strategyOf(strategies, "signals")).toBe(strategies.signals);
  });
});

const TTL_MS = 10_000;
const ENTRY_BYTES = 500;
const VIEW_BYTES = 300;
const KINDS = ["contacts", "circle", "signals"] as const;
type Kind = (typeof KINDS)[number];
type Held = Map<Kind, { readonly bytes: number; readonly filledMs: number }>;

/** A policy carried out the slow and obvious way: entries that leave together, the least recently renewed first. */
class Model {
  private order: { readonly key: string; readonly views: Held }[] = [];

  constructor(
    private readonly policy: EvictionPolicy,
    private readonly maxBytes: number,
  ) {}

  read(user: string, kind: Kind, nowMs: number): boolean {
    const entry = this.order.find(({ key }) => key === this.key(user, kind));
    const view = entry?.views.get(kind);
    if (!entry) return false;
    if (this.policy === "TTL") {
      if (!view || nowMs - view.filledMs < TTL_MS) return view !== undefined;
      this.order = this.order.filter((each) => each !== entry);
      return false;
    }
    this.order = [...this.order.filter((each) => each !== entry), entry];
    return view !== undefined;
  }

  fill(user: string, kind: Kind, bytes: number, nowMs: number): void {
    const key = this.key(user, kind);
    const views: Held = new Map(this.order.find((each) => each.key === key)?.views);
    views.set(kind, { bytes, filledMs: nowMs });
    this.order = [...this.order.filter((each) => each.key !== key), { key, views }];
    while (this.bytes > this.maxBytes) this.order.shift();
  }

  get bytes(): number {
    const ofViews = ({ views }: { readonly views: Held }) =>
      [...views.values()].reduce((sum, { bytes }) => sum + bytes + VIEW_BYTES, ENTRY_BYTES);
    return this.order.reduce((sum, entry) => sum + ofViews(entry), 0);
  }

  private key(user: string, kind: Kind): string {
    return this.policy === "USER_BASED" ? user : `${kind} ${user}`;
  }
}

describe("memory (L1)", () => {
  const step = fc.record({
    user: fc.constantFrom("tm-a", "tm-b", "tm-c", "tm-d", "tm-e"),
    kind: fc.constantFrom(...KINDS),
    bytes: fc.integer({ min: 2, max: 1_500 }),
    isFill: fc.boolean(),
    passMs: fc.constantFrom(0, 0, 0, 1_000, 4_000, TTL_MS),
  });

  it.each(EVICTION_POLICIES)("keeps and drops views as %s says, within its bytes, for any calls", (policy) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 6_000, max: 12_000 }), (steps, maxBytes) => {
        let nowMs = 1_790_000_000_000;
        const strategies = cacheStrategies({ ttlMs: TTL_MS, evictionPolicy: policy });
        const l1 = new L1Cache({ maxBytes, ttlMs: TTL_MS, strategies, now: () => nowMs });
        const model = new Model(policy, maxBytes);
        for (const { user, kind, bytes, isFill, passMs } of steps) {
          nowMs += passMs;
          const userId = user as UserId;
          if (isFill) {
            const view = { body: Buffer.alloc(bytes), etag: '"x"', position: 1, readMs: nowMs };
            expect(l1.fill(userId, kind, view, l1.generation(userId))).toBe(true);
            model.fill(user, kind, bytes, nowMs);
          } else {
            expect(l1.get(userId, kind) !== null).toBe(model.read(user, kind, nowMs));
          }
          expect(l1.bytes).toBe(model.bytes);
          expect(l1.bytes).toBeLessThanOrEqual(maxBytes);
        }
      }),
    );
  });

  it.each(EVICTION_POLICIES)("loads everything of a user again after a commit, under %s", (policy) => {
    const strategies = cacheStrategies({ ttlMs: TTL_MS, evictionPolicy: policy });
    const l1 = new L1Cache({ maxBytes: 1_000_000, ttlMs: TTL_MS, strategies, now: () => 1_000 });
    const [a, b] = ["tm-a" as UserId, "tm-b" as UserId];
    const view = { body: Buffer.from("{}"), etag: '"x"', position: 1, readMs: 0 };
    const names = [...KINDS, "recognition.3"];
    for (const userId of [a, b]) for (const name of names) l1.fill(userId, name, view, l1.generation(userId));
    l1.expire(a);
    for (const name of names) {
      expect(l1.get(a, name)?.ttlMs).toBeLessThanOrEqual(0);
      expect(l1.get(b, name)?.ttlMs).toBe(TTL_MS);
    }
    expect(l1.userCount).toBe(2);
    l1.expireAll();
    for (const name of names) expect(l1.get(b, name)?.ttlMs).toBeLessThanOrEqual(0);
  });

  it("keeps only the latest of a view whose name changes", () => {
    const l1 = new L1Cache({ maxBytes: 1_000_000, ttlMs: TTL_MS, now: () => 1_000 });
    const user = "tm-a" as UserId;
    const view = { body: Buffer.from("{}"), etag: '"x"', position: 1, readMs: 0 };
    for (let i = 0; i < 100; i += 1) l1.fill(user, `recognition.${i}`, view, l1.generation(user));
    expect(l1.get(user, "recognition.98")).toBeNull();
    expect(l1.get(user, "recognition.99")).not.toBeNull();
    expect(l1.bytes).toBe(ENTRY_BYTES + VIEW_BYTES + 2);
  });
});
