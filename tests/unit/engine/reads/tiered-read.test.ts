import { describe, expect, it } from "vitest";
import type { UserId } from "@/lib/core/ledger/ids";
import { L1Cache } from "@/lib/engine/reads/l1-cache";
import { TieredRead } from "@/lib/engine/reads/tiered-read";
import type { Load } from "@/lib/engine/reads/view-loader";
import { TierUnavailable } from "@/lib/ports/tier-unavailable";
import { DrivenClock } from "../../../support/control/driven-clock";

const USER = "tm-a" as UserId;

function setUp(maxBytes = 1_000_000) {
  const clock = new DrivenClock();
  const l1 = new L1Cache({ maxBytes, ttlMs: 60_000, now: () => clock.now() });
  return { clock, l1, reader: new TieredRead({ l1, shared: null, clock, staleMaxMs: 600_000 }) };
}
const at = (position: number, text = "") => ({ position, content: { text } });

/** A load that ends when the test says so. */
function held() {
  const loads: ((value: Awaited<ReturnType<Load>>) => void)[] = [];
  const load: Load = () => new Promise((resolve) => loads.push(resolve));
  return { loads, load };
}
const position = (result: Awaited<ReturnType<TieredRead["read"]>>) => (result.ok ? result.value.view.position : null);

describe("a tiered read", () => {
  it("loads once for a thousand readers at the same time", async () => {
    const { reader } = setUp();
    const { loads, load } = held();
    const reads = Array.from({ length: 1_000 }, () => reader.read(USER, "v", load));
    expect(loads).toHaveLength(1);
    loads[0]?.(at(1));
    expect(new Set((await Promise.all(reads)).map(position))).toEqual(new Set([1]));
  });

  it("goes to the origin for a reader who needs it, and joins no load that began before", async () => {
    const { reader } = setUp();
    const { loads, load } = held();
    await reader.read(USER, "v", async () => at(1));
    expect(position(await reader.read(USER, "v", async () => at(2), "origin"))).toBe(2);
    expect(position(await reader.read(USER, "v", async () => at(3), "current"))).toBe(2);
    const reads = [reader.read(USER, "w", load), reader.read(USER, "w", load, "origin")];
    expect(loads).toHaveLength(2);
    loads[0]?.(at(4));
    loads[1]?.(at(5));
    expect((await Promise.all(reads)).map(position)).toEqual([4, 5]);
  });

  it("serves no outdated copy to a reader who needs a current one", async () => {
    const { reader, l1 } = setUp();
    const fail = async () => {
      throw new TierUnavailable("postgres", "down");
    };
    await reader.read(USER, "v", async () => at(1));
    l1.expire(USER);
    expect(position(await reader.read(USER, "v", fail))).toBe(1);
    for (const need of ["current", "origin"] as const)
      expect((await reader.read(USER, "v", fail, need)).ok).toBe(false);
  });

  it("keeps users apart, and the views of each user", async () => {
    const { reader } = setUp();
    await reader.read(USER, "a", async () => at(1, "a"));
    await reader.read(USER, "b", async () => at(1, "b"));
    await reader.read("tm-b" as UserId, "a", async () => at(9, "other"));
    const again = await reader.read(USER, "a", async () => at(2, "not asked for"));
    expect(again.ok && again.value.view.body.toString()).toBe('{"text":"a","position":1}');
  });

  it("does not let a slow reader bring an older view back after a commit", async () => {
    const { reader, l1 } = setUp();
    const { loads, load } = held();
    const slow = reader.read(USER, "v", load);
    l1.expire(USER);
    const fast = reader.read(USER, "v", load);
    expect(loads).toHaveLength(2);
    loads[1]?.(at(2));
    expect(position(await fast)).toBe(2);
    loads[0]?.(at(1));
    expect(position(await slow)).toBe(1);
    expect(position(await reader.read(USER, "v", async () => at(3)))).toBe(2);
  });

  it("does not keep a view that was loaded before a commit, even if nobody has loaded since", async () => {
    const { reader, l1 } = setUp();
    const { loads, load } = held();
    const slow = reader.read(USER, "v", load);
    l1.expire(USER);
    loads[0]?.(at(1));
    await slow;
    expect(position(await reader.read(USER, "v", async () => at(2)))).toBe(2);
  });

  it("reads again when its time is over", async () => {
    const { reader, clock } = setUp();
    await reader.read(USER, "v", async () => at(1));
    await clock.advance(59_000);
    expect(position(await reader.read(USER, "v", async () => at(2)))).toBe(1);
    await clock.advance(2_000);
    expect(position(await reader.read(USER, "v", async () => at(2)))).toBe(2);
  });

  it("serves the last good copy, marked, while the database is down, and not for ever", async () => {
    const { reader, l1, clock } = setUp();
    await reader.read(USER, "v", async () => at(1));
    l1.expire(USER);
    const down: Load = () => Promise.reject(new TierUnavailable("postgres", "down"));
    const stale = await reader.read(USER, "v", down);
    expect(stale).toMatchObject({
      ok: true,
      value: {
        isStaleCopy: true,
        view: { position: 1 },
        tiers: [
          { tier: "postgres", outcome: "failed", detail: "unavailable" },
          { tier: "l1", outcome: "stale", detail: "postgres-unavailable" },
        ],
      },
    });
    await clock.advance(601_000);
    expect(await reader.read(USER, "v", down)).toMatchObject({ ok: false, error: { code: "unavailable" } });
    expect(await reader.read("tm-new" as UserId, "v", down)).toMatchObject({ ok: false });
  });

  it("rethrows an error that is not an outage", async () => {
    const { reader } = setUp();
    await expect(reader.read(USER, "v", () => Promise.reject(new TypeError("a bug")))).rejects.toThrow("a bug");
    expect(position(await reader.read(USER, "v", async () => at(1)))).toBe(1);
  });

  it("gives the same content the same tag, and other content another", async () => {
    const { reader, l1 } = setUp();
    const tag = async (text: string) => {
      l1.expireAll();
      const result = await reader.read(USER, "v", async () => at(1, text));
      return result.ok ? result.value.view.etag : "";
    };
    expect(await tag("x")).toBe(await tag("x"));
    expect(await tag("x")).not.toBe(await tag("y"));
  });
});

describe("memory (L1)", () => {
  it("stays within its bytes, and drops the least recently read user as a whole", async () => {
    const { reader, l1 } = setUp(20_000);
    const big = "x".repeat(3_000);
    const read = (user: string, name: string) => reader.read(user as UserId, name, async () => at(1, big));
    for (const user of ["tm-1", "tm-2", "tm-3"]) for (const name of ["a", "b"]) await read(user, name);
    expect(l1.bytes).toBeLessThanOrEqual(20_000);
    expect(l1.get("tm-1" as UserId, "a")).toBeNull();
    expect(l1.get("tm-1" as UserId, "b")).toBeNull();
    expect(l1.get("tm-3" as UserId, "a")).not.toBeNull();
  });

  it("counts compressed copies of its views, and drops a view together with them", async () => {
    const { reader, l1 } = setUp(20_000);
    const read = (user: string) => reader.read(user as UserId, "a", async () => at(1, "x".repeat(3_000)));
    await read("tm-1");
    const before = l1.bytes;
    const copies = l1.get("tm-1" as UserId, "a")?.view.copies;
    copies?.keep("br", Buffer.alloc(500));
    copies?.keep("gzip", Buffer.alloc(600));
    expect(l1.bytes).toBe(before + 1_100);
    expect(l1.get("tm-1" as UserId, "a")?.view.copies?.get("br")).toHaveLength(500);
    // A copy that comes when the view has been replaced counts for nothing.
    l1.expire("tm-1" as UserId);
    await reader.read("tm-1" as UserId, "a", async () => at(2, "x".repeat(3_000)));
    copies?.keep("br", Buffer.alloc(500));
    expect(l1.bytes).toBe(before);
    for (let i = 2; i < 8; i += 1) {
      await read(`tm-${i}`);
      l1.get(`tm-${i}` as UserId, "a")?.view.copies?.keep("br", Buffer.alloc(3_000));
    }
    expect(l1.bytes).toBeLessThanOrEqual(20_000);
    expect(l1.get("tm-2" as UserId, "a")).toBeNull();
  });
});
