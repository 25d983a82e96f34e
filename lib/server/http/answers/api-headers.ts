import "server-only";
import type { AnswerHeaders } from "./answer";
import { FOR_ANY_SITE } from "./any-site";

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

/** The same for `isForAnySite` and not: names and values in turn. */
const LINES = [HEADERS, OVER_TLS].map((headers) =>
  [headers, { ...headers, ...FOR_ANY_SITE }].map((each) => Object.entries(each).flat()),
) as readonly (readonly (readonly string[])[])[];

/** The headers of every answer of a route, names and values in turn. `isForAnySite`: pages of any site may read it. */
export const routeHeaders = (protocol: string | null, isForAnySite: boolean): readonly string[] =>
  LINES[protocol === "https" ? 1 : 0]?.[isForAnySite ? 1 : 0] ?? [];

/** Values by name. `protocol`: the client's protocol as the proxy in front reports it (X-Forwarded-Proto). */
export const apiHeaders = (protocol: string | null | undefined): AnswerHeaders =>
  protocol === "https" ? OVER_TLS : HEADERS;
