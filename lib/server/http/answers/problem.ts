import "server-only";
/** Errors as RFC 9457 problem details, with the UI's own members. One table maps each code to its status and title. */
import type { Problem } from "../../../wire/common";
import { currentRequest } from "../request-scope";
import type { Answer } from "./answer";

const CODES = {
  "bad-input": [400, "Bad input"],
  challenge: [400, "Invalid challenge"],
  "no-session": [401, "Not signed in"],
  "wrong-token": [401, "Wrong token"],
  signature: [401, "Not signed by this account"],
  "not-yours": [403, "Not yours"],
  "not-admin": [403, "Not an operator"],
  "no-token": [403, "No token configured"],
  "cross-site": [403, "Cross-site request"],
  "account-refused": [403, "This account cannot sign in"],
  "not-found": [404, "Not found"],
  "method-not-allowed": [405, "Method not allowed"],
  "too-slow": [408, "Too slow"],
  nonce: [409, "Nonce already used"],
  "slots-full": [409, "No slot left"],
  "not-bonded": [409, "Not bonded"],
  "in-progress": [409, "Already under way"],
  dropped: [410, "No longer kept"],
  "challenge-used": [409, "Challenge already used"],
  paused: [409, "Paused"],
  "key-reused": [422, "Key already used"],
  "too-large": [413, "Too large"],
  "address-too-long": [414, "Address too long"],
  "bad-media-type": [415, "Not JSON"],
  "bad-content-coding": [415, "Encoded body"],
  "too-many": [429, "Too many requests"],
  "headers-too-large": [431, "Too many headers"],
  internal: [500, "Internal error"],
  "bad-transfer-coding": [501, "Unknown transfer coding"],
  "ledger-refused": [502, "Refused by the ledger"],
  "ui-unreachable": [502, "Web UI unreachable"],
  "not-yet": [503, "Not there yet"],
  "read-only": [503, "Read only"],
  unavailable: [503, "Unavailable"],
  "not-configured": [503, "Not configured"],
  "ledger-unavailable": [503, "Ledger unavailable"],
  uncertain: [503, "Outcome unknown"],
  "ui-too-slow": [504, "Web UI too slow"],
  loop: [508, "Loop"],
} as const satisfies Record<string, readonly [number, string]>;

export type ProblemCode = keyof typeof CODES;
/** All codes of problems. Clients read them, so a code keeps its meaning. */
export const PROBLEM_CODES = Object.keys(CODES) as readonly ProblemCode[];
/** The HTTP status of a problem. */
export const problemStatus = (code: ProblemCode): number => CODES[code][0];
/** A few words that are the same for every problem with this code, as RFC 9457 asks of a title. */
export const problemTitle = (code: ProblemCode): string => CODES[code][1];

/** `field`: the member or parameter that is wrong. `retryAfterS`: for the Retry-After header. */
export interface ProblemOptions {
  readonly field?: string;
  readonly retryAfterS?: number;
}

/** An expected failure on its way to the client. `detail` is a sentence for people, without internals. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  readonly kind = "problem";

  constructor(
    readonly code: ProblemCode,
    readonly detail: string,
    readonly options: ProblemOptions = {},
  ) {
    super(detail);
  }
}

/**
 * Tells by `kind`, not by class: Next gives each bundle its own copy of the class, so `instanceof` fails for the other copies.
 */
export const isProblem = (value: unknown): value is ProblemError =>
  value instanceof Error && "kind" in value && value.kind === "problem";

/** The parts of a problem answer. They are plain data, because building an Error's stack costs CPU. */
export type ProblemParts = Pick<ProblemError, "code" | "detail" | "options">;

const HEADERS = { "content-type": "application/problem+json", "cache-control": "no-store" } as const;

/** The answer to a failed request. Without `requestId`, it carries the id of the request that the running code works for. */
export function problemAnswer(
  { code, detail, options: { field, retryAfterS } }: ProblemParts,
  requestId = currentRequest()?.requestId,
): Answer & { readonly body: string } {
  const [status, title] = CODES[code];
  // JSON leaves absent members out. Merging objects costs more CPU, and a flood is refused a thousand times a second.
  const body: { readonly [Name in keyof Problem]: Problem[Name] | undefined } = {
    type: `urn:trustmesh:problem:${code}`,
    title,
    status,
    detail,
    instance: requestId === undefined ? undefined : `urn:trustmesh:request:${requestId}`,
    code,
    ok: false,
    success: false,
    error: detail,
    message: detail,
    field,
  };
  const afterS = retryAfterS ?? (status === 503 ? 1 : undefined);
  const headers = afterS === undefined ? HEADERS : { ...HEADERS, "retry-after": String(afterS) };
  return { status, headers, body: JSON.stringify(body) };
}
