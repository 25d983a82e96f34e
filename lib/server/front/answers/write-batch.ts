import "server-only";
/**
 * Writes answers of routes in batches. Each waits until the event loop has read what else has come. A write that wakes an
 * idle client costs the kernel more than a write to a busy one (docs/measurements.md §1).
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { type Report, sendFailure } from "./plain-answer";

/** Runs work when the event loop has read all sockets. This is Node's own function, taken before the framework replaces it. */
const afterReading: (work: () => void) => unknown = setImmediate;

/** Sixteen answers take half a millisecond. Larger batches make the first answer wait (docs/measurements.md §1). */
const MAX_ANSWERS = 16;

interface Batched {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly write: () => void;
  /** Hears of an error of `write`. */
  readonly report: Report;
}

let waiting: Batched[] = [];

/** Calls `write` when the next batch is written. If `write` throws, the client gets a problem as its answer. */
export function writeInBatch(batched: Batched): void {
  waiting.push(batched);
  if (waiting.length === 1) afterReading(flushBatch);
  else if (waiting.length >= MAX_ANSWERS) flushBatch();
}

/** Writes all answers of the batch now. */
export function flushBatch(): void {
  const all = waiting;
  waiting = [];
  for (const { request, response, write, report } of all) {
    try {
      write();
    } catch (cause) {
      sendFailure(cause, request, response, report);
    }
  }
}

/** Whether this is the last response of the batch. */
export const isLastOfBatch = (response: ServerResponse): boolean => waiting.at(-1)?.response === response;
