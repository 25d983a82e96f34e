import { afterEach, describe, expect, it, vi } from "vitest";
import { reasonOf } from "@/lib/client/api/http";
import { signInAsDemo, signInWithSignature, signInWithToken } from "@/lib/client/api/sign-in";

const answerOf = (userId: string | null) => ({
  ...{ authenticated: userId !== null, userId, handle: userId, network: "testnet", admin: false, demo: false },
  wallet: null,
});

/** A server that signs `tm-a` in, and a browser that keeps the cookie or does not. `null`: the second request is lost. */
function browser(keeps: boolean | null): string[] {
  const asked: string[] = [];
  vi.stubGlobal("fetch", async (path: string, { method = "GET" }: RequestInit = {}) => {
    asked.push(`${method} ${path}`);
    if (asked.length === 1) return Response.json(answerOf("tm-a"));
    if (keeps === null) throw new TypeError("fetch failed");
    return Response.json(answerOf(keeps ? "tm-a" : null));
  });
  return asked;
}

afterEach(() => vi.unstubAllGlobals());

describe.each([
  ["with a wallet", () => signInWithSignature("0.0.5", "challenge", "map")],
  ["with a token", () => signInWithToken("token")],
  ["as a demo person", () => signInAsDemo("tm-a")],
])("signing in %s", (_, signIn) => {
  it("says so if the browser has not kept the session, as without TLS", async () => {
    const asked = browser(false);
    const refusal = await signIn().then(() => null, reasonOf);
    expect(refusal).toBe(
      "This browser has not kept the session. Allow cookies for this page, and open it at an address that begins with https.",
    );
    expect(asked.at(-1)).toBe("GET /api/auth/session");
  });

  it("is done once the browser has kept the session", async () => {
    browser(true);
    await expect(signIn().then(() => "done")).resolves.toBe("done");
  });

  it("is done although nobody can tell whether the browser has kept the session", async () => {
    browser(null);
    await expect(signIn().then(() => "done")).resolves.toBe("done");
  });
});
