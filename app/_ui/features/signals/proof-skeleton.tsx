import { Skeleton } from "../../primitives/skeleton";

/** The place of a proof that is still to come. */
export function ProofSkeleton() {
  return (
    <div role="status" aria-label="Computing the running hash" className="mt-3 space-y-2">
      <Skeleton className="h-4 w-4/5" />
      <Skeleton className="h-16" />
    </div>
  );
}
