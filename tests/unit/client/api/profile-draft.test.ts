import { describe, expect, it } from "vitest";
import { profileDraft } from "@/lib/client/api/views/profile-draft";

const texts = { displayName: " Alice ", handle: "alice ", bio: "\n" };
const trimmed = { displayName: "Alice", handle: "alice", bio: "" };

describe("a profile that a person publishes", () => {
  it("keeps the picture and the locator that were published, since it replaces the whole profile", () => {
    const published = { avatar: "https://example.com/a.png", profileHrl: "hcs://0.0.4/7" };
    expect(profileDraft(published, texts)).toEqual({ ...trimmed, ...published });
  });

  it("has neither where none was published", () => {
    expect(profileDraft({ avatar: null, profileHrl: null }, texts)).toEqual(trimmed);
    expect(profileDraft(undefined, texts)).toEqual(trimmed);
  });
});
