/** Dollars a month on Vercel, Upstash and Neon. */
import { egressBytesPerS } from "../egress";
import { GB, MONTH_HOURS, MONTH_S } from "../inputs";
import type { CostLine, Needs } from "../outputs";
import { usdOf, VENDOR_LIMITS } from "../prices";
import { figure } from "../unit-figures";
import { linesOf } from "./cost-line";
import { cheapest, UPSTASH_PLANS } from "./sizes";

/** Neon's own default: one day back can be restored. */
const HISTORY_DAYS = 1;

/** One line for each service: Upstash, Neon, functions, and Vercel's edge. */
export const vercelCosts = (needs: Needs): readonly CostLine[] => [
  ...redis(needs),
  ...postgres(needs),
  ...functions(needs),
  ...edge(needs),
];

/** The cheapest of Upstash's plans and of paying by use. If none carries the busiest minute, use is what it would cost. */
function redis({ redis: { commandsPerS, peakCommandsPerS, storedBytes, trafficBytesPerS } }: Needs): CostLine[] {
  const [gb, trafficGb] = [storedBytes / GB, (trafficBytesPerS * MONTH_S) / GB];
  const byUse: readonly CostLine[] = [
    { part: "redis", what: "commands", usd: usdOf("redisCommand", commandsPerS * MONTH_S), price: "redisCommand" },
    { part: "redis", what: "storage", usd: usdOf("redisStorageGb", gb), price: "redisStorageGb" },
    { part: "redis", what: "traffic", usd: usdOf("redisTrafficGb", trafficGb), price: "redisTrafficGb" },
  ];
  const plan = cheapest(
    UPSTASH_PLANS,
    (each) => gb <= each.gb && trafficGb <= each.trafficGb && peakCommandsPerS <= each.commandsPerS,
  );
  const useCarries = peakCommandsPerS <= VENDOR_LIMITS.redisCommandsPerS.value && gb <= VENDOR_LIMITS.redisUseGb.value;
  const usdByUse = byUse.reduce((sum, { usd }) => sum + usd, 0);
  if (plan === null || (useCarries && usdByUse <= plan.usd)) return [...byUse];
  return [{ part: "redis", what: plan.name, usd: plan.usd, price: plan.price }];
}

function postgres({ postgres: { computeUnits }, storage, messages, mean }: Needs): CostLine[] {
  const read = mean.sql.view + mean.sql.direct;
  const historyBytes = messages.perDay * HISTORY_DAYS * figure("walBytesPerMessage");
  const trafficBytes = read * figure("viewBytes") * MONTH_S;
  const line = linesOf("postgres");
  return [
    line("compute", "postgresComputeHour", computeUnits * MONTH_HOURS),
    line("storage", "postgresStorageGb", storage.keptBytes / GB),
    line("history of a day", "postgresHistoryGb", historyBytes / GB),
    line("traffic", "postgresTrafficGb", trafficBytes / GB),
  ];
}

function functions({ inputs, instances, mean }: Needs): CostLine[] {
  const line = linesOf("instances");
  return [
    line("active CPU", "functionCpuHour", instances.cores * MONTH_HOURS),
    line("memory", "functionMemoryGbHour", instances.mean * inputs.settings.instanceMemoryGb * MONTH_HOURS),
    line("invocations", "functionCall", mean.requests * MONTH_S),
    line("seat of the Pro plan", "vercelSeat", inputs.users === 0 ? 0 : 1),
  ];
}

/** The price of Vercel's network: for each request, and for each byte to browsers and from functions to the network. */
function edge(needs: Needs): CostLine[] {
  const gb = (egressBytesPerS(needs.inputs, needs.mean) * MONTH_S) / GB;
  const line = linesOf("network");
  return [
    line("requests", "edgeRequest", needs.mean.requests * MONTH_S),
    line("to browsers", "edgeTransferGb", gb),
    line("from functions", "originTransferGb", gb),
  ];
}
