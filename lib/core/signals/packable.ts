import type { LogEntry } from "./batch";
import { decodeSignals } from "./envelope";

/** A mirror may claim messages of any size. Those that fit into one transaction have 1,024 bytes at most. */
const MOST_BYTES = 4_096;

/**
 * Whether a message may leave its row for a log segment: a verified signal that came in one piece. The others are few, and are looked
 * for in other ways than by their number: those that may still be mended (failed, unproven, unverifiable), those that operators
 * look through (undecodable, untrusted), parts of split messages, which are looked up by their group, and definitions, which the
 * catalogue orders by their payer. So a version whose decoder finds further definitions must unpack them.
 */
export function isPackable({ verification, disposition, reason, chunk, message, body }: LogEntry): boolean {
  if (verification !== "verified" || disposition !== "signal" || reason !== null) return false;
  return chunk === null && body === null && message.length <= MOST_BYTES && !isDefinition(message);
}

function isDefinition(message: Uint8Array): boolean {
  const decoded = decodeSignals(message);
  return decoded.ok && decoded.value.some(({ definitions }) => definitions !== undefined);
}
