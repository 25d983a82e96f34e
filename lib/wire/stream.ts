/** Events of `GET /api/stream`. Only `signal` carries an `id:` (the position), so only it moves the browser's Last-Event-ID. */
import { z } from "zod";
import { Freshness, PositionNumber, UserIdText } from "./common";
import { Signal } from "./signals";

export const STREAM_EVENTS = {
  /** First of every stream. */
  hello: z.object({ position: PositionNumber, ...Freshness.shape }),
  signal: Signal,
  /** Peers whose edge or name changed: read contacts and circle again. */
  contacts: z.object({ peers: z.array(UserIdText) }),
  freshness: Freshness,
  /** The cursor is of another epoch: read everything again. */
  resync: z.object({ position: PositionNumber }),
  /** The server ends the stream; reconnect at once. */
  bye: z.object({ reason: z.string() }),
} as const;
export type StreamEventName = keyof typeof STREAM_EVENTS;
