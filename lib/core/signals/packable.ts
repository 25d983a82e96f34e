import { kindOfChunk } from "../ledger/chunks";
import type { LogEntry } from "./batch";
import { decodeSignals } from "./envelope";

/** An honest message in one transaction has 1,024 bytes at most, but a mirror may claim any size. */
const MOST_BYTES = 4_096;

/**
 * The entries of a range that may move from their rows into a log segment: verified signals, and split messages all of whose parts are
 * in the range. The other entries are few, and queries look for them by more than their number. They are messages that may still be
 * repaired (failed, unproven, unverifiable), messages that operators search (undecodable, untrusted), parts of incomplete messages, and
 * definitions, which the catalogue orders by their payer. So a version whose decoder finds further definitions must unpack them.
 */
export function packable(entries: readonly LogEntry[]): readonly LogEntry[] {
  const groups = wholeGroups(entries);
  return entries.filter((entry) => {
    if (kindOfChunk(entry.chunk) === "whole") return isSignal(entry);
    return entry.chunk !== null && groups.has(entry.chunk.key) && kindOfChunk(entry.chunk) === "part";
  });
}

const isSound = ({ verification, reason, message }: LogEntry): boolean =>
  verification === "verified" && reason === null && message.length <= MOST_BYTES;

const isSignal = (entry: LogEntry): boolean =>
  isSound(entry) && entry.disposition === "signal" && !isDefinition(entry.body ?? entry.message);

/** The keys of the groups all of whose parts are among these entries, and whose whole message is a signal. */
function wholeGroups(entries: readonly LogEntry[]): ReadonlySet<string> {
  const groups = new Map<string, LogEntry[]>();
  for (const entry of entries) {
    if (entry.chunk === null || kindOfChunk(entry.chunk) !== "part") continue;
    const group = groups.get(entry.chunk.key) ?? [];
    groups.set(entry.chunk.key, group);
    group.push(entry);
  }
  return new Set([...groups].flatMap(([key, group]) => (isWhole(group) ? [key] : [])));
}

/** Whether a group is complete. Repeated parts have left their group, so it is enough to count the parts. */
function isWhole(group: readonly LogEntry[]): boolean {
  const last = group.at(-1);
  if (last === undefined || last.body === null || !isSignal(last) || group.length !== last.chunk?.total) return false;
  const numbers = new Set(group.map(({ chunk }) => chunk?.number));
  return (
    numbers.size === group.length && group.slice(0, -1).every((part) => isSound(part) && part.disposition === "part")
  );
}

function isDefinition(message: Uint8Array): boolean {
  const decoded = decodeSignals(message);
  return decoded.ok && decoded.value.some(({ definitions }) => definitions !== undefined);
}
