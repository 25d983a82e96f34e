import { describe, expect, it } from "vitest";
import { chosenTheme } from "@/lib/client/browser/theme";

describe("the theme in a page's cookies", () => {
  it.each([
    ["tm-theme=dark", "dark"],
    ["other=1; tm-theme=light; more=2", "light"],
    ["", "system"],
    ["not-tm-theme=dark", "system"],
    ["tm-theme=purple", "system"],
  ])("%j is %s", (cookies, theme) => expect(chosenTheme(cookies)).toBe(theme));
});
