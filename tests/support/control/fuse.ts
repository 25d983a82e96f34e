import type { Ledger } from "@/lib/ports/ledger/ledger";

/** Stands for the end of a process, wherever it comes. */
export class Crash extends Error {
  override readonly name = "Crash";
}

/** Methods that answer at once, of what the process knows: there is nothing in them to die at. */
const AT_ONCE: ReadonlySet<string> = new Set<keyof Ledger>(["choose"]);

/** Calls through to `target`; `fuse` decides at each call whether it dies before it, after it (the answer is lost), or not. */
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

/** A fuse that blows at the `at`th call, counted over everything that shares it; never where `at` is null. */
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
