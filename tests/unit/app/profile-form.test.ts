/** The form of one's own profile. */
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { ProfileForm } from "@/app/_ui/features/profile/profile-form";

const shown = (bio: string) => {
  const profile = { ...{ userId: "tm-ann", handle: "ann", displayName: "Ann", bio }, avatar: null, profileHrl: null };
  const form = createElement(ProfileForm, { profile: { ...profile, updatedAt: 1 }, loading: false });
  return renderToStaticMarkup(form);
};

describe("the text about oneself", () => {
  it("has 280 characters", () => {
    expect(shown("Builds bridges.")).toContain("265 characters left.");
    expect(shown("Builds bridges.")).toContain('maxLength="280"');
  });

  it("has the length of a longer one that another application published, and never less than nothing left", () => {
    expect(shown("x".repeat(2_000))).toContain(">0 characters left.");
    expect(shown("x".repeat(2_000))).toContain('maxLength="2000"');
  });
});
