import { counted, percent, whole } from "@/lib/client/format/numbers";
import { ShareBar } from "./share-bar";

export interface PurposesProps {
  counts: Readonly<Record<string, number>>;
  unit: string;
  none: string;
}

/** Counts by purpose, highest first. */
export function Purposes({ counts, unit, none }: PurposesProps) {
  const entries = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .sort((a, b) => b[1] - a[1]);
  const total = entries.reduce((sum, [, count]) => sum + count, 0);
  if (total === 0) return <p className="text-ink-soft">{none}</p>;
  return (
    <>
      <p className="mb-3 text-ink-soft text-sm tabular-nums">{counted(total, unit)} in all.</p>
      <ul className="space-y-2">
        {entries.map(([name, count]) => (
          <li key={name} className="grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-3 text-sm">
            <span>{name}</span>
            <span className="tabular-nums">
              {whole(count)} <span className="text-ink-soft">({percent(count / total)})</span>
            </span>
            <ShareBar share={count / total} className="col-span-2 h-1.5" />
          </li>
        ))}
      </ul>
    </>
  );
}
