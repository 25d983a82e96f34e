/**
 * The design without a cache, from which the plan starts. Every page asks the mirror for everybody's last messages, and an open
 * page repeats that for each kind. So its requests grow with readers and pages.
 */

import { TOPIC_KINDS } from "../ledger/ids";
import { PAGE } from "../sync/pages";
import { atPeak } from "./capacity";
import { hcsCosts, mirrorCosts } from "./costs";
import { type CapacityInputs, DAY_S, GB, MONTH_DAYS, MONTH_HOURS, MONTH_S } from "./inputs";
import type { CostLine } from "./outputs";
import { usdOf } from "./prices";
import { figure } from "./unit-figures";

/** The traffic and the bill of the design without a cache. Requests are per second, dollars per month. */
export interface UncachedDesign {
  readonly messagesPerDay: number;
  readonly mirrorRequestsPerS: number;
  readonly peakMirrorRequestsPerS: number;
  /** Memory of the messages that pages keep. */
  readonly memoryBytes: number;
  readonly costs: readonly CostLine[];
}

/** Computes what the design without a cache needs for these inputs, at the mean; `peak…` is the busiest minute. */
export function uncachedDesign(inputs: CapacityInputs): UncachedDesign {
  const { users, uncached, signalsPerUserDay } = inputs;
  const messagesPerDay = users * signalsPerUserDay;
  const memoryBytes = users * uncached.bytesPerUser;
  const mirrorRequestsPerS = mirrorRequestsOf(inputs);
  const peakMirrorRequestsPerS = mirrorRequestsOf(atPeak(inputs));
  const requests = pageRequestsOf(inputs);
  const hours = MONTH_HOURS;
  const cores = (requests * figure("frameworkRequestUs")) / 1e6;
  return {
    messagesPerDay,
    mirrorRequestsPerS,
    peakMirrorRequestsPerS,
    memoryBytes,
    costs: [
      ...hcsCosts(messagesPerDay * MONTH_DAYS, inputs.messageBytes),
      ...mirrorCosts(mirrorRequestsPerS, peakMirrorRequestsPerS),
      { part: "instances", what: "active CPU", usd: usdOf("functionCpuHour", cores * hours), price: "functionCpuHour" },
      {
        part: "instances",
        what: "memory",
        usd: usdOf("functionMemoryGbHour", (memoryBytes / GB) * hours),
        price: "functionMemoryGbHour",
      },
      { part: "instances", what: "invocations", usd: usdOf("functionCall", requests * MONTH_S), price: "functionCall" },
    ],
  };
}

/** Requests of pages per second: reads, and one poll for each kind from each open page. */
function pageRequestsOf({ users, readsPerUserDay, openPageShare, uncached }: CapacityInputs): number {
  return (users * readsPerUserDay) / DAY_S + (users * openPageShare * TOPIC_KINDS.length) / uncached.pollEveryS;
}

/** Requests to the mirror per second. A read fetches all kept messages; a poll fetches one page of new ones. */
function mirrorRequestsOf(inputs: CapacityInputs): number {
  const { users, readsPerUserDay, uncached } = inputs;
  const more = Math.ceil(uncached.keptMessages / PAGE) - 1;
  return pageRequestsOf(inputs) + ((users * readsPerUserDay) / DAY_S) * more;
}
