import "server-only";
import { hash } from "node:crypto";
import { ProblemError } from "./answers/problem";
import type { ApiRequest } from "./api-request";

/** The client's key for a request that it may send again. Null if it sends none. Throws a ProblemError for a malformed key. */
export function idempotencyKey(request: Pick<ApiRequest, "headers">): string | null {
  const given = request.headers.get("idempotency-key");
  if (given === null || /^[\x21-\x7e]{1,200}$/.test(given)) return given;
  throw new ProblemError("bad-input", "The header Idempotency-Key must have 1 to 200 printable characters.", {
    field: "Idempotency-Key",
  });
}

/** Distinguishes requests under one key: the first 128 bits of the body's SHA-256. */
export const fingerprint = (body: unknown): string => hash("sha256", JSON.stringify(body), "hex").slice(0, 32);
