/** What every shared view cache does, whatever it is made of. */
import { beforeEach, expect, it } from "vitest";
import type { UserId } from "@/lib/core/ids";
import type { CachedView, Lookup, ViewCache } from "@/lib/ports/view-cache";

export interface ViewCacheSubject {
  readonly cache: ViewCache;
  /** How long a view that nobody reads stays. */
  readonly ttlMs: number;
  /** Lets time pass for the cache. */
  pass(ms: number): Promise<void>;
}

const USER = "tm-ada" as UserId;
const OTHER = "0.0.7226146" as UserId;
const LEASE_MS = 500;
const view = (position: number, text = "x"): CachedView => ({
  body: JSON.stringify({ text, position }),
  etag: `"${position}-abc"`,
  position,
  readMs: 1_790_000_000_000,
});

export function viewCacheContract(open: () => Promise<ViewCacheSubject>): void {
  let cache: ViewCache;
  let subject: ViewCacheSubject;
  beforeEach(async () => {
    subject = await open();
    cache = subject.cache;
  });
  const look = (userId = USER): Promise<Lookup> => cache.lookup(userId, "contacts", LEASE_MS);
  const leased = async (userId = USER): Promise<string> => {
    const found = await look(userId);
    if (found.kind !== "lease") throw new Error(`expected a lease, got ${found.kind}`);
    return found.lease;
  };
  const filled = async (position: number) => cache.fill(USER, "contacts", view(position), await leased());

  it("gives one of many cold readers the lease, and lets the others wait", async () => {
    const kinds = (await Promise.all(Array.from({ length: 20 }, () => look()))).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === "lease")).toHaveLength(1);
    expect(kinds.filter((kind) => kind === "wait")).toHaveLength(19);
  });

  it("gives back what was filled, as it was, whatever is in it", async () => {
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

  it("takes a fill only from who holds the lease", async () => {
    const lease = await leased();
    expect(await cache.fill(USER, "contacts", view(1), "another")).toBe(false);
    expect(await cache.fill(USER, "contacts", view(2), lease)).toBe(true);
    expect(await cache.fill(USER, "contacts", view(3), lease)).toBe(false);
    expect(await look()).toMatchObject({ kind: "hit", view: { position: 2 } });
  });

  it("gives the lease to the next when its holder did not come back in time", async () => {
    const slow = await leased();
    await subject.pass(LEASE_MS + 50);
    const next = await leased();
    expect(next).not.toBe(slow);
    expect(await cache.fill(USER, "contacts", view(1), slow)).toBe(false);
    expect(await cache.fill(USER, "contacts", view(2), next)).toBe(true);
  });

  it("gives the lease to the next at once when its holder gives it back, with the last copy still there", async () => {
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

  it("expires every view of the users that a commit concerns, keeps the last copy for outages, and nobody else's", async () => {
    await filled(1);
    await cache.fill(OTHER, "contacts", view(9), await leased(OTHER));
    await cache.expire([USER]);
    expect(await look()).toMatchObject({ kind: "lease", last: { position: 1 } });
    expect(await look()).toMatchObject({ kind: "wait", last: { position: 1 } });
    expect(await look(OTHER)).toMatchObject({ kind: "hit" });
  });

  it("expires everything at once where it must, leases too", async () => {
    await filled(1);
    const slow = await leased(OTHER);
    await cache.expireAll();
    expect((await look()).kind).toBe("lease");
    expect(await cache.fill(OTHER, "contacts", view(1), slow)).toBe(false);
  });

  it("lets an idle user leave, and keeps one who is read", async () => {
    await filled(1);
    await subject.pass(subject.ttlMs * 0.7);
    expect((await look()).kind).toBe("hit");
    await subject.pass(subject.ttlMs * 0.7);
    expect((await look()).kind).toBe("hit");
    await subject.pass(subject.ttlMs * 1.1);
    expect(await look()).toMatchObject({ kind: "lease", last: null });
  });
}
