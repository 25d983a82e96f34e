import "server-only";
/**
 * Which request the running code works for, also where that is many calls below and knows nothing of requests. One for all
 * bundles, since each has its own copy of a module's state (docs/measurements.md §1).
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { randomUUID } from "node:crypto";
import type { RequestTrace } from "../observe/trace-types";

export interface RequestScope {
  readonly requestId: string;
  /** Where traces are collected. */
  readonly trace?: RequestTrace;
}

const shared = globalThis as typeof globalThis & { __trustmeshRequest?: AsyncLocalStorage<RequestScope> };
shared.__trustmeshRequest ??= new AsyncLocalStorage();
const scopes = shared.__trustmeshRequest;

export const HEADER = "x-request-id";

/** The form of ids that proxies send. Other text could look like more than an id in a log. */
const WELL_FORMED = /^[A-Za-z0-9][A-Za-z0-9._:-]{7,99}$/;

/** The id that a proxy in front gave the request, where it is a valid one; else a new id. */
export const requestIdOf = (given: string | null): string =>
  given !== null && WELL_FORMED.test(given) ? given : randomUUID();

/** Runs `work`, and everything that it starts, for a request. */
export const inRequest = <T>(scope: RequestScope, work: () => T): T => scopes.run(scope, work);

/** Undefined outside requests: at the start, on a timer. */
export const currentRequest = (): RequestScope | undefined => scopes.getStore();
