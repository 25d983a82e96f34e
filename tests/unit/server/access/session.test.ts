import { describe, expect, it } from "vitest";
import type { UserId } from "@/lib/core/ledger/ids";
import { Sessions } from "@/lib/server/access/session";
import { DrivenClock } from "../../../support/control/driven-clock";

const A = "a".repeat(32);
const B = "b".repeat(32);
const USER = "tm-alice" as UserId;

function sessions(
  secrets: readonly string[],
  options: { network?: string; isSecure?: boolean; clock?: DrivenClock } = {},
): Sessions {
  const clock = options.clock ?? new DrivenClock();
  return new Sessions({
    secrets,
    network: options.network ?? "devnet",
    isSecure: options.isSecure ?? false,
    clock,
    signOuts: { isOver: () => false, issueMs: () => clock.now() },
  });
}
const cookie = (setCookie: string) => setCookie.split(";")[0] as string;

describe("a session", () => {
  it("names its user, even among other cookies", async () => {
    const own = sessions([A]);
    const issued = cookie(await own.issue(USER));
    expect(await own.userOf(issued)).toBe(USER);
    expect(await own.userOf(`theme=dark; ${issued}; x=1`)).toBe(USER);
    expect(await own.userOf(null)).toBeNull();
    expect(await own.userOf("theme=dark")).toBeNull();
  });

  it("is refused when tampered with, of another secret, or of another network", async () => {
    const issued = cookie(await sessions([A]).issue(USER));
    const [head, claims, signature] = issued.split(".");
    const forged = `${head}.${Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(claims as string, "base64url").toString()), sub: "tm-bob" })).toString("base64url")}.${signature}`;
    expect(await sessions([A]).userOf(forged)).toBeNull();
    expect(await sessions([B]).userOf(issued)).toBeNull();
    expect(await sessions([A], { network: "testnet" }).userOf(issued)).toBeNull();
    expect(await sessions([A]).userOf("tm_session=eyJhbGciOiJub25lIn0.eyJzdWIiOiJ0bS1hIn0.")).toBeNull();
  });

  it("outlives a rotation of secrets, and is signed by the first", async () => {
    const issued = cookie(await sessions([A]).issue(USER));
    expect(await sessions([B, A]).userOf(issued)).toBe(USER);
    const newer = cookie(await sessions([B, A]).issue(USER));
    expect(await sessions([B]).userOf(newer)).toBe(USER);
  });

  it("ends after a week, even if this instance has cached it", async () => {
    const clock = new DrivenClock();
    const own = sessions([A], { clock });
    const issued = cookie(await own.issue(USER));
    await clock.advance(6 * 86_400_000);
    expect(await own.userOf(issued)).toBe(USER);
    await clock.advance(2 * 86_400_000);
    expect(await own.userOf(issued)).toBeNull();
    expect(await sessions([A], { clock }).userOf(issued)).toBeNull();
  });

  it("travels in a cookie that scripts and other sites do not get", async () => {
    expect(await sessions([A], { isSecure: true }).issue(USER)).toMatch(
      /^__Host-tm_session=[\w.-]+; Max-Age=604800; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    );
    expect(sessions([A]).clear()).toMatch(/^tm_session=; Max-Age=0; Path=\/; HttpOnly; SameSite=Lax$/);
  });
});
