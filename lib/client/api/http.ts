/**
 * The API client, the browser's one way to the API. It adds the read floors, checks every answer against the wire schema, and
 * turns every failure into an `ApiError` whose message is a sentence for people.
 */
import type * as z from "zod/mini";
import { Problem } from "@/lib/wire/common";
import { reportReached } from "../live/freshness";
import { floorHeader } from "./floors";
import { addressOf, sentCredentials } from "./settings";

/** How often a read is tried again while the mirror does not have the caller's own write yet. */
const NOT_YET_TRIES = 6;
const DEFAULT_RETRY_MS = 1_000;

/**
 * Why a request failed. `message` is a sentence for people. `status` is 0 if no answer says so: the server was not reached, or the
 * browser has not kept the session.
 */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
    readonly retryAfterMs: number | null = null,
    readonly field: string | null = null,
  ) {
    super(detail);
    this.name = "ApiError";
  }
}

const OFFLINE = "offline";
/** The answer is not the API's own: something in front of the server has given it. */
export const FOREIGN_ANSWER = "unknown";
export const BAD_ANSWER = "bad-answer";

/** A write may have been done or not: its answers were lost. */
export const OUTCOME_UNKNOWN = "outcome-unknown";
/** Whether it is unknown if the failed write was done. */
export const isOutcomeUnknown = (error: unknown): boolean =>
  error instanceof ApiError && (error.code === OUTCOME_UNKNOWN || error.code === "uncertain");

/** Whether a request failed because nobody is signed in. */
export const isUnauthenticated = (error: unknown): boolean => error instanceof ApiError && error.status === 401;

/** The request is wrong, is refused for good, or asks for what is gone for good. So the same request gets the same answer. */
const FINAL_STATUSES: ReadonlySet<number> = new Set([400, 403, 405, 410, 413, 414, 415, 422, 431, 501]);

/** Whether the same request may succeed later, so that it helps to offer "Try again". */
export const mayPassLater = (error: unknown): boolean =>
  !(error instanceof ApiError && error.code !== FOREIGN_ANSWER && FINAL_STATUSES.has(error.status));

/** A refusal begins with the name of what it refuses (lib/server/http/checked-input). */
const SUBJECTS = ["member", "parameter"] as const;

/**
 * The sentence to show for any failure. `labels`: what a page calls the members that it sends. A refused member is named so, instead
 * of by its name in the API.
 */
export function reasonOf(error: unknown, labels: Readonly<Record<string, string>> = {}): string {
  if (!(error instanceof ApiError)) return "Something went wrong in this page. Reload it and try again.";
  const { message, field } = error;
  const label = field === null ? undefined : labels[field];
  const subject = SUBJECTS.map((noun) => `The ${noun} "${field}" `).find((words) => message.startsWith(words));
  return label === undefined || subject === undefined ? message : `${label} ${message.slice(subject.length)}`;
}

async function problemOf(response: Response): Promise<ApiError> {
  const retryAfter = Number(response.headers.get("retry-after"));
  const retryAfterMs = retryAfter > 0 ? retryAfter * 1_000 : null;
  const problem = Problem.safeParse(await response.json().catch(() => null));
  if (problem.success) {
    const { code, detail, field } = problem.data;
    return new ApiError(response.status, code, detail, retryAfterMs, field ?? null);
  }
  return new ApiError(
    response.status,
    FOREIGN_ANSWER,
    `The server answered with an error (${response.status}).`,
    retryAfterMs,
  );
}

async function send<T>(schema: z.ZodMiniType<T>, path: string, init: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(addressOf(path), { credentials: sentCredentials(), ...init });
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    reportReached(false);
    throw new ApiError(0, OFFLINE, "The server cannot be reached. Check your connection.");
  }
  reportReached(true);
  if (!response.ok) throw await problemOf(response);
  const answer = schema.safeParse(await response.json().catch(() => null));
  if (answer.success) return answer.data;
  throw new ApiError(response.status, BAD_ANSWER, "The server's answer could not be understood.");
}

/** Some networks lose requests without an error. A person who has pressed a link does not wait longer than this. */
const LOOK_MS = 5_000;

/** Whether the server answers now. A proxy in front of it that answers in its place, as with 502, does not count. */
export async function isServerThere(): Promise<boolean> {
  const asked = fetch(addressOf("/api/health"), { cache: "no-store", signal: AbortSignal.timeout(LOOK_MS) });
  const isThere = await asked.then(
    ({ ok }) => ok,
    () => false,
  );
  reportReached(isThere);
  return isThere;
}

const wait = (ms: number) => new Promise((done) => setTimeout(done, ms));

/**
 * Reads JSON that is no older than this tab's own writes. Waits and tries again while the mirror does not have one of them yet. Rejects
 * with an `ApiError`.
 */
export async function getJson<T>(
  schema: z.ZodMiniType<T>,
  path: string,
  headers: Record<string, string> = {},
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const floor = floorHeader();
    try {
      return await send(schema, path, { headers: { accept: "application/json", ...floor, ...headers } });
    } catch (error) {
      const again = error instanceof ApiError && error.code === "not-yet" && attempt < NOT_YET_TRIES;
      if (!again) throw error;
      await wait(error.retryAfterMs ?? DEFAULT_RETRY_MS);
    }
  }
}

/** Sends JSON once, and checks the answer. Rejects with an `ApiError`. */
export function postJson<T>(
  schema: z.ZodMiniType<T>,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<T> {
  return send(schema, path, {
    method: "POST",
    headers: { accept: "application/json", "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
}
