/**
 * List prices and limits of the services that this runs on, each with its source and the source's date. A price changes here and
 * nowhere else. Dollars are US dollars. A month has 30 days, as the vendors and the plan count it.
 */

/** The price of one service, and its source. */
export interface Price {
  readonly usd: number;
  /** The dollars are for this many of `unit`. */
  readonly per: number;
  readonly unit: string;
  /** This many units a month are free. */
  readonly free: number;
  readonly source: string;
  /** The date of the page, or when it was read; null if the source has no date. */
  readonly dated: string | null;
}

/** A limit of one service, and its source. */
export interface VendorLimit {
  readonly value: number;
  readonly unit: string;
  readonly source: string;
  readonly dated: string | null;
}

const HEDERA = { source: "Hedera, fee schedule and network limits", dated: "2026-08" };
const MIRROR = { source: "Hedera, public mirror node", dated: "2026-08" };
const UPSTASH = { source: "Upstash Redis, pricing (upstash.com/pricing/redis)", dated: "2026-06-18" };
const UPSTASH_PLANS = { source: "Upstash Redis, fixed plans (upstash.com/pricing/redis)", dated: "2026-09-20" };
const NEON = { source: "Neon, pricing (Launch)", dated: "2026-03-20" };
const VERCEL = { source: "Vercel, usage prices (toolstac.com/ai/pricing/vercel)", dated: null };
const VERCEL_EDGE = { source: "Vercel, improved infrastructure pricing (vercel.com/blog)", dated: "2024-04-04" };
const FARGATE = { source: "AWS Fargate, Linux on Arm, us-east-1", dated: "2026-03" };
const RDS = {
  source: "AWS RDS for PostgreSQL, us-east-1, one zone (selfhost.dev, infratally.com)",
  dated: "2026-05-21",
};
const RDS_M7G = {
  source: "AWS RDS, one zone, us-west-2, MySQL (a list in terraform-provider-aws)",
  dated: "2024-02-02",
};
const CACHE = { source: "AWS ElastiCache, on-demand nodes (lists in public repositories)", dated: null };
const BALANCER = { source: "AWS Application Load Balancer, us-east-1 (cloud-horizons.com)", dated: "2026-05-08" };
const NAT = { source: "AWS NAT gateway and public IPv4 address, us-east-1 (cloudburn.io)", dated: "2026-02-24" };
const EGRESS = { source: "AWS data transfer to the internet (leanopstech.com, wring.co)", dated: "2026-04-27" };

/** List prices by the names that cost lines refer to. */
export const PRICES = {
  /** Every transaction pays it, so each chunk of a longer message pays it too. It covers the first 100 bytes. */
  hcsMessage: { usd: 0.0008, per: 1, unit: "message", free: 0, ...HEDERA },
  hcsByteOver100: { usd: 0.00000068, per: 1, unit: "byte over 100", free: 0, ...HEDERA },
  /** A write's consensus time is in its record, not in its receipt (docs/hedera.md §3). The UI reads that time. */
  hcsRecord: { usd: 0.0001, per: 1, unit: "record query", free: 0, ...HEDERA },
  hcsTopic: { usd: 0.01, per: 1, unit: "topic", free: 0, ...HEDERA },
  /** The middle of the range from $25 to $30. */
  mirrorCall: {
    usd: 27.5,
    per: 1e6,
    unit: "REST call",
    free: 0,
    source: "Arkhia, commercial mirror node",
    dated: null,
  },
  redisCommand: { usd: 0.2, per: 1e5, unit: "command", free: 0, ...UPSTASH },
  redisStorageGb: { usd: 0.25, per: 1, unit: "GB-month", free: 1, ...UPSTASH },
  redisTrafficGb: { usd: 0.03, per: 1, unit: "GB", free: 200, ...UPSTASH },
  /** Commands are not billed. */
  redisPlan250Mb: { usd: 10, per: 1, unit: "month", free: 0, ...UPSTASH_PLANS },
  redisPlan1Gb: { usd: 20, per: 1, unit: "month", free: 0, ...UPSTASH_PLANS },
  redisPlan5Gb: { usd: 100, per: 1, unit: "month", free: 0, ...UPSTASH_PLANS },
  redisPlan10Gb: { usd: 200, per: 1, unit: "month", free: 0, ...UPSTASH_PLANS },
  redisPlan50Gb: { usd: 400, per: 1, unit: "month", free: 0, ...UPSTASH_PLANS },
  redisPlan100Gb: { usd: 800, per: 1, unit: "month", free: 0, ...UPSTASH_PLANS },
  redisPlan500Gb: { usd: 1_500, per: 1, unit: "month", free: 0, ...UPSTASH_PLANS },
  postgresComputeHour: { usd: 0.106, per: 1, unit: "compute-unit hour", free: 0, ...NEON },
  postgresStorageGb: { usd: 0.35, per: 1, unit: "GB-month", free: 0, ...NEON },
  postgresHistoryGb: { usd: 0.2, per: 1, unit: "GB-month of history", free: 0, ...NEON },
  postgresTrafficGb: { usd: 0.1, per: 1, unit: "GB", free: 100, ...NEON },
  functionCpuHour: { usd: 0.128, per: 1, unit: "active CPU hour", free: 0, ...VERCEL },
  functionMemoryGbHour: { usd: 0.0106, per: 1, unit: "GB-hour", free: 0, ...VERCEL },
  functionCall: { usd: 0.6, per: 1e6, unit: "invocation", free: 1e6, ...VERCEL },
  vercelSeat: { usd: 20, per: 1, unit: "seat of the Pro plan", free: 0, ...VERCEL },
  edgeRequest: { usd: 2, per: 1e6, unit: "request", free: 10e6, ...VERCEL_EDGE },
  edgeTransferGb: { usd: 0.15, per: 1, unit: "GB to browsers", free: 1_000, ...VERCEL_EDGE },
  originTransferGb: { usd: 0.06, per: 1, unit: "GB from functions", free: 0, ...VERCEL_EDGE },

  fargateCoreHour: { usd: 0.03238, per: 1, unit: "vCPU-hour", free: 0, ...FARGATE },
  fargateGbHour: { usd: 0.00356, per: 1, unit: "GB-hour", free: 0, ...FARGATE },
  rdsT4gMediumHour: { usd: 0.065, per: 1, unit: "db.t4g.medium hour", free: 0, ...RDS },
  rdsT4gLargeHour: { usd: 0.129, per: 1, unit: "db.t4g.large hour", free: 0, ...RDS_M7G },
  /** A quarter of a db.m7g.xlarge. */
  rdsM7gCoreHour: { usd: 0.0843, per: 1, unit: "db.m7g core hour", free: 0, ...RDS_M7G },
  /** A quarter of a db.r7g.xlarge. */
  rdsR7gCoreHour: { usd: 0.1195, per: 1, unit: "db.r7g core hour", free: 0, ...RDS },
  rdsStorageGb: { usd: 0.115, per: 1, unit: "GB-month (gp3)", free: 0, ...RDS },
  cacheT4gMicroHour: { usd: 0.016, per: 1, unit: "cache.t4g.micro hour", free: 0, ...CACHE },
  cacheT4gSmallHour: { usd: 0.032, per: 1, unit: "cache.t4g.small hour", free: 0, ...CACHE },
  cacheT4gMediumHour: { usd: 0.065, per: 1, unit: "cache.t4g.medium hour", free: 0, ...CACHE },
  cacheR7gXlargeHour: { usd: 0.438, per: 1, unit: "cache.r7g.xlarge hour", free: 0, ...CACHE },
  balancerHour: { usd: 0.0225, per: 1, unit: "load balancer hour", free: 0, ...BALANCER },
  balancerUnitHour: { usd: 0.008, per: 1, unit: "capacity unit hour", free: 0, ...BALANCER },
  natHour: { usd: 0.045, per: 1, unit: "NAT gateway hour", free: 0, ...NAT },
  natGb: { usd: 0.045, per: 1, unit: "GB through a NAT gateway", free: 0, ...NAT },
  publicAddressHour: { usd: 0.005, per: 1, unit: "public IPv4 address hour", free: 0, ...NAT },
  /** Up to 10 TB a month, the next 40, the next 100, and more. */
  egressGb: { usd: 0.09, per: 1, unit: "GB to the internet", free: 100, ...EGRESS },
  egressGbOver10Tb: { usd: 0.085, per: 1, unit: "GB over 10 TB", free: 0, ...EGRESS },
  egressGbOver50Tb: { usd: 0.07, per: 1, unit: "GB over 50 TB", free: 0, ...EGRESS },
  egressGbOver150Tb: { usd: 0.05, per: 1, unit: "GB over 150 TB", free: 0, ...EGRESS },
} as const satisfies Record<string, Price>;

export type PriceName = keyof typeof PRICES;

/** Limits by the names that the model refers to. */
export const VENDOR_LIMITS = {
  hcsTransactionsPerS: { value: 10_000, unit: "transactions a second, all of the network", ...HEDERA },
  hcsMessageBytes: { value: 1_024, unit: "bytes of a message in one piece", ...HEDERA },
  hcsTopicCreatesPerS: { value: 5, unit: "topics a second", ...HEDERA },
  publicMirrorRequestsPerS: { value: 50, unit: "requests a second and address", ...MIRROR },
  redisCommandsPerS: { value: 10_000, unit: "commands a second", ...UPSTASH },
  redisLargestPlanCommandsPerS: { value: 16_000, unit: "commands a second", ...UPSTASH },
  redisUseGb: { value: 100, unit: "GB", ...UPSTASH },
  postgresAutoscalingUnits: { value: 16, unit: "compute units", ...NEON },
  postgresFixedUnits: { value: 56, unit: "compute units", ...NEON },
  postgresBranchTb: { value: 16, unit: "TB", ...NEON },
  functionFileDescriptors: {
    value: 1_024,
    unit: "file descriptors an instance",
    source: "Vercel functions, limits",
    dated: "2025-12-18",
  },
  databaseCores: { value: 64, unit: "cores of a db.m7g.16xlarge", ...RDS_M7G },
  databaseTib: {
    value: 64,
    unit: "TiB",
    source: "AWS RDS, increasing storage capacity (docs.aws.amazon.com)",
    dated: null,
  },
  /** Load that one capacity unit of the load balancer carries. */
  balancerNewConnections: { value: 25, unit: "new connections a second", ...BALANCER },
  balancerConnections: { value: 3_000, unit: "open connections", ...BALANCER },
  balancerGbHour: { value: 1, unit: "GB an hour", ...BALANCER },
} as const satisfies Record<string, VendorLimit>;

/** The cost of `amount` units in a month, after the free ones. */
export function usdOf(name: PriceName, amount: number): number {
  const { usd, per, free } = PRICES[name];
  return (Math.max(0, amount - free) / per) * usd;
}
