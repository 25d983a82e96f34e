import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { iconChoice } from "@/lib/client/format/icon-name";

const seeds = readFileSync("lib/devnet/seed/recognition.ts", "utf8");
/** Icons of the devnet's definitions. */
const SEEDED = seeds.match(/\p{Extended_Pictographic}/gu) ?? [];
const source = readFileSync("app/_ui/features/recognition/recognition-icon.tsx", "utf8");

describe("the icon of a recognition", () => {
  it("of the devnet is always one of ours, so it shows without an emoji font", () => {
    expect(SEEDED).toHaveLength(12);
  });

  it.each([...SEEDED, "🏆", "❤️", "👍"])("is one of ours for %s", (icon) => {
    const { name, emoji } = iconChoice(icon);
    expect(emoji).toBeNull();
    expect(source).toMatch(new RegExp(`\\n  "?${name}"?: [A-Z]`));
  });

  it("is the same with and without the emoji variation selector", () => {
    expect(iconChoice("❤️")).toEqual(iconChoice("❤"));
    expect(iconChoice("❤️").name).toBe("heart");
  });

  it("is an emoji if we have none for it, and a name otherwise", () => {
    expect(iconChoice("🦖")).toEqual({ name: "", emoji: "🦖" });
    expect(iconChoice(" Shield-Check ")).toEqual({ name: "shield-check", emoji: null });
    expect(iconChoice(null)).toEqual({ name: "", emoji: null });
    expect(iconChoice("🦖".repeat(20)).emoji).toBeNull();
  });
});
