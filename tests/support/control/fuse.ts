import type { Ledger } from "@/lib/ports/ledger/ledger";

/** Thrown where a process dies. */
export class Crash extends Error {
  override readonly name = "Crash";
}

/** Synchronous methods. They make no call to another process, so no process dies in them. */
const AT_ONCE: ReadonlySet<string> = new Set<keyof Ledger>(["choose"]);

/** Calls `target`. At each call `fuse` decides whether the process dies before it, after it (the answer is lost), or not. */
export function fused<T extends object>(target: T, fuse: () => "before" | "after" | null): T {
  return new Proxy(target, {
    get(object, name) {
      const value = Reflect.get(object, name) as unknown;
      if (typeof value !== "function") return value;
      if (AT_ONCE.has(String(name))) return value.bind(object);
      return async (...args: unknown[]) => {
        const when = fuse();
        if (when === "before") throw new Crash();
        const answer = await (value as (...args: unknown[]) => Promise<unknown>).apply(object, args);
        if (when === "after") throw new Crash();
        return answer;
      };
    },
  });
}

/** A fuse that blows at call number `at`, counted over all objects that share it. If `at` is null, it never blows. */
export function fuseAt(
  at: number | null,
  when: "before" | "after",
): { fuse: () => "before" | "after" | null; calls(): number } {
  let calls = 0;
  return {
    fuse: () => {
      calls += 1;
      return calls === at ? when : null;
    },
    calls: () => calls,
  };
}
