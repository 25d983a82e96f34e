"use client";
import { compact, dollars } from "@/lib/client/format/numbers";
import { timeAgo, useNow } from "@/lib/client/format/time";
import { DownloadCsv } from "../frame/download-csv";
import { Panel } from "../frame/panel";
import { useStatus } from "../frame/status-context";

const CELL = "px-2 py-1.5 text-right tabular-nums last:pr-0";

/** Cost so far at list prices. */
export function Cost() {
  const { cost } = useStatus();
  const now = useNow(60_000);
  if (!cost) return null;
  return (
    <Panel
      title="Cost so far"
      action={
        <DownloadCsv
          name="Cost"
          heads={["Item", "Quantity", "Unit", "Dollars so far", "Dollars per day"]}
          rows={() => cost.items.map((item) => [item.name, item.quantity, item.unit, item.dollars, item.dollarsPerDay])}
        />
      }
      note={`Requests and storage since the oldest instance started, ${timeAgo(cost.sinceMs, now)}. A day's cost is at the rate since then${cost.dollarsPerDay === null ? ", and is shown after the first hour" : ""}. List prices of ${cost.pricesReadOn}, without compute.`}
    >
      <table className="w-full border-collapse text-sm">
        <caption className="sr-only">Cost so far and per day</caption>
        <thead>
          <tr className="border-line-strong border-b text-ink-soft">
            <th scope="col" className="py-2 pr-2 text-left font-medium">
              Item
            </th>
            <th scope="col" className={`${CELL} hidden font-medium sm:table-cell`}>
              Quantity
            </th>
            <th scope="col" className={`${CELL} font-medium`}>
              So far
            </th>
            <th scope="col" className={`${CELL} font-medium`}>
              Per day
            </th>
          </tr>
        </thead>
        <tbody>
          {cost.items.map(({ name, quantity, unit, ...item }) => (
            <tr key={name} className="border-line border-b">
              <th scope="row" className="py-1.5 pr-2 text-left font-normal">
                {name}
              </th>
              <td className={`${CELL} hidden text-ink-soft sm:table-cell`}>
                {compact(quantity)} × {unit}
              </td>
              <td className={CELL}>{dollars(item.dollars)}</td>
              <td className={CELL}>{dollars(item.dollarsPerDay)}</td>
            </tr>
          ))}
          <tr className="font-semibold">
            <th scope="row" className="py-2 pr-2 text-left">
              Total
            </th>
            <td className={`${CELL} hidden sm:table-cell`} />
            <td className={CELL}>{dollars(cost.dollars)}</td>
            <td className={CELL}>{dollars(cost.dollarsPerDay)}</td>
          </tr>
        </tbody>
      </table>
    </Panel>
  );
}
