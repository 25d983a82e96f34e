import "server-only";
/**
 * Tells which request the running code works for, even deep in calls that know nothing of requests. All bundles share one
 * scope, because each has its own copy of a module's state (docs/measurements.md §1).
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { randomFillSync } from "node:crypto";
import type { RequestTrace } from "../observe/trace-types";

export interface RequestScope {
  readonly requestId: string;
  /** The trace of this request, if a collector is configured. */
  readonly trace?: RequestTrace;
}

const shared = globalThis as typeof globalThis & { __trustmeshRequest?: AsyncLocalStorage<RequestScope> };
shared.__trustmeshRequest ??= new AsyncLocalStorage();
const scopes = shared.__trustmeshRequest;

export const REQUEST_ID_HEADER = "x-request-id";

/** The form of ids that proxies send. Other text could forge more than an id in a log. */
const WELL_FORMED = /^[A-Za-z0-9][A-Za-z0-9._:-]{7,99}$/;

/** Ids are 96 random bits: a count would tell a client how many requests others send. */
const ID_BYTES = 12;
/** Random bytes for 1,024 ids. Asking for them one id at a time takes 1 µs of CPU. */
const random = Buffer.alloc(ID_BYTES * 1_024);
let used = random.length;

function newId(): string {
  if (used === random.length) {
    randomFillSync(random);
    used = 0;
  }
  used += ID_BYTES;
  return random.toString("hex", used - ID_BYTES, used);
}

/** The id that a proxy in front gave the request, if it is well-formed; otherwise a new id. */
export const requestIdOf = (given: string | null): string =>
  given !== null && WELL_FORMED.test(given) ? given : newId();

/** Runs `work`, and everything that it starts, for one request. */
export const inRequest = <T>(scope: RequestScope, work: () => T): T => scopes.run(scope, work);

/** Runs `work` for no request, for answers that several requests share. */
export const outsideRequests = <T>(work: () => T): T => scopes.exit(work);

/** Undefined outside requests, such as at the start or on a timer. */
export const currentRequest = (): RequestScope | undefined => scopes.getStore();
