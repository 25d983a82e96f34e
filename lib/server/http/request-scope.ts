import "server-only";
/**
 * Tells which request the running code works for, even deep in calls that know nothing of requests. All bundles share one
 * scope, because each has its own copy of a module's state (docs/measurements.md §1).
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { randomUUID } from "node:crypto";
import type { RequestTrace } from "../observe/trace-types";

export interface RequestScope {
  readonly requestId: string;
  /** The trace of this request, if a collector is configured. */
  readonly trace?: RequestTrace;
}

const shared = globalThis as typeof globalThis & { __trustmeshRequest?: AsyncLocalStorage<RequestScope> };
shared.__trustmeshRequest ??= new AsyncLocalStorage();
const scopes = shared.__trustmeshRequest;

export const HEADER = "x-request-id";

/** The form of ids that proxies send. Other text could forge more than an id in a log. */
const WELL_FORMED = /^[A-Za-z0-9][A-Za-z0-9._:-]{7,99}$/;

/** No two processes have the same. A random id for each request would take 1 µs of CPU. */
const processId = randomUUID().replaceAll("-", "").slice(0, 16);
let requests = 0;

/** The id that a proxy in front gave the request, if it is well-formed; otherwise a new id. */
export function requestIdOf(given: string | null): string {
  if (given !== null && WELL_FORMED.test(given)) return given;
  requests += 1;
  return `${processId}-${requests.toString(36)}`;
}

/** Runs `work`, and everything that it starts, for one request. */
export const inRequest = <T>(scope: RequestScope, work: () => T): T => scopes.run(scope, work);

/** Runs `work` for no request, for answers that several requests share. */
export const outsideRequests = <T>(work: () => T): T => scopes.exit(work);

/** Undefined outside requests, such as at the start or on a timer. */
export const currentRequest = (): RequestScope | undefined => scopes.getStore();
