/**
 * List prices and limits of the services that this runs on, each with its source and the source's date. A price changes here and
 * nowhere else. Dollars are US dollars. A month has 30 days, as the vendors and the plan count it.
 */

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

export interface Limit {
  readonly value: number;
  readonly unit: string;
  readonly source: string;
  readonly dated: string | null;
}

const HEDERA = { source: "Hedera, fee schedule and network limits", dated: "2026-08" };
const MIRROR = { source: "Hedera, public mirror node", dated: "2026-08" };
const UPSTASH = { source: "Upstash Redis, pricing", dated: "2026-06-18" };
const NEON = { source: "Neon, pricing (Launch)", dated: "2026-03-20" };
const VERCEL = { source: "Vercel functions, prices from a secondary page", dated: null };

export const PRICES = {
  /** Every transaction pays it, so each chunk of a longer message pays it too. It covers the first 100 bytes. */
  hcsMessage: { usd: 0.0008, per: 1, unit: "message", free: 0, ...HEDERA },
  hcsByteOver100: { usd: 0.00000068, per: 1, unit: "byte over 100", free: 0, ...HEDERA },
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
  /** The largest fixed plan: 500 GB, 16,000 commands a second; commands are not billed. */
  redisLargestPlan: { usd: 1_500, per: 1, unit: "month", free: 0, ...UPSTASH },
  postgresComputeHour: { usd: 0.106, per: 1, unit: "compute-unit hour", free: 0, ...NEON },
  postgresStorageGb: { usd: 0.35, per: 1, unit: "GB-month", free: 0, ...NEON },
  postgresHistoryGb: { usd: 0.2, per: 1, unit: "GB-month of history", free: 0, ...NEON },
  postgresTrafficGb: { usd: 0.1, per: 1, unit: "GB", free: 100, ...NEON },
  functionCpuHour: { usd: 0.128, per: 1, unit: "active CPU hour", free: 0, ...VERCEL },
  functionMemoryGbHour: { usd: 0.0106, per: 1, unit: "GB-hour", free: 0, ...VERCEL },
  functionCall: { usd: 0.6, per: 1e6, unit: "invocation", free: 1e6, ...VERCEL },
} as const satisfies Record<string, Price>;

export type PriceName = keyof typeof PRICES;

export const LIMITS = {
  hcsTransactionsPerS: { value: 10_000, unit: "transactions a second, all of the network", ...HEDERA },
  hcsTopicCreatesPerS: { value: 5, unit: "topics a second", ...HEDERA },
  publicMirrorRequestsPerS: { value: 50, unit: "requests a second and address", ...MIRROR },
  redisCommandsPerS: { value: 10_000, unit: "commands a second", ...UPSTASH },
  redisLargestPlanCommandsPerS: { value: 16_000, unit: "commands a second", ...UPSTASH },
  redisLargestPlanGb: { value: 500, unit: "GB", ...UPSTASH },
  postgresAutoscalingUnits: { value: 16, unit: "compute units", ...NEON },
  postgresFixedUnits: { value: 56, unit: "compute units", ...NEON },
  postgresBranchTb: { value: 16, unit: "TB", ...NEON },
  functionFileDescriptors: {
    value: 1_024,
    unit: "file descriptors an instance",
    source: "Vercel functions, limits",
    dated: "2025-12-18",
  },
} as const satisfies Record<string, Limit>;

/** The cost of `amount` units in a month, after the free ones. */
export function usdOf(name: PriceName, amount: number): number {
  const { usd, per, free } = PRICES[name];
  return (Math.max(0, amount - free) / per) * usd;
}

/** The ledger's fees for messages of `bytes` bytes each (docs/hedera.md §3). */
export function hcsFeesUsd(messages: number, bytes: number): { readonly base: number; readonly size: number } {
  return {
    base: usdOf("hcsMessage", messages),
    size: usdOf("hcsByteOver100", messages * Math.max(0, bytes - PRICED_BYTES)),
  };
}

const PRICED_BYTES = 100;
