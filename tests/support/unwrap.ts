/** Returns the value, or throws if it is null or undefined. */
export function unwrap<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new Error("the test expected a value here");
  return value;
}
