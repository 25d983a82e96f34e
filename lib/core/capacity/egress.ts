/** Compressed bytes that are sent to browsers, 304 answers included. TLS is left out. */
import { type CapacityInputs, DAY_S } from "./inputs";
import type { Traffic } from "./traffic";
import { figure } from "./unit-figures";

/** How often each open stream gets a freshness event (engine/live/live-hub). */
const FRESHNESS_EVERY_S = 5;

/** Events a second to all open streams: how fresh they are, and each row of their users. */
export const streamEventsPerS = ({ signalsPerUserDay }: CapacityInputs, openStreams: number) => ({
  freshness: openStreams / FRESHNESS_EVERY_S,
  rows: (openStreams * 2 * signalsPerUserDay) / DAY_S,
});

/** Bytes a second to all browsers together. */
export function egressBytesPerS(
  inputs: CapacityInputs,
  { reads, unchangedShare, writes, openStreams }: Traffic,
): number {
  const read = unchangedShare * figure("unchangedBytes") + (1 - unchangedShare) * figure("answerBytes");
  const events = streamEventsPerS(inputs, openStreams);
  const row = figure("streamEventBytes") + inputs.messageBytes;
  return (
    reads * read +
    writes * figure("writeAnswerBytes") +
    events.freshness * figure("streamEventBytes") +
    events.rows * row
  );
}
