"use client";
import { useCallback, useMemo } from "react";
import type uPlot from "uplot";
import type { Curves as CurvesData } from "@/lib/client/admin/capacity";
import { compact } from "@/lib/client/format/numbers";
import { Chart, type ChartColors } from "../charts/chart";

/** Each line has a colour and a dash pattern, so that nothing depends on colour alone. */
const LINES = [
  { color: "accent", stroke: "stroke-accent", dash: [] },
  { color: "copper", stroke: "stroke-copper", dash: [8, 4] },
  { color: "danger", stroke: "stroke-danger", dash: [2, 3] },
  { color: "gold", stroke: "stroke-gold", dash: [10, 3, 2, 3] },
  { color: "ink", stroke: "stroke-ink", dash: [5, 3] },
  { color: "ink-faint", stroke: "stroke-ink-faint", dash: [14, 3, 2, 3, 2, 3] },
] as const;

/** The vertical lines: of the slider, and where a limit breaks. */
const SLIDER = { label: "Users, as set above", color: "ink", stroke: "stroke-ink", width: 2, dash: [] } as const;
const LIMIT = {
  label: "A limit breaks",
  color: "ink-faint",
  stroke: "stroke-ink-faint",
  width: 1,
  dash: [3, 5],
} as const;

export interface Mark {
  readonly users: number;
  /** The limit's number in the list; null for the sliders' position. */
  readonly number: number | null;
}

/** Dollars per month by part against users. Vertical lines mark where limits break and where the sliders are. */
export function Curves({ curves, marks }: { curves: CurvesData; marks: readonly Mark[] }) {
  const data = useMemo<uPlot.AlignedData>(
    () => [[...curves.users], ...curves.costs.map(({ usd }) => [...usd])] as uPlot.AlignedData,
    [curves],
  );
  const labels = curves.costs.map(({ label }) => label).join("|");
  const options = useCallback(
    (colors: ChartColors): Omit<uPlot.Options, "width" | "height"> => {
      const axis = {
        stroke: colors.of("ink-soft"),
        grid: { stroke: colors.of("line"), width: 1 },
        ticks: { stroke: colors.of("line"), width: 1 },
        font: "12px system-ui, sans-serif",
        splits: powersOfTen,
        // uPlot's own filter drops the labels of close values.
        filter: everySplit,
      };
      return {
        legend: { show: false },
        cursor: { drag: { x: false, y: false }, points: { show: false } },
        scales: { x: { time: false, distr: 3 }, y: { distr: 3, range: (_, __, most) => [1, Math.max(10, most * 2)] } },
        axes: [
          { ...axis, values: (_, ticks) => ticks.map((tick) => compact(tick)) },
          {
            ...axis,
            size: 56,
            values: (_, ticks) => ticks.map((tick) => `$${compact(tick)}`),
          },
        ],
        series: [
          {},
          ...labels.split("|").map((label, index) => {
            const line = LINES[index % LINES.length] as (typeof LINES)[number];
            return { label, stroke: colors.of(line.color), dash: [...line.dash], width: 2, points: { show: false } };
          }),
        ],
        hooks: { draw: [(plot) => drawMarks(plot, marks, colors)] },
      };
    },
    [labels, marks],
  );
  return (
    <>
      <Chart data={data} className="h-72" options={options} />
      <ul className="mt-2 flex flex-wrap gap-x-4 gap-y-1 text-sm">
        {curves.costs.map(({ label }, index) => {
          const line = LINES[index % LINES.length] as (typeof LINES)[number];
          return (
            <li key={label} className="flex items-center gap-1.5">
              <svg viewBox="0 0 28 4" aria-hidden="true" className="h-1 w-7">
                <path d="M0 2H28" className={line.stroke} strokeWidth="2" strokeDasharray={line.dash.join(" ")} />
              </svg>
              {label}
            </li>
          );
        })}
        {[SLIDER, LIMIT].map(({ label, stroke, width, dash }) => (
          <li key={label} className="flex items-center gap-1.5">
            <svg viewBox="0 0 8 18" aria-hidden="true" className="h-4.5 w-2">
              <path d="M4 0V18" className={stroke} strokeWidth={width} strokeDasharray={dash.join(" ")} />
            </svg>
            {label}
          </li>
        ))}
      </ul>
    </>
  );
}

const powersOfTen: uPlot.Axis.Splits = (_, __, least, most) => {
  const [first, last] = [Math.ceil(Math.log10(least)), Math.floor(Math.log10(most))];
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, step) => 10 ** (first + step));
};

const everySplit: uPlot.Axis.Filter = (_, splits) => splits;

/** Size of a label: labels that would overlap move to the next row. */
const NUMBER_WIDTH = 16;
const NUMBER_HEIGHT = 13;

function drawMarks(plot: uPlot, marks: readonly Mark[], colors: ChartColors) {
  const { ctx, bbox } = plot;
  const ratio = window.devicePixelRatio;
  const shown = marks
    .map(({ users, number }) => ({ x: plot.valToPos(users, "x", true), number }))
    .filter(({ x }) => x >= bbox.left && x <= bbox.left + bbox.width);
  ctx.save();
  for (const { x, number } of shown) {
    const line = number === null ? SLIDER : LIMIT;
    ctx.strokeStyle = colors.of(line.color);
    ctx.lineWidth = line.width * ratio;
    ctx.setLineDash(line.dash.map((length) => length * ratio));
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  const taken: number[] = [];
  ctx.font = `${11 * ratio}px system-ui, sans-serif`;
  ctx.textBaseline = "top";
  ctx.setLineDash([]);
  // An outline keeps a number readable on top of lines.
  ctx.lineWidth = 4 * ratio;
  ctx.strokeStyle = colors.of("surface");
  ctx.fillStyle = colors.of("ink-soft");
  for (const { x, number } of shown) {
    if (number === null) continue;
    const free = taken.findIndex((end) => end <= x);
    const row = free < 0 ? taken.length : free;
    taken[row] = x + NUMBER_WIDTH * ratio;
    const place = [x + 3 * ratio, bbox.top + (2 + row * NUMBER_HEIGHT) * ratio] as const;
    ctx.strokeText(`${number}`, ...place);
    ctx.fillText(`${number}`, ...place);
  }
  ctx.restore();
}
