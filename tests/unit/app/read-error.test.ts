/** The error that a page shows in the place of what could not be read. */
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { ReadError } from "@/app/_ui/features/read-error";
import { ApiError } from "@/lib/client/api/http";

const shown = (status: number, code: string) =>
  renderToStaticMarkup(
    createElement(ReadError, {
      ...{ title: "Your signals could not be read", error: new ApiError(status, code, "This is why.") },
      onRetry: () => {},
    }),
  );

describe("an error in the place of what could not be read", () => {
  it("says why, and offers to try again only where that may help", () => {
    expect(shown(503, "unavailable")).toMatch(/could not be read.*This is why\..*Try again/);
    const refused = shown(403, "not-yours");
    expect(refused).toMatch(/could not be read.*This is why\./);
    expect(refused).not.toContain("Try again");
  });
});
