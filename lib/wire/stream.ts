/**
 * Events of `GET /api/stream`. `hello`, `signal` and `resync` carry an `id:`: the position through which everything was sent. A
 * broken stream resumes exactly there, even if it broke before its first signal.
 */
import * as z from "zod/mini";
import { parsePosition } from "../core/signals/position";
import { Freshness, PositionNumber, UserIdText } from "./common";
import { Signal } from "./signals";

const Cursor = z.optional(
  z.string().check(z.refine((text) => text === "" || parsePosition(text) !== null, "the id of an event")),
);

/** `GET /api/stream?cursor=`; `lastEventId` is for EventSource clients that cannot set the header. Empty means absent. */
export const StreamQuery = z.object({
  cursor: Cursor.clone().register(z.globalRegistry, { description: "The position at which this page's data was read" }),
  lastEventId: Cursor.clone().register(z.globalRegistry, {
    description: "The id of the last event, like the header Last-Event-ID",
  }),
});

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
