/** The numbers of `npm run capacity`, as its options give them. */
import { UsageError } from "../../command";

/** The number of an option; its default if it is absent. Throws UsageError. */
export function number(name: string, value: string | undefined, fallback: number, least = 0, most = 1e11): number {
  const found = value === undefined ? fallback : Number(value);
  if (value?.trim() === "" || !(found >= least && found <= most))
    throw new UsageError(`--${name} ${value} is not a number from ${least} to ${most}.`);
  return found;
}

/** The same, for an option that takes whole numbers only. */
export function wholeNumber(
  name: string,
  value: string | undefined,
  fallback: number,
  least: number,
  most: number,
): number {
  const found = number(name, value, fallback, least, most);
  if (!Number.isInteger(found))
    throw new UsageError(`--${name} ${value} is not a whole number from ${least} to ${most}.`);
  return found;
}
