"use client";
import { reasonOf } from "@/lib/client/api/http";
import { Button } from "../../../primitives/button";
import { Skeleton } from "../../../primitives/skeleton";

export interface FoundProps<Answer> {
  data: Answer | undefined;
  error: Error | undefined;
  onRetry(): void;
  children(answer: Answer): React.ReactNode;
}

/** The result of a look-up, the reason why there is none, or a placeholder while it loads. */
export function Found<Answer>({ data, error, onRetry, children }: FoundProps<Answer>) {
  if (data) return <div className="mt-5 space-y-4">{children(data)}</div>;
  if (error) {
    return (
      <div role="alert" className="mt-4 flex flex-wrap items-center gap-3 text-sm">
        <p className="text-danger">{reasonOf(error)}</p>
        <Button size="sm" onClick={onRetry}>
          Try again
        </Button>
      </div>
    );
  }
  return (
    <div role="status" aria-label="Looking it up" className="mt-5">
      <Skeleton className="h-40" />
    </div>
  );
}
