import clsx from "clsx";

export function Skeleton({ className }: { className?: string }) {
  return <span aria-hidden="true" className={clsx("block animate-breathe rounded-lg bg-line", className)} />;
}

/** The outline of a list that is loading. */
export function SkeletonRows({ rows = 6, label }: { rows?: number; label: string }) {
  return (
    <div role="status" aria-label={label}>
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rows have no identity
        <div key={row} className="flex items-center gap-3 border-line border-b py-4 last:border-0">
          <Skeleton className="size-10 rounded-full" />
          <div className="flex-1 space-y-2">
            <Skeleton className={clsx("h-4", row % 2 ? "w-3/5" : "w-2/5")} />
            <Skeleton className={clsx("h-3", row % 3 ? "w-1/4" : "w-1/3")} />
          </div>
        </div>
      ))}
    </div>
  );
}
