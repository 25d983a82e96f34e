/** The contract of every shared view cache. */
import { beforeEach, expect, it } from "vitest";
import { type CacheStrategies, cacheStrategies, type EvictionPolicy } from "@/lib/core/cache-strategy";
import type { UserId } from "@/lib/core/ledger/ids";
import type { CachedView, Lookup, ViewCache } from "@/lib/ports/shared/view-cache";

export interface ViewCacheSubject {
  readonly cache: ViewCache;
  /** Lets time pass for the cache. */
  pass(ms: number): Promise<void>;
}

const USER = "tm-ada" as UserId;
const OTHER = "0.0.7226146" as UserId;
const LEASE_MS = 500;
/** How long a view stays that is not renewed. */
export const VIEW_TTL_MS = 10_000;
const view = (position: number, text = "x"): CachedView => ({
  body: JSON.stringify({ text, position }),
  etag: `"${position}-abc"`,
  position,
  readMs: 1_790_000_000_000,
});

export function viewCacheContract(open: (strategies: CacheStrategies) => Promise<ViewCacheSubject>): void {
  let cache: ViewCache;
  let subject: ViewCacheSubject;
  beforeEach(async () => {
    subject = await open(cacheStrategies({ ttlMs: VIEW_TTL_MS }));
    cache = subject.cache;
  });
  const look = (userId = USER): Promise<Lookup> => cache.lookup(userId, "contacts", LEASE_MS);
  const leased = async (userId = USER): Promise<string> => {
    const found = await look(userId);
    if (found.kind !== "lease") throw new Error(`expected a lease, got ${found.kind}`);
    return found.lease;
  };
  const filled = async (position: number) => cache.fill(USER, "contacts", view(position), await leased());

  it("gives the lease to one of many cold readers, and lets the others wait", async () => {
    const kinds = (await Promise.all(Array.from({ length: 20 }, () => look()))).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === "lease")).toHaveLength(1);
    expect(kinds.filter((kind) => kind === "wait")).toHaveLength(19);
  });

  it("lists a user's views, without a lease and without renewing them", async () => {
    expect(await cache.held(USER)).toEqual([]);
    await filled(7);
    const held = { name: "contacts", position: 7, readMs: view(7).readMs, bytes: view(7).body.length, isFresh: true };
    expect(await cache.held(USER)).toEqual([held]);
    expect(await cache.held(OTHER)).toEqual([]);
    await subject.pass(VIEW_TTL_MS / 2);
    await cache.held(USER);
    await cache.expire([USER]);
    expect(await cache.held(USER)).toEqual([{ ...held, isFresh: false }]);
    // The lease is still to be had.
    expect((await look()).kind).toBe("lease");
    expect(await cache.held(USER)).toEqual([{ ...held, isFresh: false }]);
  });

  it("drops a view that only operators look at", async () => {
    await filled(7);
    await subject.pass(VIEW_TTL_MS / 2);
    expect(await cache.held(USER)).toHaveLength(1);
    await subject.pass(VIEW_TTL_MS / 2);
    expect(await cache.held(USER)).toEqual([]);
  });

  it("returns every view exactly as it was filled", async () => {
    const hostile = { ...view(7, 'quotes " \\ newline \n unicode \u2028 🌱 42'), etag: '"7-x"' };
    expect(await cache.fill(USER, "contacts", hostile, await leased())).toBe(true);
    expect(await look()).toMatchObject({ kind: "hit", view: hostile });
  });

  it("keeps users apart, and the views of one user", async () => {
    await filled(1);
    expect((await look(OTHER)).kind).toBe("lease");
    expect((await cache.lookup(USER, "signals", LEASE_MS)).kind).toBe("lease");
    expect((await look()).kind).toBe("hit");
  });

  it("accepts a fill only from the holder of the lease", async () => {
    const lease = await leased();
    expect(await cache.fill(USER, "contacts", view(1), "another")).toBe(false);
    expect(await cache.fill(USER, "contacts", view(2), lease)).toBe(true);
    expect(await cache.fill(USER, "contacts", view(3), lease)).toBe(false);
    expect(await look()).toMatchObject({ kind: "hit", view: { position: 2 } });
  });

  it("gives the lease to the next reader if its holder did not fill in time", async () => {
    const slow = await leased();
    await subject.pass(LEASE_MS + 50);
    const next = await leased();
    expect(next).not.toBe(slow);
    expect(await cache.fill(USER, "contacts", view(1), slow)).toBe(false);
    expect(await cache.fill(USER, "contacts", view(2), next)).toBe(true);
  });

  it("gives the lease to the next reader at once if its holder returns it, with the last copy still there", async () => {
    await filled(1);
    await cache.expire([USER]);
    const first = await leased();
    await cache.release(USER, "contacts", "another");
    expect((await look()).kind).toBe("wait");
    await cache.release(USER, "contacts", first);
    expect(await look()).toMatchObject({ kind: "lease", last: { position: 1 } });
    await cache.release(USER, "contacts", first);
    expect((await look()).kind).toBe("wait");
    expect(await cache.fill(USER, "contacts", view(2), first)).toBe(false);
  });

  it("never lets a reader who began before a commit bring the older view back", async () => {
    const slow = await leased();
    await cache.expire([USER]);
    expect(await cache.fill(USER, "contacts", view(1), slow)).toBe(false);
    const fast = await leased();
    expect(await cache.fill(USER, "contacts", view(2), fast)).toBe(true);
    expect(await cache.fill(USER, "contacts", view(1), slow)).toBe(false);
    expect(await look()).toMatchObject({ kind: "hit", view: { position: 2 } });
  });

  it("expires all views of the users that a commit concerns and of nobody else, and keeps the last copies for outages", async () => {
    await filled(1);
    await cache.fill(OTHER, "contacts", view(9), await leased(OTHER));
    await cache.expire([USER]);
    expect(await look()).toMatchObject({ kind: "lease", last: { position: 1 } });
    expect(await look()).toMatchObject({ kind: "wait", last: { position: 1 } });
    expect(await look(OTHER)).toMatchObject({ kind: "hit" });
  });

  it("can expire everything at once, leases too", async () => {
    await filled(1);
    const slow = await leased(OTHER);
    await cache.expireAll();
    expect((await look()).kind).toBe("lease");
    expect(await cache.fill(OTHER, "contacts", view(1), slow)).toBe(false);
  });

  it("drops an idle user's views, and keeps the views of a user who is read", async () => {
    await filled(1);
    await subject.pass(VIEW_TTL_MS * 0.7);
    expect((await look()).kind).toBe("hit");
    await subject.pass(VIEW_TTL_MS * 0.7);
    expect((await look()).kind).toBe("hit");
    await subject.pass(VIEW_TTL_MS * 1.1);
    expect(await look()).toMatchObject({ kind: "lease", last: null });
  });

  /** Two views of one user, filled now, under a policy. */
  const keptBy = async (evictionPolicy: EvictionPolicy) => {
    subject = await open(cacheStrategies({ ttlMs: VIEW_TTL_MS, evictionPolicy }));
    cache = subject.cache;
    for (const name of ["contacts", "signals"] as const) {
      const found = await cache.lookup(USER, name, LEASE_MS);
      if (found.kind === "lease") await cache.fill(USER, name, view(1), found.lease);
    }
  };
  const kinds = async () => {
    const found = [await look(), await cache.lookup(USER, "signals", LEASE_MS)];
    return found.map(({ kind }) => kind);
  };

  it("with USER_BASED a read of one view keeps all views of its user, and an idle user loses all", async () => {
    await keptBy("USER_BASED");
    for (let i = 0; i < 4; i += 1) {
      await subject.pass(VIEW_TTL_MS * 0.7);
      expect((await look()).kind).toBe("hit");
    }
    expect(await kinds()).toEqual(["hit", "hit"]);
    await subject.pass(VIEW_TTL_MS * 1.1);
    expect(await kinds()).toEqual(["lease", "lease"]);
  });

  it("with LRU a read of one view keeps that view only", async () => {
    await keptBy("LRU");
    await subject.pass(VIEW_TTL_MS * 0.7);
    expect(await look()).toMatchObject({ kind: "hit", ttlMs: VIEW_TTL_MS });
    await subject.pass(VIEW_TTL_MS * 0.7);
    expect(await kinds()).toEqual(["hit", "lease"]);
  });

  it("with TTL a read renews nothing, and a hit says how long the view has left", async () => {
    await keptBy("TTL");
    await subject.pass(VIEW_TTL_MS * 0.7);
    const found = await look();
    expect(found.kind).toBe("hit");
    if (found.kind === "hit") {
      expect(found.ttlMs).toBeGreaterThan(0);
      expect(found.ttlMs).toBeLessThanOrEqual(VIEW_TTL_MS * 0.3);
    }
    await subject.pass(VIEW_TTL_MS * 0.4);
    expect(await look()).toMatchObject({ kind: "lease", last: null });
  });
}
