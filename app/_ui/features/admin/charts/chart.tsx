"use client";
import clsx from "clsx";
import { useEffect, useRef } from "react";
import type uPlot from "uplot";
import { colorOf, onThemeChange } from "@/lib/client/browser/theme-colors";
import "uplot/dist/uPlot.min.css";

export interface ChartColors {
  of(name: "accent" | "copper" | "gold" | "danger" | "ink" | "ink-soft" | "ink-faint" | "line" | "surface"): string;
}

export interface ChartProps {
  data: uPlot.AlignedData;
  /** Sets the height. */
  className: string;
  /** Pass a stable function: the chart is drawn again when it changes. The size comes from the element. */
  options(colors: ChartColors): Omit<uPlot.Options, "width" | "height">;
}

/** A chart, hidden from screen readers. The caller shows the same figures as words beside it. */
export function Chart({ data, className, options }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(data);

  useEffect(() => {
    latest.current = data;
    plot.current?.setData(data);
  }, [data]);

  useEffect(() => {
    const element = place.current;
    if (!element) return;
    let isGone = false;
    let Plot: typeof uPlot | null = null;
    const colors: ChartColors = { of: (name) => colorOf(element, `--color-${name}`) };
    const draw = () => {
      if (!Plot || isGone) return;
      plot.current?.destroy();
      plot.current = new Plot({ ...options(colors), ...sizeOf(element) }, latest.current, element);
    };
    const resized = new ResizeObserver(() => {
      if (plot.current && plot.current.width !== element.clientWidth) plot.current.setSize(sizeOf(element));
    });
    void import("uplot").then((module) => {
      Plot = module.default;
      draw();
      if (!isGone) resized.observe(element);
    });
    const stop = onThemeChange(draw);
    return () => {
      isGone = true;
      stop();
      resized.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [options]);

  return <div ref={place} aria-hidden="true" className={clsx("min-w-0 overflow-hidden", className)} />;
}

const sizeOf = ({ clientWidth, clientHeight }: Element) => ({
  width: Math.max(1, clientWidth),
  height: Math.max(1, clientHeight),
});
