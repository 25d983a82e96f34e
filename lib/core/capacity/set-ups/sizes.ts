/** Plans and sizes that are bought whole, and the cheapest that carries a load. */
import { MONTH_HOURS } from "../inputs";
import { PRICES, type PriceName } from "../prices";

/** Something that carries a load, at a price a month. */
export interface Priced {
  readonly name: string;
  readonly usd: number;
  readonly price: PriceName;
}

/** The cheapest of those that carry the load; null if none does. */
export function cheapest<T extends Priced>(sizes: readonly T[], carries: (size: T) => boolean): T | null {
  return sizes
    .filter(carries)
    .reduce<T | null>((best, size) => (best === null || size.usd < best.usd ? size : best), null);
}

/** How far a core may be used, so that a burst still finds room. */
export const CORE_SHARE = 0.6;
/** ElastiCache reserves a quarter of a node's memory for snapshots and failover. */
export const CACHE_MEMORY_SHARE = 0.75;

const hourly = (price: PriceName, times = 1): Pick<Priced, "usd" | "price"> => ({
  usd: PRICES[price].usd * times * MONTH_HOURS,
  price,
});

export interface UpstashPlan extends Priced {
  readonly gb: number;
  /** Traffic that is included. More is not for sale. */
  readonly trafficGb: number;
  readonly commandsPerS: number;
}

const plan = (gb: number, trafficGb: number, price: PriceName, commandsPerS = 10_000): UpstashPlan => ({
  ...{ name: gb < 1 ? `${gb * 1_000} MB plan` : `${gb} GB plan`, gb, trafficGb, commandsPerS },
  ...{ usd: PRICES[price].usd, price },
});

/** The pages give 10,000 commands a second for the smaller plans, and 16,000 for the largest. */
export const UPSTASH_PLANS: readonly UpstashPlan[] = [
  plan(0.25, 50, "redisPlan250Mb"),
  plan(1, 100, "redisPlan1Gb"),
  plan(5, 500, "redisPlan5Gb"),
  plan(10, 1_000, "redisPlan10Gb"),
  plan(50, 5_000, "redisPlan50Gb"),
  plan(100, 10_000, "redisPlan100Gb"),
  plan(500, 20_000, "redisPlan500Gb", 16_000),
];

/** A machine of AWS. Burstable ones may use `baseline` cores all the time, and all of them for a while. */
export interface Machine extends Priced {
  readonly cores: number;
  readonly gb: number;
  readonly baseline: number;
}

/** Cores of the sizes large, xlarge, 2xlarge, …, 16xlarge. */
const SIZES = [
  ["large", 2],
  ["xlarge", 4],
  ["2xlarge", 8],
  ["4xlarge", 16],
  ["8xlarge", 32],
  ["12xlarge", 48],
  ["16xlarge", 64],
] as const;

const burstable = (name: string, gb: number, baselineShare: number, price: PriceName): Machine => ({
  ...{ name, cores: 2, gb, baseline: 2 * baselineShare },
  ...hourly(price),
});

/** RDS for PostgreSQL. Prices of a family grow with its cores. */
export const DATABASE_MACHINES: readonly Machine[] = [
  burstable("db.t4g.medium", 4, 0.2, "rdsT4gMediumHour"),
  burstable("db.t4g.large", 8, 0.3, "rdsT4gLargeHour"),
  ...SIZES.flatMap(([size, cores]): Machine[] => [
    { ...{ name: `db.m7g.${size}`, cores, gb: 4 * cores, baseline: cores }, ...hourly("rdsM7gCoreHour", cores) },
    { ...{ name: `db.r7g.${size}`, cores, gb: 8 * cores, baseline: cores }, ...hourly("rdsR7gCoreHour", cores) },
  ]),
];

/** ElastiCache. Redis runs its commands on one core, whatever the machine has. */
export const CACHE_MACHINES: readonly Machine[] = [
  burstable("cache.t4g.micro", 0.5, 0.1, "cacheT4gMicroHour"),
  burstable("cache.t4g.small", 1.37, 0.2, "cacheT4gSmallHour"),
  burstable("cache.t4g.medium", 3.09, 0.2, "cacheT4gMediumHour"),
  ...([0.5, 1, 2, 4, 8] as const).map((times, i): Machine => {
    const name = `cache.r7g.${SIZES[i]?.[0]}`;
    return { ...{ name, cores: 1, gb: 26.32 * times, baseline: 1 }, ...hourly("cacheR7gXlargeHour", times) };
  }),
];
