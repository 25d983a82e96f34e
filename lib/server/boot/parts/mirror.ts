import "server-only";
/** Wires the mirror nodes, and the request budget that all instances share. */
import { MirrorLedger } from "../../../adapters/mirror/mirror-ledger";
import type { Send } from "../../../adapters/mirror/send";
import type { Incidents } from "../../../engine/health/incidents";
import type { Clock } from "../../../ports/clock";
import type { BudgetPolicy, HotCache } from "../../../ports/shared/hot-cache";
import { ifDown } from "../../../ports/tier-unavailable";
import type { Metrics } from "../../observe/metrics";
import type { Tiers } from "./tiers";

/** At most one second of budget is saved up. A burst after a pause then stays below the public mirror's limit. */
const BUDGET_BURST_S = 1;
/** A request that would have to wait longer is refused, and its topic backs off. */
const BUDGET_WAIT_MS = 5_000;

interface MirrorParts {
  readonly urls: readonly string[];
  readonly perSecond: number;
  readonly tiers: Tiers;
  readonly clock: Clock;
  readonly random: () => number;
  readonly send: Send;
  readonly metrics: Metrics;
  readonly incidents: Incidents;
}

/** Builds the ledger over the mirrors, within the budget of requests that all instances share. */
export function buildLedger({ urls, perSecond, tiers, metrics, incidents, ...rest }: MirrorParts): MirrorLedger {
  const budget = { perSecond, burst: perSecond * BUDGET_BURST_S, maxWaitMs: BUDGET_WAIT_MS };
  return new MirrorLedger({
    urls,
    ...rest,
    reserve: async () => {
      const waitMs = await reserveFrom(tiers.hot, tiers.own, budget);
      metrics.observeBudget(waitMs);
      return waitMs;
    },
    onRequest: metrics.observeMirror,
    onForeign: (mirror, summary) => incidents.report("mirror-foreign", mirror, summary),
  });
}

/**
 * Takes one token from the budget that all instances share. While Redis is down, each instance takes from a quarter of the
 * budget, so that a few instances together stay below the mirror's limit.
 */
async function reserveFrom(hot: HotCache, own: HotCache, budget: BudgetPolicy): Promise<number | null> {
  const quarter = { ...budget, perSecond: budget.perSecond / 4, burst: Math.max(1, budget.burst / 4) };
  return hot.reserve("mirror", budget).catch(ifDown("redis", () => own.reserve("mirror", quarter)));
}
