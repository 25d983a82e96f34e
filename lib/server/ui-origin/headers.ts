import "server-only";
/** The headers of requests that are passed on to UI_ORIGIN, and those of its answers on their way back. */
import type { IncomingHttpHeaders } from "node:http";
import { SOCKET_HEADER } from "../access/client-address";
import { SESSION_COOKIES } from "../access/session";

/** Names and values, in the order of the answer. Names may repeat. */
export type HeaderList = readonly (readonly [name: string, value: string])[];

/** Each server on the way adds itself here, so that a request that goes in a circle ends (RFC 8586). */
const LOOP_HEADER = "cdn-loop";
const OURS = "trustmesh-edge";

/** Headers about one connection (RFC 9110 §7.6.1). `Expect` is one, too: our own server has answered it. */
const OF_A_CONNECTION = new Set([
  ...["connection", "keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization", "te", "trailer"],
  ...["transfer-encoding", "upgrade", "expect", "http2-settings"],
  // It sends browsers to another port or host of the origin that says it, which is not ours.
  "alt-svc",
]);
/** Notes of this server and of the platform under it, the platform's own credentials among them. */
const INTERNAL = /^(x-vercel-|x-middleware-|x-matched-path$)/;

const SESSION_NAMES: readonly string[] = Object.values(SESSION_COOKIES);

/** Whether this request has passed this server before. */
export const hasPassed = (header: (name: string) => string | null | undefined): boolean =>
  (header(LOOP_HEADER) ?? "").split(",").some((each) => each.trim().split(";", 1)[0]?.trim() === OURS);

/**
 * The headers to send to `origin`. They have its Host, say for whom the request is passed on (X-Forwarded-…), and hold no session
 * of ours. All others go as they came, credentials of the other deployment's included.
 */
export function requestHeaders(given: IncomingHttpHeaders, origin: string): Record<string, string | string[]> {
  const left = leftOut(given.connection);
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(given))
    if (value !== undefined && !left(name) && !INTERNAL.test(name) && name !== SOCKET_HEADER) headers[name] = value;
  const cookie = withoutSession(given.cookie ?? "");
  if (cookie === "") delete headers.cookie;
  else headers.cookie = cookie;
  const { host = "" } = given;
  headers.host = new URL(origin).host;
  headers["x-forwarded-host"] ??= host;
  headers["x-forwarded-proto"] ??= "http";
  const forwardedFor = forwardedForOf(given);
  if (forwardedFor !== "") headers["x-forwarded-for"] = forwardedFor;
  headers[LOOP_HEADER] = added(given[LOOP_HEADER], OURS);
  return headers;
}

/** The headers of an answer for the browser. `rawHeaders` has names and values by turns, as Node gives them. */
export function answerHeaders(rawHeaders: readonly string[], origin: string): HeaderList {
  const all = pairsOf(rawHeaders);
  const left = leftOut(all.flatMap(([name, value]) => (name.toLowerCase() === "connection" ? [value] : [])).join(","));
  return all.flatMap(([name, value]): HeaderList => {
    const lower = name.toLowerCase();
    if (left(lower) || (lower === "set-cookie" && setsSession(value))) return [];
    return lower === "location" ? [[name, ownLocation(value, origin)]] : [[name, value]];
  });
}

function pairsOf(rawHeaders: readonly string[]): HeaderList {
  return Array.from({ length: rawHeaders.length / 2 }, (_, i) => [
    rawHeaders[2 * i] as string,
    rawHeaders[2 * i + 1] as string,
  ]);
}

/** Tells the headers that end at this connection: the fixed ones, and those that `connection` names. */
function leftOut(connection: string | undefined): (name: string) => boolean {
  const named = new Set((connection ?? "").split(",").map((name) => name.trim().toLowerCase()));
  return (name) => OF_A_CONNECTION.has(name) || named.has(name);
}

const added = (before: string | string[] | undefined, more: string | string[] | undefined): string =>
  [before, more]
    .flat()
    .filter((each) => each !== undefined && each !== "")
    .join(", ");

/** The addresses on the way here. The framework adds the last one itself; our own server notes it apart. */
function forwardedForOf(given: IncomingHttpHeaders): string {
  const before = given["x-forwarded-for"]?.toString() ?? "";
  const socket = given[SOCKET_HEADER]?.toString() ?? "";
  return before.split(",").at(-1)?.trim() === socket ? before : added(before, socket);
}

/** A Cookie header without our session. Every other cookie stays as it was written. */
function withoutSession(cookie: string): string {
  const kept = cookie.split(";").filter((each) => !isSession(each));
  return kept.join(";").trimStart();
}

/** Whether a Set-Cookie header would set or clear our session's cookie. */
function setsSession(setCookie: string): boolean {
  const [pair = ""] = setCookie.split(";", 1);
  // A cookie without a name is sent back as its value alone, which may look like a cookie with a name.
  return isSession(pair.replace(/^[\s=]+/, ""));
}

/** Whether a `name=value` pair has the name of our session's cookie. White space around the name does not count. */
const isSession = (pair: string): boolean => SESSION_NAMES.includes(pair.split("=", 1)[0]?.trim() ?? "");

const ELSEWHERE = "https://elsewhere.invalid";

/** An address of `origin` becomes the same path here. Every other address stays. */
function ownLocation(location: string, origin: string): string {
  if (!URL.canParse(location, origin)) return location;
  const { host, pathname, search, hash } = new URL(location, origin);
  if (host !== new URL(origin).host) return location;
  // A path that begins with two slashes would name another host here.
  const path = pathname.replace(/^\/+/, "/");
  // It names the host itself if it leads there from anywhere. Browsers also read `\\/host`, and more spellings than these.
  const isWhole = /^\s*[a-z][a-z0-9+.-]*:/i.test(location) || new URL(location, ELSEWHERE).host === host;
  return isWhole || path !== pathname ? `${path}${search}${hash}` : location;
}
