import "server-only";
/** What only few may know: which values of the environment those are, and comparing what a caller claims with them. */
import { createHash, timingSafeEqual } from "node:crypto";
import type { Env } from "../config/env";

/** The secrets of the environment. The password in DATABASE_URL may be a word like any other: it is known by its place. */
export function secretsOf(env: Env): readonly string[] {
  const { HEDERA_OPERATOR_KEY, UPSTASH_REDIS_REST_TOKEN, ADMIN_TOKEN, METRICS_TOKEN, CRON_SECRET } = env;
  const ofOthers = [HEDERA_OPERATOR_KEY, UPSTASH_REDIS_REST_TOKEN, env.OTEL_EXPORTER_OTLP_HEADERS];
  const single = [...ofOthers, ADMIN_TOKEN, METRICS_TOKEN, CRON_SECRET];
  // Shorter ones (of a stand-in) are words, which lines are made of.
  return [...(env.sessionSecrets ?? []), ...single.filter((secret) => secret !== undefined)].filter(
    ({ length }) => length >= 8,
  );
}

const digest = (text: string) => createHash("sha256").update(text).digest();

/** Takes as long whatever is given: digests have one length, and their comparison looks at all of it. */
export function isSameSecret(given: string, secret: string): boolean {
  return timingSafeEqual(digest(given), digest(secret));
}

/** The token of an `Authorization: Bearer` header (RFC 6750 §2.1); null where there is none. */
export function bearerToken(headers: Headers): string | null {
  return /^Bearer +(\S+) *$/i.exec(headers.get("authorization") ?? "")?.[1] ?? null;
}
