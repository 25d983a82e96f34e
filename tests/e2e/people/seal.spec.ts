import type { ProofAnswer } from "@/lib/wire/proof";
import { answerWithProblem } from "../support/problem";
import { expect, test } from "../support/test";

test("pressing the seal recomputes the running hash in the browser", async ({ meet, enterAs }) => {
  const [ann, ben] = [await meet("Ann"), await meet("Ben")];
  await ann.bond(ben);
  const { page, signals } = await enterAs(ann);
  await signals.open();
  const seal = signals.rows.first().getByRole("button", { name: /^Verified by the server/ });
  await expect(seal).toBeVisible();
  await expect(await signals.check(signals.rows.first())).toContainText(
    "Verified in this browser. The running hash computed here follows in the chain that this server's mirror gave.",
  );
  const { proof } = signals;
  const hashes = await proof
    .locator("dd span[title]")
    .evaluateAll((spans) => spans.map((span) => span.getAttribute("title")));
  expect(hashes[0]).toMatch(/^[0-9a-f]{96}$/);
  expect(hashes[0]).toBe(hashes[1]);
  for (const fact of ["Topic", "Sequence", "Payer", "Consensus"]) await expect(proof).toContainText(fact);
  await page.keyboard.press("Escape");
  await expect(seal).toBeFocused();
});

const forgeries: readonly (readonly [string, (proof: ProofAnswer) => void])[] = [
  ["message", (proof) => Object.assign(proof.message, { bytes: btoa('{"type":"TRUST_ALLOCATE"}') })],
  ["payer", (proof) => Object.assign(proof.message, { payerAccountId: "0.0.666" })],
];
for (const [what, forge] of forgeries) {
  test(`a forged ${what} is detected, although the server says verified`, async ({ meet, enterAs }) => {
    const [ann, ben] = [await meet("Ann"), await meet("Ben")];
    await ann.bond(ben);
    const { page, signals } = await enterAs(ann);
    await page.route("**/api/proof/**", async (route) => {
      const response = await route.fetch();
      const proof = (await response.json()) as ProofAnswer;
      forge(proof);
      await route.fulfill({ response, json: proof });
    });
    await signals.open();
    await expect(await signals.check(signals.rows.first())).toContainText("It does not match.");
  });
}

test("a message that cannot be checked says so, with the reason", async ({ meet, enterAs }) => {
  const [ann, ben] = [await meet("Ann"), await meet("Ben")];
  await ann.bond(ben);
  const { page, signals } = await enterAs(ann);
  await page.route("**/api/proof/**", async (route) => {
    const response = await route.fetch();
    const proof = (await response.json()) as ProofAnswer;
    await route.fulfill({ response, json: { ...proof, previousRunningHash: null, status: "unverifiable" } });
  });
  await signals.open();
  await expect(await signals.check(signals.rows.first())).toContainText("The hash before this message is not known");
});

test("a message that is no longer kept says where it is, and offers nothing that cannot help", async ({
  meet,
  enterAs,
}) => {
  const [ann, ben] = [await meet("Ann"), await meet("Ben")];
  await ann.bond(ben);
  const { page, signals } = await enterAs(ann);
  const detail = "Message 7 of topic 0.0.7 is no longer kept here. The ledger has it.";
  await answerWithProblem(page, "**/api/proof/**", 410, "dropped", detail);
  await signals.open();
  await signals.rows
    .first()
    .getByRole("button", { name: /in this browser$/ })
    .click();
  await expect(signals.proof.getByRole("alert")).toHaveText(detail);
  await expect(signals.proof.getByRole("button")).toHaveCount(0);
});
