import "server-only";
/** The cost of all instances so far and per day, at the list prices of core/capacity/prices. */
import { GB, MONTH_DAYS } from "../../core/capacity/inputs";
import { PRICES, type PriceName, usdOf } from "../../core/capacity/prices";
import type { CostStatus } from "../../wire/operators/admin";
import type { InstanceReport } from "../../wire/operators/instance-report";

const DAY_MS = 86_400_000;
/** A rate from a shorter time says little: one write in the first minute would be 1,440 a day. */
const LEAST_UPTIME_MS = 3_600_000;

type Item = CostStatus["items"][number];

/** `databaseBytes` is null if it is not known. Compute is left out, because an instance does not know its own bill. */
export function costOf(reports: readonly InstanceReport[], databaseBytes: number | null, nowMs: number): CostStatus {
  const sinceMs = Math.min(nowMs, ...reports.map(({ startedMs }) => startedMs));
  const hasRate = nowMs - sinceMs >= LEAST_UPTIME_MS;
  const counted = (name: string, priceName: PriceName, amountOf: (report: InstanceReport) => number): Item => {
    const amount = reports.reduce((sum, report) => sum + amountOf(report), 0);
    const perDay = reports.reduce((sum, report) => {
      const uptimeMs = Math.max(LEAST_UPTIME_MS, nowMs - report.startedMs);
      return sum + (amountOf(report) / uptimeMs) * DAY_MS;
    }, 0);
    const dollarsPerDay = hasRate ? usdOf(priceName, perDay * MONTH_DAYS) / MONTH_DAYS : null;
    return { name, quantity: amount, unit: PRICES[priceName].unit, dollars: usdOf(priceName, amount), dollarsPerDay };
  };
  const commandsOf = ({ commands }: InstanceReport) => Object.values(commands).reduce((sum, count) => sum + count, 0);
  const items = [
    counted("Ledger: messages", "hcsMessage", ({ submits }) => submits.transactions),
    counted("Ledger: bytes over 100 a message", "hcsByteOver100", ({ submits }) =>
      Math.max(0, submits.bytes - FREE_BYTES * submits.transactions),
    ),
    counted("Ledger: record queries", "hcsRecord", ({ submits }) => submits.messages),
    counted("Redis: commands", "redisCommand", commandsOf),
    counted("Redis: traffic", "redisTrafficGb", ({ tiers }) => tiers.redis.bytes / GB),
    ...(databaseBytes === null ? [] : [stored(databaseBytes, nowMs - sinceMs)]),
  ];
  const sum = (of: (item: Item) => number) => items.reduce((total, item) => total + of(item), 0);
  return {
    pricesReadOn: OLDEST_PAGE,
    sinceMs,
    items,
    dollars: sum(({ dollars }) => dollars),
    dollarsPerDay: hasRate ? sum(({ dollarsPerDay }) => dollarsPerDay ?? 0) : null,
  };
}

/** Included in the price of a message (docs/hedera.md §3). */
const FREE_BYTES = 100;

function stored(bytes: number, sinceMs: number): Item {
  const dollarsPerDay = usdOf("postgresStorageGb", bytes / GB) / MONTH_DAYS;
  const dollars = dollarsPerDay * (sinceMs / DAY_MS);
  return { name: "Postgres: storage", quantity: bytes / GB, unit: "GB", dollars, dollarsPerDay };
}

/** The date of the oldest price page used. */
const OLDEST_PAGE = ["hcsMessage", "hcsRecord", "redisCommand", "redisTrafficGb", "postgresStorageGb"]
  .map((name) => PRICES[name as PriceName].dated ?? "")
  .sort()[0] as string;
