/** Lists the series of every metric that an app with all tiers exports. */
import { collectDefaultMetrics, Histogram, Registry } from "prom-client";
import type { App } from "@/lib/server/boot/app";
import { followApp } from "@/lib/server/observe/metric-sources";
import { Metrics } from "@/lib/server/observe/metrics";
import { Timings } from "@/lib/server/observe/timings";

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
  }[];
  return new Map(
    known.flatMap((metric): [string, string[]][] => {
      const { name, labelNames = [] } = metric;
      const isHistogram = metric instanceof Timings || metric instanceof Histogram;
      return isHistogram
        ? ["bucket", "count", "sum"].map((each) => [`${name}_${each}`, [...labelNames, "le"]])
        : [[name, labelNames]];
    }),
  );
}
