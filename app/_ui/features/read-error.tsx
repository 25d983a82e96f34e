"use client";
import clsx from "clsx";
import { mayPassLater, reasonOf } from "@/lib/client/api/http";
import { Button } from "../primitives/button";
import { ErrorState } from "../primitives/states";

interface Failed {
  error: unknown;
  onRetry(): void;
}

/** Says why something could not be read. There is a button to try again only if that may help. */
export function ReadError({ error, onRetry, ...rest }: Failed & { title: string; wholePage?: boolean }) {
  return <ErrorState {...rest} reason={reasonOf(error)} onRetry={mayPassLater(error) ? onRetry : null} />;
}

/** The same, inside a panel. */
export function ReadErrorNote({ error, onRetry, className }: Failed & { className: string }) {
  const isFinal = !mayPassLater(error);
  return (
    <div role="alert" className={clsx("flex flex-wrap items-center gap-3 text-sm", className)}>
      <p className={isFinal ? "text-ink" : "text-danger"}>{reasonOf(error)}</p>
      {!isFinal && (
        <Button size="sm" onClick={onRetry}>
          Try again
        </Button>
      )}
    </div>
  );
}
