/**
 * Consensus timestamps: nanoseconds since 1970 as bigint. Unique on the whole network and strictly rising inside a topic
 * (docs/hedera.md §1). A float or a Postgres `timestamp` would lose the nanoseconds that make them unique.
 */
export type ConsensusNs = bigint & { readonly __brand: "ConsensusNs" };

const NS_PER_SECOND = 1_000_000_000n;
const NS_PER_MS = 1_000_000n;
const TIMESTAMP = /^(\d{1,12})(?:\.(\d{1,9}))?$/;

/** The last nanosecond that a row can hold (int64), in the year 2262. */
export const MAX_CONSENSUS_NS = (2n ** 63n - 1n) as ConsensusNs;

/**
 * Parses `seconds[.nanos]` as the mirror writes it (1 to 9 decimals) and as clients hand it back. Null for other text and for a
 * time that no row can hold.
 */
export function parseConsensusTime(text: string): ConsensusNs | null {
  const match = TIMESTAMP.exec(text);
  if (!match) return null;
  const ns = BigInt(match[1] as string) * NS_PER_SECOND + BigInt((match[2] ?? "").padEnd(9, "0"));
  return ns > MAX_CONSENSUS_NS ? null : (ns as ConsensusNs);
}

/** The canonical form, always with nine decimals: `1699999999.000000001`. */
export function formatConsensusTime(ns: ConsensusNs): string {
  return `${ns / NS_PER_SECOND}.${(ns % NS_PER_SECOND).toString().padStart(9, "0")}`;
}

/** Like `parseConsensusTime`, for text that was checked before. Throws RangeError. */
export function toConsensusNs(text: string): ConsensusNs {
  const ns = parseConsensusTime(text);
  if (ns === null) throw new RangeError(`not a consensus time: ${text}`);
  return ns;
}

/** Throws RangeError below zero. */
export function consensusNs(ns: bigint): ConsensusNs {
  if (ns < 0n) throw new RangeError(`a consensus time must not be negative: ${ns}`);
  return ns as ConsensusNs;
}

/** Whole milliseconds, rounded down, as in JavaScript dates and the `ts` of a signal. */
export function toMs(ns: ConsensusNs): number {
  return Number(ns / NS_PER_MS);
}

/** Nanoseconds from milliseconds since 1970, which are rounded down. */
export function fromMs(ms: number): ConsensusNs {
  return (BigInt(Math.floor(ms)) * NS_PER_MS) as ConsensusNs;
}

/** Seconds and nanoseconds apart, as protobuf timestamps and the running hash carry them. */
export function splitSeconds(ns: ConsensusNs): { readonly seconds: bigint; readonly nanos: number } {
  return { seconds: ns / NS_PER_SECOND, nanos: Number(ns % NS_PER_SECOND) };
}
