import { roughly } from "@/lib/client/admin/capacity";
import { compact, percent } from "@/lib/client/format/numbers";
import type { LimitAt } from "@/lib/core/capacity/limits";
import { Badge } from "../../../primitives/badge";
import { ShareBar } from "../charts/share-bar";

/** Each limit: its use, the number of users at which it breaks, and what to do then. */
export function Limits({ limits, users }: { limits: readonly LimitAt[]; users: number }) {
  return (
    <ol aria-label="Limits" className="divide-y divide-line">
      {limits.map((limit, index) => (
        <li key={limit.name} className="grid gap-x-6 gap-y-1 py-3 sm:grid-cols-[minmax(0,1fr)_17rem]">
          <div>
            <p className="font-medium">
              {index + 1}. {limit.name} {limit.kind === "wall" && <Badge tone="copper">needs another design</Badge>}
            </p>
            <p className="text-ink-soft text-sm">{limit.remedy}</p>
          </div>
          <div className="text-sm tabular-nums">
            <ShareBar
              share={limit.used / limit.limit}
              tone={limit.breaksAtUsers <= users ? "danger" : limit.used / limit.limit > 0.6 ? "copper" : "accent"}
              className="mb-1.5"
            />
            <p>
              {compact(limit.used)} of {compact(limit.limit)} {limit.unit} ({shareWords(limit.used / limit.limit)})
            </p>
            <p className="text-ink-soft">
              {Number.isFinite(limit.breaksAtUsers)
                ? `breaks at ${roughly(limit.breaksAtUsers)} users`
                : "never breaks"}
            </p>
          </div>
        </li>
      ))}
    </ol>
  );
}

const shareWords = (share: number) => (share > 10 ? `${compact(share)} times` : percent(share));
