/** Dollars a month, line by line. Without users, everything that is billed by use costs nothing. */

import { MONTH_DAYS, MONTH_S } from "./inputs";
import type { Capacity, CostLine, CostPart } from "./need";
import { hcsFeesUsd, LIMITS, usdOf } from "./prices";
import { figure } from "./unit-figures";

const GB = 1e9;
const HOURS = MONTH_DAYS * 24;
/** Neon's own default: one day back can be restored. */
const HISTORY_DAYS = 1;

type Needs = Omit<Capacity, "costs">;

export function costLines(needs: Needs): readonly CostLine[] {
  return [
    ...ledger(needs),
    ...mirrorCosts(needs.mean.mirror.requests, needs.peak.mirror.requests),
    ...redis(needs),
    ...postgres(needs),
    ...instanceCosts(needs),
  ];
}

/** The sum of all lines, or of those of one part. */
export const total = (lines: readonly CostLine[], part?: CostPart): number =>
  lines.reduce((sum, line) => sum + (part === undefined || line.part === part ? line.usd : 0), 0);

/** The cost of running this, without the ledger's fees. */
export const withoutLedger = (lines: readonly CostLine[]): number => total(lines) - total(lines, "ledger");

function ledger({ messages, inputs }: Needs): CostLine[] {
  const { base, size } = hcsFeesUsd(messages.perDay * MONTH_DAYS, inputs.messageBytes);
  return [
    { part: "ledger", what: "messages", usd: base, price: "hcsMessage" },
    { part: "ledger", what: "their bytes over 100", usd: size, price: "hcsByteOver100" },
  ];
}

/** The public mirror is free up to its limit. A deployment that needs more at the peak pays for every call. */
export function mirrorCosts(requestsPerS: number, peakRequestsPerS: number): CostLine[] {
  const isFree = peakRequestsPerS <= LIMITS.publicMirrorRequestsPerS.value;
  const usd = isFree ? 0 : usdOf("mirrorCall", requestsPerS * MONTH_S);
  return [{ part: "mirror", what: isFree ? "calls (public mirror)" : "calls", usd, price: "mirrorCall" }];
}

function redis({ redis: { commandsPerS, peakCommandsPerS, storedBytes, trafficBytesPerS } }: Needs): CostLine[] {
  const byUse = [
    { part: "redis", what: "commands", usd: usdOf("redisCommand", commandsPerS * MONTH_S), price: "redisCommand" },
    { part: "redis", what: "storage", usd: usdOf("redisStorageGb", storedBytes / GB), price: "redisStorageGb" },
  ] as const;
  const fitsPlan =
    peakCommandsPerS <= LIMITS.redisLargestPlanCommandsPerS.value &&
    storedBytes / GB <= LIMITS.redisLargestPlanGb.value;
  const plan = usdOf("redisLargestPlan", 1);
  const isPlanned = fitsPlan && total(byUse) > plan;
  return [
    ...(isPlanned
      ? [{ part: "redis", what: "largest fixed plan", usd: plan, price: "redisLargestPlan" } as const]
      : byUse),
    {
      part: "redis",
      what: "traffic",
      usd: usdOf("redisTrafficGb", (trafficBytesPerS * MONTH_S) / GB),
      price: "redisTrafficGb",
    },
  ];
}

function postgres({ postgres: { computeUnits }, storage, messages, mean }: Needs): CostLine[] {
  const read = mean.sql.view + mean.sql.direct;
  const historyBytes = messages.perDay * HISTORY_DAYS * figure("walBytesPerMessage");
  const trafficBytes = read * figure("viewBytes") * MONTH_S;
  return [
    {
      part: "postgres",
      what: "compute",
      usd: usdOf("postgresComputeHour", computeUnits * HOURS),
      price: "postgresComputeHour",
    },
    {
      part: "postgres",
      what: "storage",
      usd: usdOf("postgresStorageGb", storage.keptBytes / GB),
      price: "postgresStorageGb",
    },
    {
      part: "postgres",
      what: "history of a day",
      usd: usdOf("postgresHistoryGb", historyBytes / GB),
      price: "postgresHistoryGb",
    },
    {
      part: "postgres",
      what: "traffic",
      usd: usdOf("postgresTrafficGb", trafficBytes / GB),
      price: "postgresTrafficGb",
    },
  ];
}

function instanceCosts({ inputs, instances, mean: { reads, openStreams, messages } }: Needs): CostLine[] {
  const writes = messages * inputs.ownWriteShare;
  const calls = (reads + writes + openStreams / inputs.settings.streamMaxS) * MONTH_S;
  return [
    {
      part: "instances",
      what: "active CPU",
      usd: usdOf("functionCpuHour", instances.cores * HOURS),
      price: "functionCpuHour",
    },
    {
      part: "instances",
      what: "memory",
      usd: usdOf("functionMemoryGbHour", instances.mean * inputs.settings.instanceMemoryGb * HOURS),
      price: "functionMemoryGbHour",
    },
    { part: "instances", what: "invocations", usd: usdOf("functionCall", calls), price: "functionCall" },
  ];
}
