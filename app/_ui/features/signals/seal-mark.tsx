import clsx from "clsx";
import type { Signal } from "@/lib/wire/signals";

export type SealState = "verified" | "unverifiable" | "failed" | "pending";

export function sealStateOf(signal: Signal): SealState {
  return signal.source === "pending" ? "pending" : signal.verified;
}

/** The outline of a wax seal with twelve lobes. */
const WAX =
  "M9.5 2.7Q12 -.6 14.5 2.7Q18.3 1.1 18.8 5.2Q22.9 5.7 21.3 9.5Q24.6 12 21.3 14.5Q22.9 18.3 18.8 18.8Q18.3 22.9 14.5 21.3Q12 24.6 9.5 21.3Q5.7 22.9 5.2 18.8Q1.1 18.3 2.7 14.5Q-.6 12 2.7 9.5Q1.1 5.7 5.2 5.2Q5.7 1.1 9.5 2.7Z";

const SIGNS: Record<SealState, string> = {
  verified: "m7.8 12.3 2.9 2.9 5.5-6",
  unverifiable: "M9.6 9.7c.2-3 4.9-3 4.9-.1 0 1.8-2.4 1.9-2.4 3.9M12.1 16.2v.3",
  failed: "M12 7.4v5.6M12 16.2v.3",
  pending: "M8.2 12h.2M12 12h.2M15.8 12h.2",
};

const LOOKS: Record<SealState, string> = {
  verified: "fill-accent stroke-accent [&>path+path]:stroke-on-accent",
  unverifiable: "fill-transparent stroke-ink-faint",
  failed: "fill-danger stroke-danger [&>path+path]:stroke-on-danger",
  pending: "fill-transparent stroke-ink-faint [&>path:first-child]:[stroke-dasharray:2_2.4] animate-breathe",
};

export function SealMark({ state, className }: { state: SealState; className?: string }) {
  return (
    <svg viewBox="-1 -1 26 26" aria-hidden="true" className={clsx("overflow-visible", LOOKS[state], className)}>
      <path d={WAX} strokeWidth="1.4" />
      <path d={SIGNS[state]} fill="none" strokeWidth="2.2" strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  );
}
