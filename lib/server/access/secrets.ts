import "server-only";
/** The secrets of the environment, and comparing a caller's token with one of them. */
import { createHash, timingSafeEqual } from "node:crypto";
import type { Env } from "../config/env";
import { SECRET_NAMES, type Values } from "../config/variables";

/** Logs hide no secret that is shorter, as stand-ins have them: it may be a word of any line. */
const HIDDEN_FROM_CHARACTERS = 8;

/**
 * The secrets of the environment, for the log to hide: whole values, and the parts of lists (`new,old`) and of headers (`name=value`).
 * The password in DATABASE_URL may be a common word, so the log knows it by its place instead.
 */
export function secretsOf(env: Pick<Env, keyof Values>): readonly string[] {
  const values = SECRET_NAMES.flatMap((name) => env[name] ?? []).map(String);
  const items = values.flatMap((value) => value.split(",")).map((item) => item.trim());
  const parts = items.map((item) => item.slice(item.indexOf("=") + 1));
  return [...new Set([...values, ...items, ...parts])].filter(({ length }) => length >= HIDDEN_FROM_CHARACTERS);
}

const digest = (text: string) => createHash("sha256").update(text).digest();

/** Compares in constant time: digests have one length, and their comparison reads all of it. */
export function isSameSecret(given: string, secret: string): boolean {
  return timingSafeEqual(digest(given), digest(secret));
}

/** The token of an `Authorization: Bearer` header (RFC 6750 §2.1); null without one. */
export function bearerToken(headers: Headers): string | null {
  return /^Bearer +(\S+) *$/i.exec(headers.get("authorization") ?? "")?.[1] ?? null;
}
