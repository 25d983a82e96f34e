import "server-only";
/** Lists the secrets of the environment, and compares a caller's token with a secret. */
import { createHash, timingSafeEqual } from "node:crypto";
import type { Env } from "../config/env";
import { SECRET_NAMES, type Values } from "../config/variables";
import type { HeaderValues } from "../http/api-request";

/** Logs do not hide shorter secrets, which only test values have: such text may be part of an ordinary word. */
const HIDDEN_FROM_CHARACTERS = 8;

/**
 * The secrets that the log hides: whole values, and the parts of lists (`new,old`) and of headers (`name=value`). The password
 * in DATABASE_URL is not among them, because it may be a common word. The log finds it by its place in an address instead.
 */
export function secretsOf(env: Pick<Env, keyof Values>): readonly string[] {
  const values = SECRET_NAMES.flatMap((name) => env[name] ?? []).map(String);
  const items = values.flatMap((value) => value.split(",")).map((item) => item.trim());
  const parts = items.map((item) => item.slice(item.indexOf("=") + 1));
  return [...new Set([...values, ...items, ...parts])].filter(({ length }) => length >= HIDDEN_FROM_CHARACTERS);
}

const digest = (text: string) => createHash("sha256").update(text).digest();

/** Compares in constant time. Both digests have the same length, and the comparison reads all of it. */
export function isSameSecret(given: string, secret: string): boolean {
  return timingSafeEqual(digest(given), digest(secret));
}

/** The token of an `Authorization: Bearer` header (RFC 6750 §2.1). Null without one. */
export function bearerToken(headers: HeaderValues): string | null {
  return /^Bearer +(\S+) *$/i.exec(headers.get("authorization") ?? "")?.[1] ?? null;
}
