"use client";
import clsx from "clsx";
import { type FreshnessWords, useFreshness } from "@/lib/client/live/freshness";

const DOTS: Record<FreshnessWords["tone"], string> = {
  fresh: "bg-accent",
  watching: "bg-line-strong",
  behind: "bg-copper",
  offline: "bg-danger",
  waiting: "bg-line-strong animate-breathe",
};

const TEXTS: Record<FreshnessWords["tone"], string> = {
  fresh: "text-ink-soft",
  watching: "text-ink-soft",
  behind: "text-copper font-medium",
  offline: "text-danger font-medium",
  waiting: "text-ink-soft",
};

/** Shows the age of the page's content. */
export function FreshnessLine({ className }: { className?: string }) {
  const { tone, text } = useFreshness();
  return (
    <p
      data-testid="freshness"
      data-tone={tone}
      className={clsx("flex items-center gap-2 text-xs tabular-nums", TEXTS[tone], className)}
    >
      <span aria-hidden="true" className={clsx("size-2 shrink-0 rounded-full", DOTS[tone])} />
      {text}
    </p>
  );
}

const SPOKEN: Record<FreshnessWords["tone"], string> = {
  fresh: "Up to date",
  behind: "Falling behind the ledger",
  offline: "Not connected, showing what was read last",
  watching: "",
  waiting: "",
};

/** Announces changes to screen readers, but not every second. */
export function FreshnessAnnouncer() {
  const { tone } = useFreshness();
  return (
    <p role="status" className="sr-only">
      {SPOKEN[tone]}
    </p>
  );
}
