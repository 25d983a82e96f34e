/** Lists the series of every metric that an app with all tiers exports. */
import { collectDefaultMetrics, Registry } from "prom-client";
import type { App } from "@/lib/server/boot/app";
import { followApp } from "@/lib/server/observe/metric-sources";
import { Metrics } from "@/lib/server/observe/metrics";

/** Labels by series name. A histogram has the series `_bucket`, `_count` and `_sum`. */
export function metricSeries(): ReadonlyMap<string, readonly string[]> {
  const metrics = new Metrics();
  const everything = new Proxy({}, { get: () => ({}) }) as unknown as App;
  followApp(metrics.registry, everything);
  const process = new Registry();
  collectDefaultMetrics({ register: process });
  const known = [...metrics.registry.getMetricsAsArray(), ...process.getMetricsAsArray()] as unknown as {
    name: string;
    labelNames?: string[];
    buckets?: number[];
  }[];
  return new Map(
    known.flatMap(({ name, labelNames = [], buckets }) =>
      (buckets === undefined ? [name] : [`${name}_bucket`, `${name}_count`, `${name}_sum`]).map((each) => [
        each,
        [...labelNames, ...(buckets === undefined ? [] : ["le"])],
      ]),
    ),
  );
}
