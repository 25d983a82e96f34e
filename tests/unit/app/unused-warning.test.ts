/** The words before somebody asks an id that nobody has used. */
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { noAccount, UnusedWarning } from "@/app/_ui/features/contacts/before-asking";

const shown = (id: string) =>
  renderToStaticMarkup(createElement(UnusedWarning, { id }))
    .replaceAll(/<[^>]*>/g, "")
    .replaceAll("&#x27;", "'");

const UNUSED = "Nobody with this id has used TrustMesh yet.";
const FOR_GOOD = "Your request would stay on the ledger for good: check the id.";

describe("the warning before an id that nobody has used", () => {
  it("says that capital letters matter, where the id has letters", () => {
    expect(shown("tm-Alice")).toBe(`${UNUSED} ${FOR_GOOD} Small and capital letters count as different.`);
    expect(shown("0.0.7226146")).toBe(`${UNUSED} ${FOR_GOOD}`);
  });

  it.each(["0.0.2", "0.0.1000"])("says that %s is one of the network's own accounts", (id) => {
    expect(shown(id)).toBe(`${UNUSED} It is one of the network's own accounts, which people seldom have. ${FOR_GOOD}`);
  });

  it.each(["0.0.1001", "1.0.2", "tm-0.0.2"])("does not say so of %s", (id) => {
    expect(shown(id)).not.toContain("network");
  });
});

describe("the refusal of an id without an account", () => {
  it("says so of an account id", () => {
    expect(noAccount("0.0.7226146")).toBe("This network has no account 0.0.7226146. Check the id.");
  });

  it.each(["0.0.abc", "0.0.0"])("says what an account id looks like, where no account can have it: %s", (id) => {
    expect(noAccount(id)).toBe(`No account can have the id ${id}. An account id looks like 0.0.7226146.`);
  });
});
