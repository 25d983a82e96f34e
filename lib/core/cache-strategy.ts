/**
 * How the cache tiers keep each kind of view: for how long, up to which size, and which views leave first. One table for memory
 * (L1) and Redis (L2).
 *
 * - `USER_BASED`: the views of a user live and leave together. A read of one renews all. The user who was read least recently
 *   leaves first, and idle users leave as a whole.
 * - `LRU`: each view for itself. A read renews it; the view that was read least recently leaves first.
 * - `TTL`: each view for itself. A read does not renew it; it leaves when its time is over, the oldest first.
 */
import { COMPACTED_MAX } from "./signals/compacted";

export const EVICTION_POLICIES = ["LRU", "TTL", "USER_BASED"] as const;
export type EvictionPolicy = (typeof EVICTION_POLICIES)[number];

export const VIEW_KINDS = ["contacts", "circle", "signals", "recognition", "mirror"] as const;
export type ViewKind = (typeof VIEW_KINDS)[number];
/** The views that show names of other people's profiles. A changed profile outdates these, and no others. */
export const NAMING_KINDS: readonly ViewKind[] = ["contacts", "circle", "mirror"];

/** How the cache tiers keep the views of one kind. */
export interface CacheStrategy {
  /** How long a view is kept without being renewed, in milliseconds. */
  readonly ttlMs: number;
  /** A view lists at most this many of the newest entries; null: all. */
  readonly maxSize: number | null;
  readonly evictionPolicy: EvictionPolicy;
}

/** The strategy of views that list a user's newest signals only. */
type Bounded = CacheStrategy & { readonly maxSize: number };

/** The strategy of each kind of view. */
export interface CacheStrategies extends Readonly<Record<ViewKind, CacheStrategy>> {
  readonly signals: Bounded;
  readonly recognition: Bounded;
}

/** Values that the environment may set (CACHE_TTL_S, MAX_SIGNALS_PER_USER, CACHE_EVICTION). */
export interface StrategyOverrides {
  readonly ttlMs?: number;
  readonly maxSignals?: number;
  /** The policy for views that belong to one user alone. */
  readonly evictionPolicy?: EvictionPolicy;
}

/** The plan's figures: contacts for an hour, 10,000 messages for each user, by user. */
const DEFAULT_TTL_MS = 3_600_000;
const DEFAULT_MAX_SIGNALS = 10_000;
/** The most mints that a view shows. With their definitions they still make a page that a phone can draw. */
const MAX_INSTANCES = 500;

/** Builds the table. Throws RangeError for an impossible value. */
export function cacheStrategies(overrides: StrategyOverrides = {}): CacheStrategies {
  const { ttlMs = DEFAULT_TTL_MS, maxSignals = DEFAULT_MAX_SIGNALS, evictionPolicy = "USER_BASED" } = overrides;
  const ofUser = { ttlMs, maxSize: null, evictionPolicy };
  // The name of these views changes with the definitions, and nobody asks for an earlier name again. So a read of the user must
  // not keep them all alive.
  const ofDefinitions = {
    ...ofUser,
    evictionPolicy: evictionPolicy === "USER_BASED" ? "LRU" : evictionPolicy,
  } as const;
  const strategies: CacheStrategies = {
    contacts: ofUser,
    circle: ofUser,
    signals: { ...ofUser, maxSize: maxSignals },
    recognition: { ...ofDefinitions, maxSize: MAX_INSTANCES },
    mirror: { ...ofDefinitions, maxSize: COMPACTED_MAX },
  };
  for (const kind of VIEW_KINDS) check(kind, strategies[kind]);
  return strategies;
}

function check(kind: ViewKind, { ttlMs, maxSize, evictionPolicy }: CacheStrategy): void {
  if (!Number.isSafeInteger(ttlMs) || ttlMs <= 0)
    throw new RangeError(`${kind}: a time to live is a whole number of milliseconds above 0`);
  if (maxSize !== null && (!Number.isSafeInteger(maxSize) || maxSize <= 0))
    throw new RangeError(`${kind}: a size is a whole number above 0`);
  if (!EVICTION_POLICIES.includes(evictionPolicy))
    throw new RangeError(`${kind}: an eviction policy is one of ${EVICTION_POLICIES.join(", ")}`);
}

/** The strategy for a view. The kind stands before the first dot of its name: `signals.page2` is a `signals` view. */
export function strategyOf(strategies: CacheStrategies, name: string): CacheStrategy {
  const kind = viewKindOf(name);
  return isViewKind(kind) ? strategies[kind] : strategies.contacts;
}

/** The kind of a view by its name: `signals.page2` is a `signals` view. */
export function viewKindOf(name: string): string {
  const dot = name.indexOf(".");
  return dot < 0 ? name : name.slice(0, dot);
}

const isViewKind = (kind: string): kind is ViewKind => (VIEW_KINDS as readonly string[]).includes(kind);
