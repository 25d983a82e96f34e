/** Wraps an object. `onCall` runs before every method. If it returns an error, the method rejects with that error instead. */
export function intercepted<T extends object>(
  target: T,
  onCall: (name: string, args: readonly unknown[]) => Error | null,
): T {
  return new Proxy(target, {
    get: (object, name) => {
      const value: unknown = Reflect.get(object, name);
      if (typeof value !== "function") return value;
      return (...args: unknown[]) => {
        const cause = onCall(String(name), args);
        return cause === null ? value.apply(object, args) : Promise.reject(cause);
      };
    },
  });
}
