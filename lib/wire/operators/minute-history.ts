/** One-minute samples of an instance, and of all instances together, column by column to keep reports small. */
import * as z from "zod/mini";
import { described } from "../common";

/** Minutes that are kept. */
export const HISTORY_MINUTES = 60;

/** Counted per minute. */
export const HISTORY_COUNTERS = [
  "requests",
  "l1Hits",
  "l1Misses",
  "commands",
  "statements",
  "mirrorRequests",
  "messages",
] as const;
export type HistoryCounter = (typeof HISTORY_COUNTERS)[number];

const counts = z.array(z.int().check(z.nonnegative())).check(z.maxLength(HISTORY_MINUTES));

export const MinuteColumns = z.object({
  minutes: described(counts, "Minutes since 1970, oldest first; minutes without a sample are missing"),
  ...(Object.fromEntries(HISTORY_COUNTERS.map((name) => [name, counts])) as Record<HistoryCounter, typeof counts>),
  openStreams: described(counts, "Highest number within the minute"),
  lagMs: described(
    z.array(z.nullable(z.int().check(z.nonnegative()))).check(z.maxLength(HISTORY_MINUTES)),
    "Highest lag within the minute; null if no topic had one",
  ),
});
export type MinuteColumns = z.infer<typeof MinuteColumns>;

export const NO_HISTORY: MinuteColumns = {
  minutes: [],
  ...(Object.fromEntries(HISTORY_COUNTERS.map((name) => [name, [] as number[]])) as Record<HistoryCounter, number[]>),
  openStreams: [],
  lagMs: [],
};
