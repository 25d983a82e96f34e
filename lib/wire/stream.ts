/**
 * Events of `GET /api/stream`. `hello`, `signal` and `resync` carry an `id:`: the position through which everything was sent. A
 * broken stream resumes exactly there, even if it broke before its first signal.
 */
import * as z from "zod/mini";
import { Freshness, PositionNumber, UserIdText } from "./common";
import { Signal } from "./signals";

export const STREAM_EVENTS = {
  /** The first event of every stream. */
  hello: z.object({ position: PositionNumber, ...Freshness.shape }),
  signal: Signal,
  /** Users whose bond or name changed; empty where it is not known whose. The client reads contacts and circle again. */
  contacts: z.object({ peers: z.array(UserIdText) }),
  freshness: Freshness,
  /** The cursor belongs to another epoch. The client reads everything again. */
  resync: z.object({ position: PositionNumber }),
  /** The server ends the stream. The client reconnects at once. */
  bye: z.object({ reason: z.string() }),
} as const;

export type StreamEventName = keyof typeof STREAM_EVENTS;
