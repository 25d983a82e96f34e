/**
 * The one way in which Redis and Postgres say that they are down. Each adapter translates its driver's errors at its edge, so that
 * everything above makes one check (`isTierUnavailable`) and has one way to go on without the tier (`ifDown`).
 *
 * A mirror's refusals are values instead (ledger.ts): each of their codes is handled in its own way.
 */

export const TIERS = ["redis", "postgres"] as const;
export type Tier = (typeof TIERS)[number];

/**
 * A tier that does not answer now; always worth a retry. The message is the reason in one sentence, without what people sent.
 * `cause` is for the adapter only.
 */
export class TierUnavailable extends Error {
  override readonly name = "TierUnavailable";
  readonly kind = "tier-unavailable";

  constructor(
    readonly tier: Tier,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(reason, options);
  }
}

/**
 * Whether `value` says that a tier (this one, if `tier` is given) is down. Looks at the kind: Next gives each bundle its own copy
 * of the class, and `instanceof` knows only one of the copies.
 */
export function isTierUnavailable(value: unknown, tier?: Tier): value is TierUnavailable {
  if (!(value instanceof Error) || !("kind" in value) || value.kind !== "tier-unavailable") return false;
  return tier === undefined || (value as TierUnavailable).tier === tier;
}

/**
 * For `catch`: answers with `fallback` if the tier is down, and throws everything else on.
 *
 * `await hot.reserve(…).catch(ifDown("redis", () => own.reserve(…)))`
 */
export function ifDown<T>(tier: Tier | "any", fallback: (down: TierUnavailable) => T): (cause: unknown) => T {
  return (cause) => {
    if (isTierUnavailable(cause, tier === "any" ? undefined : tier)) return fallback(cause);
    throw cause;
  };
}
