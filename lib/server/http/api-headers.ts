import "server-only";

/** Nothing here needs a device. */
const PERMISSIONS =
  "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), microphone=(), midi=(), payment=(), usb=()";

/**
 * Headers of every answer of the API, whichever part serves it. A browser that is made to show one as a page runs, loads and frames
 * nothing. Files and pages have theirs from next.config.mjs and proxy.ts.
 */
const HEADERS = [
  ["content-security-policy", "default-src 'none'; frame-ancestors 'none'"],
  ["x-content-type-options", "nosniff"],
  ["referrer-policy", "same-origin"],
  ["permissions-policy", PERMISSIONS],
  ["cross-origin-opener-policy", "same-origin"],
  ["cross-origin-resource-policy", "same-origin"],
  ["x-frame-options", "DENY"],
] as const;

/** A year (RFC 6797 §6.1.1). Only for the name that was asked: subdomains are their owner's to decide. */
const STRICT_TRANSPORT = "max-age=31536000";

/** Names and values. `protocol`: the client's protocol as the proxy in front reports it (X-Forwarded-Proto). */
export const apiHeaders = (protocol: string | null): readonly (readonly [string, string])[] =>
  protocol === "https" ? [...HEADERS, ["strict-transport-security", STRICT_TRANSPORT]] : HEADERS;
