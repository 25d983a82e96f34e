"use client";
import { Skeleton } from "../../../primitives/skeleton";
import { ReadErrorNote } from "../../read-error";

export interface FoundProps<Answer> {
  data: Answer | undefined;
  error: Error | undefined;
  onRetry(): void;
  children(answer: Answer): React.ReactNode;
}

/** The result of a look-up, the reason why there is none, or a placeholder while it loads. */
export function Found<Answer>({ data, error, onRetry, children }: FoundProps<Answer>) {
  if (data) return <div className="mt-5 space-y-4">{children(data)}</div>;
  if (error) return <ReadErrorNote error={error} onRetry={onRetry} className="mt-4" />;
  return (
    <div role="status" aria-label="Looking it up" className="mt-5">
      <Skeleton className="h-40" />
    </div>
  );
}
