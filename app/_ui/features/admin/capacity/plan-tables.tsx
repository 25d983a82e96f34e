import { COST_PARTS, costOfPart, runningCost, type Scale } from "@/lib/client/admin/capacity";
import { bytes, compact, rate, UNKNOWN, wholeDollars } from "@/lib/client/format/numbers";
import { uncachedEstimate } from "@/lib/core/capacity/plan";
import { DownloadCsv } from "../frame/download-csv";
import { UsersHead } from "./users-head";

/** Needs and costs of the chosen set-up, beside the plan's estimates without a cache. */

interface Line {
  readonly name: string;
  readonly isPlan?: boolean;
  readonly isTotal?: boolean;
  cell(scale: Scale): string;
}

/** One form for all rates of the table: `0.4`, `608`, `6.08K`. */
const perSecond = (value: number) => (value < 1_000 ? rate(value) : compact(value));

const NEEDS: readonly Line[] = [
  { name: "Signals a day", cell: ({ ours }) => compact(ours.messages.perDay) },
  { name: "Signals a second, at the peak", cell: ({ ours }) => perSecond(ours.messages.peakPerS) },
  { name: "Ledger messages a second, at the peak", cell: ({ ours }) => perSecond(ours.peak.ledger.messages) },
  { name: "Stored in a month", cell: ({ ours }) => bytes(ours.storage.monthBytes) },
  {
    name: "Mirror requests a second, without the cache",
    cell: ({ uncached }) => perSecond(uncached.mirrorRequestsPerS),
  },
  { name: "Mirror requests a second, with the cache", cell: ({ ours }) => perSecond(ours.mean.mirror.requests) },
  { name: "Memory, without the cache", cell: ({ uncached }) => bytes(uncached.memoryBytes) },
  { name: "Memory (L1), with the cache", cell: ({ ours }) => bytes(ours.memory.l1Bytes) },
  { name: "Redis commands a second", cell: ({ ours }) => perSecond(ours.redis.commandsPerS) },
  { name: "SQL statements a second", cell: ({ ours }) => perSecond(ours.postgres.statementsPerS) },
  { name: "Instances, at the peak", cell: ({ ours }) => compact(ours.instances.peak) },
];

const COSTS: readonly Line[] = [
  ...COST_PARTS.map(({ part, label }) => ({
    name: label,
    cell: (scale: Scale) => wholeDollars(costOfPart(scale, part)),
  })),
  {
    name: "Everything except ledger fees, with the cache",
    isTotal: true,
    cell: ({ ours }) => wholeDollars(runningCost(ours)),
  },
  {
    name: "Everything except ledger fees, without the cache",
    isTotal: true,
    cell: ({ uncached }) => wholeDollars(runningCost(uncached)),
  },
  {
    name: "the plan's estimate, without",
    isPlan: true,
    cell: ({ users }) => uncachedEstimate(users, wholeDollars, UNKNOWN),
  },
];

export const NeedsTable = ({ scales }: { scales: readonly Scale[] }) => (
  <PlanTable caption="What it needs" lines={NEEDS} scales={scales} />
);
export const CostsTable = ({ scales }: { scales: readonly Scale[] }) => (
  <PlanTable caption="Dollars a month" lines={COSTS} scales={scales} />
);

function PlanTable({ caption, lines, scales }: { caption: string; lines: readonly Line[]; scales: readonly Scale[] }) {
  const rows = () => lines.map((line) => [line.name, ...scales.map((scale) => line.cell(scale))]);
  return (
    <>
      <div className="mb-2 flex justify-end">
        <DownloadCsv name={caption} heads={["Users", ...scales.map(({ users }) => String(users))]} rows={rows} />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
      <section aria-label={`${caption}, as a table`} tabIndex={0} className="-mx-1 overflow-x-auto px-1">
        <table className="w-full min-w-lg border-collapse text-sm">
          <caption className="sr-only">{caption}</caption>
          <UsersHead scales={scales.map(({ users }) => users)} />
          <tbody>
            {lines.map((line) => (
              <tr key={line.name} className={lookOf(line)}>
                <th scope="row" className="py-1.5 pr-2 text-left font-normal in-[.font-semibold]:font-semibold">
                  {line.name}
                </th>
                {scales.map((scale) => (
                  <td key={scale.users} className="whitespace-nowrap px-2 py-1.5 text-right tabular-nums last:pr-0">
                    {line.cell(scale)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </>
  );
}

function lookOf({ isPlan, isTotal }: Line): string {
  if (isPlan) return "text-ink-soft italic";
  return isTotal ? "border-line border-t font-semibold" : "border-line border-t";
}
