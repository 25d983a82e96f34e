import { expect, it } from "vitest";
import { ApiError } from "@/lib/client/api/http";
import { walletRefusal } from "@/lib/client/api/wallet";
import { WRONG_NETWORK } from "@/lib/wire/sign-in/wallet";

it.each([
  [{ code: 4_001, message: "no" }, "wallet-refused"],
  [{ code: 5_000, message: "User rejected" }, "wallet-refused"],
  [{ code: 5_004, message: "anything else" }, "wallet-failed"],
  [new Error("Proposal expired"), "wallet-expired"],
  [Object.assign(new Error("none"), { code: WRONG_NETWORK }), "wallet-network"],
  [new Error("Socket stalled"), "wallet-failed"],
  ["a text", "wallet-failed"],
  [undefined, "wallet-failed"],
  [null, "wallet-failed"],
])("a wallet connector's failure becomes a sentence that says what to do: %o", (failure, code) => {
  const refusal = walletRefusal(failure);
  expect(refusal).toMatchObject({ code });
  expect(refusal.message).toMatch(/\.$/);
});

it("the server's own refusal stays as it is", () => {
  const refusal = new ApiError(401, "bad-signature", "It was signed with another key.");
  expect(walletRefusal(refusal)).toBe(refusal);
});
