import { afterEach, describe, expect, it, vi } from "vitest";
import { reasonOf } from "@/lib/client/api/http";
import { signInAsDemo, signInWithSignature, signInWithToken } from "@/lib/client/api/sign-in";

const answerOf = (userId: string | null) => ({
  ...{ authenticated: userId !== null, userId, handle: userId, network: "testnet", admin: false, demo: false },
  wallet: null,
});

/** A server that signs `tm-a` in, and a browser that then has the session of `kept`. `undefined`: the second request is lost. */
function browser(kept: string | null | undefined): string[] {
  const asked: string[] = [];
  vi.stubGlobal("fetch", async (path: string, { method = "GET" }: RequestInit = {}) => {
    asked.push(`${method} ${path}`);
    if (asked.length === 1) return Response.json(answerOf("tm-a"));
    if (kept === undefined) throw new TypeError("fetch failed");
    return Response.json(answerOf(kept));
  });
  return asked;
}

afterEach(() => vi.unstubAllGlobals());

describe.each([
  ["with a wallet", () => signInWithSignature("0.0.5", "challenge", "map")],
  ["with a token", () => signInWithToken("token")],
  ["as a demo person", () => signInAsDemo("tm-a")],
])("signing in %s", (_, signIn) => {
  it.each([
    ["none", null],
    ["an older one of somebody else", "tm-b"],
  ])("says so if the browser has not kept the session, as without TLS, and has %s", async (_, kept) => {
    const asked = browser(kept);
    const refusal = await signIn().then(() => null, reasonOf);
    expect(refusal).toBe(
      "This browser has not kept the session. Allow cookies for this page, and open it at an address that begins with https.",
    );
    expect(asked.at(-1)).toBe("GET /api/auth/session");
  });

  it("is done once the browser has kept the session", async () => {
    browser("tm-a");
    await expect(signIn().then(() => "done")).resolves.toBe("done");
  });

  it("is done although nobody can tell whether the browser has kept the session", async () => {
    browser(undefined);
    await expect(signIn().then(() => "done")).resolves.toBe("done");
  });
});
