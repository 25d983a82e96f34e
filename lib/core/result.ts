/** A value, or an expected failure. Bugs throw; everything that a caller should handle is returned. */
export type Result<T, E> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };

/** Makes the result of a success. */
export const ok = <T>(value: T): Result<T, never> => ({ ok: true, value });

/** Makes the result of an expected failure. */
export const err = <E>(error: E): Result<never, E> => ({ ok: false, error });

/** The value. Throws if there is none: use it only where a failure would be a bug. */
export function unwrap<T, E>(result: Result<T, E>): T {
  if (result.ok) return result.value;
  throw result.error instanceof Error ? result.error : new Error(JSON.stringify(result.error));
}
