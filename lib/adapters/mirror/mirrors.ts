/** The mirrors of an instance: their addresses, circuit breakers, clocks and errors. */
import { type CircuitBreaker, CLOSED } from "../../core/sync/circuit-breaker";
import type { MirrorName } from "../../ports/ledger/ledger";
import { type MirrorAddress, parseMirrorAddress } from "./mirror-address";
import { MirrorTime } from "./mirror-time";
import { PassThroughCircuits } from "./pass-through-circuits";
import { Refusals } from "./refusals";
import { TimestampSupport } from "./timestamp-support";

/** A mirror as operators see it. Counts run since the start. */
export interface MirrorState {
  /** Without path or credentials. */
  readonly origin: string;
  readonly circuit: CircuitBreaker["name"];
  readonly requests: number;
  readonly errors: number;
  /** Answers with status 429. They count as errors too. */
  readonly rateLimited: number;
  readonly lastError: string | null;
  /** By how many ms the mirror's clock is ahead of ours, give or take a second; null before its first answer with a date. */
  readonly clockAheadMs: number | null;
}

/** The circuit breakers of a mirror. A request passes one of them. */
export const CIRCUITS = ["circuit", "blocks", "accounts", "passed"] as const;
export type CircuitOf = (typeof CIRCUITS)[number];

/** A configured mirror, and what this process knows of it. */
export interface Mirror extends Omit<MirrorAddress, "origin"> {
  readonly origin: MirrorName;
  /** The circuit breaker for requests of messages. */
  circuit: CircuitBreaker;
  /** Its own breaker for blocks: a network without blocks, or a proxy without the route, must not stop messages. */
  blocks: CircuitBreaker;
  /** Its own breaker for accounts: strangers choose whose key is looked up, and that must not stop messages. */
  accounts: CircuitBreaker;
  /** Its own breaker for what readers ask for: an address that a mirror fails on must not stop messages. */
  passed: CircuitBreaker;
  /** A further breaker for each kind of what readers ask for. */
  readonly passThrough: PassThroughCircuits;
  readonly refusals: Refusals;
  readonly time: MirrorTime;
  readonly timestampSupport: TimestampSupport;
  requests: number;
  errors: number;
  rateLimited: number;
  lastError: string | null;
}

/** The mirrors at these REST bases. Throws if one is not an address. */
export const mirrorsAt = (urls: readonly string[]): Mirror[] =>
  urls.map((url, index) => {
    const address = parseMirrorAddress(url);
    if (!address.ok) throw new RangeError(`a mirror has an address that ${address.error}`);
    return {
      ...address.value,
      origin: nameOf(urls, index),
      circuit: CLOSED,
      blocks: CLOSED,
      accounts: CLOSED,
      passed: CLOSED,
      passThrough: new PassThroughCircuits(),
      refusals: new Refusals(),
      time: new MirrorTime(),
      timestampSupport: new TimestampSupport(),
      requests: 0,
      errors: 0,
      rateLimited: 0,
      lastError: null,
    };
  });

/** Two mirrors at one address that differ in their paths get a number. */
function nameOf(urls: readonly string[], index: number): MirrorName {
  const origins = urls.map((url) => new URL(url).origin);
  const origin = origins[index] as string;
  const before = origins.slice(0, index).filter((each) => each === origin).length;
  return (before === 0 ? origin : `${origin} (${before + 1})`) as MirrorName;
}
