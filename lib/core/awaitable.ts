/**
 * A value, or a promise of it. An async function allocates promises and waits for a turn of the event loop even if it has the value
 * already, which would cost a cached read more than all of its other work. So the code of a cached read returns the value itself, and
 * returns a promise only where it must wait.
 */
export type Awaitable<T> = T | Promise<T>;

/**
 * Calls `work` with the value: at once if it is there, otherwise when it comes. An error of `work` is thrown in the first case and
 * rejects in the second, as with `await`.
 *
 * @example andThen(sessionOf(cookie), (session) => session?.userId ?? null)
 */
export function andThen<T, U>(value: Awaitable<T>, work: (value: T) => Awaitable<U>): Awaitable<U> {
  return value instanceof Promise ? value.then(work) : work(value);
}

/** The value of `work`, or of `rescue` for its error, thrown or rejected. */
export function orElse<T>(work: () => Awaitable<T>, rescue: (cause: unknown) => Awaitable<T>): Awaitable<T> {
  try {
    const value = work();
    return value instanceof Promise ? value.catch(rescue) : value;
  } catch (cause) {
    return rescue(cause);
  }
}
