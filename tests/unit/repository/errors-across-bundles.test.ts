/** Next gives each bundle its own copy of a module: what one throws, another must know for what it is. */
import { describe, expect, it, vi } from "vitest";

type Errors = Record<"StoreUnavailable" | "HotTierUnavailable" | "ProblemError", new (...args: never[]) => Error>;

async function copyOfModules(): Promise<Errors> {
  vi.resetModules();
  const [store, hot, problem] = await Promise.all([
    import("@/lib/ports/store/sync-store"),
    import("@/lib/ports/shared/view-cache"),
    import("@/lib/server/http/problem"),
  ]);
  return { ...store, ...hot, ...problem } as unknown as Errors;
}

const make = (type: new (...args: never[]) => Error): Error =>
  new (type as new (...args: unknown[]) => Error)("a", "b");

describe.each(["StoreUnavailable", "HotTierUnavailable", "ProblemError"] as const)("%s", (name) => {
  it("of one bundle is known in another, and no other error is", async () => {
    const [a, b] = [await copyOfModules(), await copyOfModules()];
    expect(a[name]).not.toBe(b[name]);
    const thrown = make(a[name]);
    expect(thrown instanceof b[name]).toBe(true);
    expect(thrown instanceof a[name]).toBe(true);
    for (const other of Object.keys(a) as (keyof Errors)[])
      if (/Unavailable$|^ProblemError$/.test(other) && other !== name) expect(thrown instanceof b[other]).toBe(false);
    for (const value of [new Error(name), null, undefined, name, {}]) expect(value instanceof b[name]).toBe(false);
  });

  it("tells its subclasses apart from itself", async () => {
    const { [name]: Base } = await copyOfModules();
    class Special extends (Base as new (...args: unknown[]) => Error) {}
    expect(new Special("a", "b") instanceof Base).toBe(true);
    expect(make(Base) instanceof Special).toBe(false);
  });
});
