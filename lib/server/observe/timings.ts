import "server-only";
/**
 * Histograms of how long things took, in a registry of prom-client's, which writes them at a scrape. Its own histogram takes 2 µs of
 * CPU for each observation, and a read from memory has two.
 */
import type { Metric, Registry } from "prom-client";
import type { Histogram } from "../../core/histogram";

export interface TimingsOptions {
  readonly name: string;
  readonly help: string;
  /** One or two. */
  readonly labelNames: readonly [string] | readonly [string, string];
  /** Upper bounds in milliseconds, rising. */
  readonly boundsMs: readonly number[];
  readonly registry: Registry;
}

class Timing implements Histogram {
  readonly counts: number[];
  sumMs = 0;

  constructor(private readonly boundsMs: readonly number[]) {
    this.counts = Array.from({ length: boundsMs.length + 1 }, () => 0);
  }

  observe(ms: number): void {
    const { boundsMs, counts } = this;
    let bucket = 0;
    while (bucket < boundsMs.length && ms > (boundsMs[bucket] as number)) bucket += 1;
    counts[bucket] = (counts[bucket] as number) + 1;
    this.sumMs += ms;
  }
}

export class Timings {
  readonly name: string;
  readonly labelNames: readonly string[];
  private readonly byValues = new Map<string, Map<string, Timing>>();

  constructor(private readonly options: TimingsOptions) {
    this.name = options.name;
    this.labelNames = options.labelNames;
    // The registry reads a metric's name, and calls its `get`. The type names classes of prom-client only.
    options.registry.registerMetric(this as unknown as Metric);
  }

  /** Observes a time in milliseconds under the values of the labels. */
  observe(ms: number, first: string, second = ""): void {
    let bySecond = this.byValues.get(first);
    if (bySecond === undefined) {
      bySecond = new Map();
      this.byValues.set(first, bySecond);
    }
    let timing = bySecond.get(second);
    if (timing === undefined) {
      timing = new Timing(this.options.boundsMs);
      bySecond.set(second, timing);
    }
    timing.observe(ms);
  }

  /** The times under these values; null before the first. */
  of(first: string, second = ""): Histogram | null {
    return this.byValues.get(first)?.get(second) ?? null;
  }

  /** The metric as prom-client writes it: in seconds, and each bucket also counts everything shorter. */
  get() {
    const { labelNames } = this;
    const { name, help, boundsMs } = this.options;
    const les = [...boundsMs.map((ms) => ms / 1_000), "+Inf"];
    const values = [...this.byValues].flatMap(([first, bySecond]) =>
      [...bySecond].flatMap(([second, { counts, sumMs }]) => {
        const labels = Object.fromEntries(labelNames.map((label, i) => [label, i === 0 ? first : second]));
        let total = 0;
        const buckets = counts.map((count, i) => {
          total += count;
          return { metricName: `${name}_bucket`, labels: { le: les[i], ...labels }, value: total };
        });
        return [
          ...buckets,
          { metricName: `${name}_sum`, labels, value: sumMs / 1_000 },
          { metricName: `${name}_count`, labels, value: total },
        ];
      }),
    );
    return { name, help, type: "histogram", values, aggregator: "sum" };
  }
}
