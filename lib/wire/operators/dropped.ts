import * as z from "zod/mini";
import { ConsensusTimestamp, described } from "../common";

/** The old messages that a topic no longer keeps (KEEP_MONTHS). */
export const DroppedMessages = described(
  z.optional(
    z.object({
      through: described(
        z.int().check(z.positive()),
        "Packed messages through this sequence number were dropped. Those that are never packed are still there",
      ),
      messages: described(
        z.optional(z.int().check(z.nonnegative())),
        "How many were dropped, at most a minute old. They still count in `counts`. Absent until they were counted",
      ),
      throughTime: described(ConsensusTimestamp, "The latest time of a dropped message"),
    }),
  ),
  "The old messages that were dropped (KEEP_MONTHS); absent if none were",
);
