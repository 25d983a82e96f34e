import { expect, it } from "vitest";
import { config, pagePolicy, walletOrigins } from "@/proxy";

it("the policy allows no inline script, and inline styles and eval only in development", () => {
  for (const isDevelopment of [true, false])
    for (const isSecure of [true, false]) {
      const policy = pagePolicy("abc", { isDevelopment, isSecure });
      const directive = (name: string) => policy.split("; ").find((text) => text.startsWith(`${name} `)) ?? "";
      expect(directive("script-src")).not.toContain("unsafe-inline");
      expect(policy.includes("'unsafe-inline'")).toBe(isDevelopment);
      expect(directive("style-src")).toBe(`style-src 'self' ${isDevelopment ? "'unsafe-inline'" : "'nonce-abc'"}`);
      expect(policy.includes("unsafe-eval")).toBe(isDevelopment);
      expect(policy.includes("upgrade-insecure-requests")).toBe(isSecure);
      expect(policy).toMatch(/^default-src 'none'; /);
    }
});

it("the policy lets only the sign-in page reach the wallet network, and only if one is configured", () => {
  const env = { WALLETCONNECT_PROJECT_ID: "0".repeat(32) };
  expect(walletOrigins("/sign-in", {})).toBeNull();
  expect(walletOrigins("/signals", env)).toBeNull();
  const wallets = walletOrigins("/sign-in", env);
  expect(wallets).toEqual({ relay: "wss://relay.walletconnect.org", frame: "https://verify.walletconnect.org" });
  // An origin has no room for another directive.
  const own = { ...env, WALLETCONNECT_RELAY_URL: "ws://127.0.0.1:9/;script-src *" };
  expect(walletOrigins("/sign-in", own)).toEqual({ relay: "ws://127.0.0.1:9", frame: null });

  const directives = (configured: typeof wallets) =>
    pagePolicy("abc", { isDevelopment: false, isSecure: true, wallets: configured }).split("; ");
  expect(directives(wallets)).toContain("connect-src 'self' wss://relay.walletconnect.org");
  expect(directives(wallets)).toContain("frame-src https://verify.walletconnect.org");
  expect(directives(null)).toContain("connect-src 'self'");
  expect(directives(null).join()).not.toContain("frame-src");
});

it("the policy covers pages, and neither the API nor files", () => {
  const matcher = new RegExp(`^${config.matcher[0]}$`);
  const pages = [
    "/",
    "/sign-in",
    "/profile/tm-a",
    "/apiary",
    "/nowhere",
    "/icon.svgx",
    "/icon-svg",
    "/other.png",
    "/profile/social.png",
    "/_next/static/chunks/a.js",
  ];
  for (const path of pages) expect(path).toMatch(matcher);
  for (const path of ["/api/contacts", "/trustmesh-edge/_next/static/a.js", "/icon.svg"])
    expect(path).not.toMatch(matcher);
});
