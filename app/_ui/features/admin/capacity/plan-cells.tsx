import clsx from "clsx";
import { Check, X } from "lucide-react";
import type { PlanRow } from "@/lib/client/admin/capacity";
import { bytes, compact, wholeDollars } from "@/lib/client/format/numbers";
import { GB } from "@/lib/core/capacity/inputs";
import { planFor, type Shortfall } from "@/lib/core/capacity/plan";
import { SET_UPS } from "@/lib/core/capacity/set-ups/set-ups";
import { UsersHead } from "./users-head";

const shown = (what: PlanRow["what"], value: number) => (what === "storage" ? bytes(value * GB) : wholeDollars(value));

/** The plan's two tables: each cell of ours beside the plan's, with a mark, and what would meet the cells that are not met. */
export function PlanCells({ rows, missed }: { rows: readonly PlanRow[]; missed: readonly Shortfall[] }) {
  const scales = rows[0]?.cells.map(({ users }) => users) ?? [];
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
      <section aria-label="The plan's cells, as a table" tabIndex={0} className="-mx-1 overflow-x-auto px-1">
        <table className="w-full min-w-lg border-collapse text-sm">
          <caption className="sr-only">The plan's estimates a month, and ours</caption>
          <UsersHead scales={scales} />
          <tbody>
            {rows.map(({ what, setUp, cells }) => (
              <tr key={`${what} ${setUp}`} className="border-line border-t">
                <th scope="row" className="py-1.5 pr-2 text-left font-normal">
                  {what === "storage" ? "Stored in a month" : `Dollars, ${SET_UPS[setUp].name}`}
                </th>
                {cells.map(({ users, value, cell }) => (
                  <td key={users} className="whitespace-nowrap px-2 py-1.5 text-right tabular-nums last:pr-0">
                    {shown(what, value)}
                    {cell !== null && <Mark isMet={cell.isMet} />}
                  </td>
                ))}
              </tr>
            ))}
            <PlanLine
              name="the plan: stored in a month"
              scales={scales}
              cell={(users) => planFor(users)?.storageGb}
              what="storage"
            />
            <PlanLine name="the plan: dollars" scales={scales} cell={(users) => planFor(users)?.usd} what="dollars" />
          </tbody>
        </table>
      </section>
      <ul aria-label="Cells that are not met" className="mt-4 space-y-2 text-sm">
        {missed.map(({ users, name, times, why, next }) => (
          <li key={`${name} ${users.join()}`}>
            <span className="font-medium">
              {users.map(compact).join(", ")} users, {name}:
            </span>{" "}
            {compact(times)} times the plan's. {why} <span className="text-ink-soft">Next: {next}</span>
          </li>
        ))}
      </ul>
    </>
  );
}

function Mark({ isMet }: { isMet: boolean }) {
  const Icon = isMet ? Check : X;
  return (
    <span className={clsx("relative ml-1 inline-block align-[-0.15em]", isMet ? "text-accent" : "text-copper")}>
      <Icon aria-hidden="true" className="size-4" />
      <span className="sr-only">{isMet ? "met" : "not met"}</span>
    </span>
  );
}

interface PlanLineProps {
  name: string;
  scales: readonly number[];
  what: PlanRow["what"];
  cell(users: number): number | null | undefined;
}

function PlanLine({ name, scales, what, cell }: PlanLineProps) {
  return (
    <tr className="border-line border-t text-ink-soft italic">
      <th scope="row" className="py-1.5 pr-2 text-left font-normal">
        {name}
      </th>
      {scales.map((users) => {
        const value = cell(users) ?? null;
        return (
          <td key={users} className="whitespace-nowrap px-2 py-1.5 text-right tabular-nums last:pr-0">
            {value === null ? "–" : shown(what, value)}
          </td>
        );
      })}
    </tr>
  );
}
