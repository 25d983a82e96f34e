/**
 * The headers of pages, with a content security policy that has a new nonce for each page. Next takes the nonce from the
 * request's copy of the header and puts it on every script and style that it renders. This runs for pages only: in front of an
 * API route it would cost half as much as the route itself (docs/measurements.md §1), and API answers have a policy that needs
 * no nonce (lib/server/http/answers/api-headers.ts). Where our own server is not in front, pages that are not ours leave here for
 * UI_ORIGIN.
 */
import { randomBytes } from "node:crypto";
import { type NextRequest, NextResponse } from "next/server";
import { cleanValue } from "./lib/core/health/spelling";
import { isOwnAddress } from "./lib/core/own-addresses";
import { readTarget } from "./lib/core/request-target";
import { uiOrigin } from "./lib/server/config/ui-origin";
import { apiHeaders } from "./lib/server/http/answers/api-headers";
import { PAGE_HEADER } from "./lib/server/http/page-header";
import { WALLETCONNECT_RELAY, WALLETCONNECT_VERIFY } from "./lib/wire/sign-in/wallet";

const HEADER = "content-security-policy";

/**
 * Allows no inline script or style without the nonce, nothing from other sites, and no frames. Development allows inline
 * styles, because the framework's error overlay uses them and cannot be given a nonce.
 */
export function pagePolicy(
  nonce: string,
  {
    isDevelopment,
    isSecure,
    wallets = null,
  }: { isDevelopment: boolean; isSecure: boolean; wallets?: WalletOrigins | null },
): string {
  return [
    "default-src 'none'",
    // 'strict-dynamic' trusts the scripts that a trusted script loads; the page's chunks come that way. React's development
    // build uses eval.
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${isDevelopment ? " 'unsafe-eval'" : ""}`,
    // A browser that sees a nonce ignores 'unsafe-inline'.
    `style-src 'self' ${isDevelopment ? "'unsafe-inline'" : `'nonce-${nonce}'`}`,
    "img-src 'self' data:",
    "font-src 'self'",
    `connect-src 'self'${wallets ? ` ${wallets.relay}` : ""}`,
    ...(wallets?.frame ? [`frame-src ${wallets.frame}`] : []),
    "manifest-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    ...(isSecure ? ["upgrade-insecure-requests"] : []),
  ].join("; ");
}

export interface WalletOrigins {
  readonly relay: string;
  /** The origin of the site that attests this page's name to wallets. Null for a relay of one's own, which has no such site. */
  readonly frame: string | null;
}

/** The origins that the sign-in page may connect to for wallets. Null without a wallet connector, and for every other page. */
export function walletOrigins(path: string, env: Readonly<Record<string, string | undefined>>): WalletOrigins | null {
  if (path !== "/sign-in" || !cleanValue(env.WALLETCONNECT_PROJECT_ID ?? "")) return null;
  const relay = cleanValue(env.WALLETCONNECT_RELAY_URL ?? "") || WALLETCONNECT_RELAY;
  return { relay: new URL(relay).origin, frame: relay === WALLETCONNECT_RELAY ? WALLETCONNECT_VERIFY : null };
}

export function proxy(request: NextRequest): Response | Promise<Response> {
  const { pathname } = new URL(request.url);
  if (uiOrigin(process.env) !== null && !isOwn(pathname)) return passedOn(request);
  const mayEnter = readTarget(pathname).ok && (request.method === "GET" || request.method === "HEAD");
  return mayEnter ? ownPage(request) : refusedPage(request);
}

/** The framework would render the page for every method. */
async function refusedPage(request: NextRequest): Promise<Response> {
  const { pageRefusal } = await import("./lib/server/http/next-route");
  return pageRefusal(request) ?? ownPage(request);
}

function isOwn(pathname: string): boolean {
  const segments = readTarget(pathname);
  return segments.ok && isOwnAddress(segments.value);
}

async function passedOn(request: NextRequest): Promise<Response> {
  // Most deployments need the whole app behind this import for API routes only.
  const { nextPassOn } = await import("./lib/server/http/next-route");
  const response = await nextPassOn(request);
  const location = response.headers.get("location");
  // The framework takes absolute addresses only, and makes those of this origin relative again.
  if (location !== null && URL.canParse(location, request.url))
    response.headers.set("location", new URL(location, request.url).href);
  return response;
}

function ownPage(request: NextRequest): NextResponse {
  const policy = pagePolicy(randomBytes(16).toString("base64"), {
    isDevelopment: process.env.NODE_ENV === "development",
    isSecure: request.headers.get("x-forwarded-proto") === "https",
    wallets: walletOrigins(request.nextUrl.pathname, process.env),
  });
  const headers = new Headers(request.headers);
  headers.set(HEADER, policy);
  // The script's own navigation gets no data with the page, so the router keeps nothing of a person.
  if (request.headers.has("rsc")) headers.delete(PAGE_HEADER);
  else headers.set(PAGE_HEADER, request.nextUrl.pathname + request.nextUrl.search);
  const response = NextResponse.next({ request: { headers } });
  const common = Object.entries(apiHeaders(request.headers.get("x-forwarded-proto")));
  for (const [name, value] of common) response.headers.set(name, value);
  response.headers.set(HEADER, policy);
  return response;
}

export const config = {
  // Everything but the API and our own files (lib/core/own-addresses.ts).
  matcher: [
    "/((?!api/|trustmesh-edge/|(?:apple-icon\\.png|icon-192\\.png|icon-512\\.png|icon-maskable-512\\.png|icon\\.svg|social\\.png|wallet-connector\\.js)$).*)",
  ],
};
