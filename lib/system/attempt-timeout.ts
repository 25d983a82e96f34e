/** How long a connection may take to one of several addresses of a host. */
import { getDefaultAutoSelectFamilyAttemptTimeout, setDefaultAutoSelectFamilyAttemptTimeout } from "node:net";

/**
 * Node gives an address up after 250 ms and tries the next. A distant server, or one lost packet, takes longer. If the last address is
 * of a family without a route, such as IPv6 in many networks, no connection is made at all. A lost first packet is sent again after a
 * second (RFC 6298), and its answer takes its time. In return, a host whose first address is dead delays each new connection by this
 * time, and commands to such a Redis reach their own limits first.
 */
const ATTEMPT_MS = 2_000;

/** Holds for all connections of this thread: databases, mirrors, Redis. A longer time that an operator gave to Node is kept. */
export function raiseAttemptTimeout(): void {
  if (getDefaultAutoSelectFamilyAttemptTimeout() < ATTEMPT_MS) setDefaultAutoSelectFamilyAttemptTimeout(ATTEMPT_MS);
}
