import "server-only";
/** Comparing what a caller claims with what only few may know. */
import { createHash, timingSafeEqual } from "node:crypto";

const digest = (text: string) => createHash("sha256").update(text).digest();

/** Takes as long whatever is given: digests have one length, and their comparison looks at all of it. */
export function isSameSecret(given: string, secret: string): boolean {
  return timingSafeEqual(digest(given), digest(secret));
}

/** The token of an `Authorization: Bearer` header (RFC 6750 §2.1); null where there is none. */
export function bearerToken(headers: Headers): string | null {
  return /^Bearer +(\S+) *$/i.exec(headers.get("authorization") ?? "")?.[1] ?? null;
}
