/** The sentence that a page shows for a failed request. */
import { describe, expect, it } from "vitest";
import { ApiError, mayPassLater, reasonOf } from "@/lib/client/api/http";
import { PROBLEM_CODES, problemStatus } from "@/lib/server/http/answers/problem";

const LABELS = { accountId: "The Hedera account" };
const refused = (detail: string, field: string | null) => new ApiError(400, "bad-input", detail, null, field);

describe("the reason of a refusal", () => {
  it("names a member as the page does, and not as the API does", () => {
    const error = refused('The member "accountId" must be an account id like 0.0.7226146.', "accountId");
    expect(reasonOf(error, LABELS)).toBe("The Hedera account must be an account id like 0.0.7226146.");
    const missing = 'The parameter "accountId" is missing: it must be a string.';
    expect(reasonOf(refused(missing, "accountId"), LABELS)).toBe("The Hedera account is missing: it must be a string.");
  });

  it("is the server's own sentence otherwise", () => {
    const own = "The signature is not of your account's key over this message.";
    expect(reasonOf(refused(own, "accountId"), LABELS)).toBe(own);
    const other = 'The member "other" must be a number.';
    expect(reasonOf(refused(other, "other"), LABELS)).toBe(other);
    expect(reasonOf(refused(other, "accountId"), LABELS)).toBe(other);
    expect(reasonOf(refused(own, null), LABELS)).toBe(own);
  });
});

describe("a request that failed", () => {
  it("is offered again unless the answer would stay the same", () => {
    const isFinal = (code: (typeof PROBLEM_CODES)[number]) =>
      !mayPassLater(new ApiError(problemStatus(code), code, "A sentence."));
    expect(PROBLEM_CODES.filter(isFinal)).toEqual([
      ...["bad-input", "challenge", "not-yours", "not-admin", "no-token", "cross-site", "account-refused"],
      ...["method-not-allowed", "dropped", "key-reused", "too-large", "address-too-long", "bad-media-type"],
      ...["bad-content-coding", "headers-too-large", "bad-transfer-coding"],
    ]);
    // A firewall or a proxy may refuse now and not later.
    expect([403, 413].map((status) => mayPassLater(new ApiError(status, "unknown", "")))).toEqual([true, true]);
    expect([mayPassLater(new ApiError(0, "offline", "")), mayPassLater(new Error("a fault"))]).toEqual([true, true]);
  });
});
