"use client";
import { useCallback, useMemo, useState } from "react";
import type uPlot from "uplot";
import type { Series } from "@/lib/client/admin/history";
import { durationText, UNKNOWN } from "@/lib/client/format/numbers";
import { clockTime } from "@/lib/client/format/time";
import { Chart, type ChartColors } from "./chart";

export interface TrendProps {
  title: string;
  series: Series;
  format(value: number | null): string;
}

/** Charts with the same key move their cursors together. */
const SYNC = "admin-trends";

/** One figure over time, with its current value and range in words. */
export function Trend({ title, series: { times, values }, format }: TrendProps) {
  const [pointed, setPointed] = useState<number | null>(null);
  const data = useMemo<uPlot.AlignedData>(() => [[...times], [...values]], [times, values]);
  const options = useCallback(
    (colors: ChartColors): Omit<uPlot.Options, "width" | "height"> => ({
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 }, sync: { key: SYNC } },
      axes: [{ show: false }, { show: false }],
      padding: [4, 2, 4, 2],
      scales: { y: { range: (_, __, most) => [0, most > 0 ? most * 1.05 : 1] } },
      series: [
        {},
        {
          stroke: colors.of("accent"),
          width: 1.5,
          fill: `color-mix(in srgb, ${colors.of("accent")} 14%, transparent)`,
          points: { show: false },
        },
      ],
      hooks: { setCursor: [({ cursor: { idx } }) => setPointed(idx ?? null)] },
    }),
    [],
  );
  const at = pointed === null ? undefined : times[pointed];
  return (
    <figure className="min-w-0">
      <figcaption className="mb-1">
        <span className="block text-ink-soft text-sm">{title}</span>
        <span className="block font-display font-semibold text-2xl tabular-nums">
          {format(at === undefined ? (values.at(-1) ?? null) : (values[pointed as number] ?? null))}
        </span>
        <span className="block text-ink-soft text-xs tabular-nums">
          {at === undefined ? rangeWords(times, values, format) : `at ${clockTime(at * 1_000)}`}
        </span>
      </figcaption>
      <Chart data={data} className="h-16" options={options} />
    </figure>
  );
}

function rangeWords(times: readonly number[], values: readonly (number | null)[], format: TrendProps["format"]) {
  const known = values.filter((value) => value !== null);
  const [first, last] = [times[0], times.at(-1)];
  if (known.length < 2 || first === undefined || last === undefined) return "collecting";
  const [least, most] = [format(Math.min(...known)), format(Math.max(...known))];
  const range = least === most ? `always ${least === UNKNOWN ? "unknown" : least}` : `${least} to ${most}`;
  return `${range} in ${durationText((last - first) * 1_000)}`;
}
