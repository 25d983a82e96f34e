import "server-only";
import type { AnswerHeaders } from "./answer";

/** The app needs no device. */
const PERMISSIONS =
  "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), microphone=(), midi=(), payment=(), usb=()";

/**
 * Headers of every API answer, whichever part serves it. A browser that shows an answer as a page runs, loads and frames
 * nothing. Files and pages get their headers from next.config.mjs and proxy.ts.
 */
const HEADERS = {
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "same-origin",
  "permissions-policy": PERMISSIONS,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "x-frame-options": "DENY",
} as const;

/** One year (RFC 6797 §6.1.1). It covers this name only, because subdomains belong to their owner to decide. */
const OVER_TLS = { ...HEADERS, "strict-transport-security": "max-age=31536000" } as const;

/** Values by name. `protocol`: the client's protocol as the proxy in front reports it (X-Forwarded-Proto). */
export const apiHeaders = (protocol: string | null | undefined): AnswerHeaders =>
  protocol === "https" ? OVER_TLS : HEADERS;
