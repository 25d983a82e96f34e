/**
 * The content security policy of pages, with a nonce of their own. Next takes the nonce out of the request's copy of the header
 * and puts it on every script and style that it renders. Pages only: in front of an API route this would cost as much as half
 * the route (docs/measurements.md §1), and those answers have a policy that needs no nonce (lib/server/http/api-headers.ts).
 */
import { randomBytes } from "node:crypto";
import { type NextRequest, NextResponse } from "next/server";
import { cleanValue } from "./lib/core/health/spelling";
import { WALLETCONNECT_RELAY, WALLETCONNECT_VERIFY } from "./lib/wire/wallet";

const HEADER = "content-security-policy";

/**
 * Allows no inline script or style without the nonce, nothing from elsewhere, and no frame around or inside. Development allows
 * inline styles: the framework's error overlay is made of them, and cannot be given a nonce.
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
    // Scripts that a trusted one loads are trusted: that is how the page's chunks come. React's development build uses eval.
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${isDevelopment ? " 'unsafe-eval'" : ""}`,
    // A nonce beside 'unsafe-inline' would switch that off.
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
  /** Origin of the site that attests this page's name to wallets; null for another relay, which has none. */
  readonly frame: string | null;
}

/** Where the one page that reaches wallets may go to, if a wallet connector is configured. */
export function walletOrigins(path: string, env: Readonly<Record<string, string | undefined>>): WalletOrigins | null {
  if (path !== "/sign-in" || !cleanValue(env.WALLETCONNECT_PROJECT_ID ?? "")) return null;
  const relay = cleanValue(env.WALLETCONNECT_RELAY_URL ?? "") || WALLETCONNECT_RELAY;
  return { relay: new URL(relay).origin, frame: relay === WALLETCONNECT_RELAY ? WALLETCONNECT_VERIFY : null };
}

export function proxy(request: NextRequest): NextResponse {
  const policy = pagePolicy(randomBytes(16).toString("base64"), {
    isDevelopment: process.env.NODE_ENV === "development",
    isSecure: request.headers.get("x-forwarded-proto") === "https",
    wallets: walletOrigins(request.nextUrl.pathname, process.env),
  });
  const headers = new Headers(request.headers);
  headers.set(HEADER, policy);
  const response = NextResponse.next({ request: { headers } });
  response.headers.set(HEADER, policy);
  return response;
}

export const config = {
  // Everything that may be a page, the one for unknown addresses included; not the API, and no file.
  matcher: [
    "/((?!api/|_next/static/|(?:icon\\.svg|icon-192\\.png|icon-512\\.png|icon-maskable-512\\.png|apple-icon\\.png|social\\.png|manifest\\.webmanifest|robots\\.txt)$).*)",
  ],
};
