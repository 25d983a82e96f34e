/** The sentence that a page shows for a failed request. */
import { describe, expect, it } from "vitest";
import { ApiError, reasonOf } from "@/lib/client/api/http";

const LABELS = { accountId: "The Hedera account" };
const refused = (detail: string, field: string | null) => new ApiError(400, "bad-input", detail, null, field);

describe("the reason of a refusal", () => {
  it("names a member as the page does, and not as the API does", () => {
    const error = refused("accountId: must be an account id like 0.0.7226146", "accountId");
    expect(reasonOf(error, LABELS)).toBe("The Hedera account must be an account id like 0.0.7226146.");
    expect(reasonOf(refused("accountId: is missing.", "accountId"), LABELS)).toBe("The Hedera account is missing.");
  });

  it("is the server's own sentence otherwise", () => {
    const own = "The signature is not of your account's key over this message.";
    expect(reasonOf(refused(own, "accountId"), LABELS)).toBe(own);
    expect(reasonOf(refused("body: is missing", "body"), LABELS)).toBe("body: is missing");
    expect(reasonOf(refused(own, null), LABELS)).toBe(own);
  });
});
