import clsx from "clsx";
import { Children, useId } from "react";

export interface PanelProps {
  title: string;
  note?: React.ReactNode;
  action?: React.ReactNode;
  children: React.ReactNode;
  className?: string;
}

/** A section of the page with a title. */
export function Panel({ title, note, action, children, className }: PanelProps) {
  const id = useId();
  return (
    <section aria-labelledby={id} className={clsx("card mb-5 p-4 sm:p-5", className)}>
      <header className="mb-3 flex flex-wrap items-start justify-between gap-x-4 gap-y-2">
        <div className="min-w-0">
          <h2 id={id} className="font-display font-semibold text-xl">
            {title}
          </h2>
          {note && <p className="mt-0.5 max-w-prose text-ink-soft text-sm">{note}</p>}
        </div>
        {action}
      </header>
      {children}
    </section>
  );
}

/** Figures are in one row on a desktop, or in rows of four if there are too many for one. Each child counts as one figure. */
const columnsFor = (figures: number) =>
  figures > 6 ? "lg:grid-cols-4" : figures === 6 ? "lg:grid-cols-6" : "lg:grid-cols-5";

/** Figures side by side: two in a row on a phone, three on a tablet. */
export function Figures({ children }: { children: React.ReactNode }) {
  const columns = columnsFor(Children.toArray(children).length);
  return <dl className={clsx("grid grid-cols-2 gap-4 sm:grid-cols-3", columns)}>{children}</dl>;
}

export interface FigureProps {
  name: string;
  value: React.ReactNode;
  note?: React.ReactNode;
  tone?: "plain" | "bad";
}

export function Figure({ name, value, note, tone = "plain" }: FigureProps) {
  return (
    <div className="min-w-0">
      <dt className="text-ink-soft text-sm">{name}</dt>
      <dd>
        <span
          className={clsx("block font-display font-semibold text-2xl tabular-nums", tone === "bad" && "text-danger")}
        >
          {value}
        </span>
        {note && <span className="block text-ink-soft text-xs tabular-nums">{note}</span>}
      </dd>
    </div>
  );
}

/** A list of names and values. */
export function Facts({ facts }: { facts: readonly (readonly [name: string, value: React.ReactNode])[] }) {
  return (
    <dl className="grid grid-cols-[auto_minmax(0,1fr)] content-start gap-x-4 gap-y-1 text-sm">
      {facts.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-ink-soft">{name}</dt>
          <dd className="tabular-nums">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
