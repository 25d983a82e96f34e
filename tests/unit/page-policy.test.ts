import { expect, it } from "vitest";
import { config, pagePolicy } from "@/proxy";

it("never allows what is inline, and evaluation only where React is developed", () => {
  for (const isDevelopment of [true, false])
    for (const isSecure of [true, false]) {
      const policy = pagePolicy("abc", { isDevelopment, isSecure });
      expect(policy).not.toContain("unsafe-inline");
      expect(policy.includes("unsafe-eval")).toBe(isDevelopment);
      expect(policy.includes("upgrade-insecure-requests")).toBe(isSecure);
      expect(policy).toMatch(/^default-src 'none'; /);
    }
});

it("is for pages: neither for the API nor for files", () => {
  const matcher = new RegExp(`^${config.matcher[0]}$`);
  for (const path of ["/", "/sign-in", "/profile/tm-a", "/apiary", "/nowhere"]) expect(path).toMatch(matcher);
  for (const path of ["/api/contacts", "/_next/static/chunks/a.js", "/icon.svg"]) expect(path).not.toMatch(matcher);
});
