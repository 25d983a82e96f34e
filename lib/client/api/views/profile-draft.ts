/** The profile that a person publishes. A new one replaces the earlier one whole, so it repeats what the person did not change. */
import type { Profile } from "@/lib/wire/recognition";

/** A profile as its owner writes it. Empty texts are allowed. */
export interface ProfileDraft {
  readonly displayName: string;
  readonly handle: string;
  readonly bio: string;
  /** Address of a picture. */
  readonly avatar?: string;
  /** Locator of the profile that another application keeps. */
  readonly profileHrl?: string;
}

/** The published profile with these texts. `published` undefined: there is none yet. White space around texts is left out. */
export function profileDraft(
  published: Pick<Profile, "avatar" | "profileHrl"> | undefined,
  { displayName, handle, bio }: Pick<ProfileDraft, "displayName" | "handle" | "bio">,
): ProfileDraft {
  const { avatar, profileHrl } = published ?? { avatar: null, profileHrl: null };
  return {
    ...{ displayName: displayName.trim(), handle: handle.trim(), bio: bio.trim() },
    ...(avatar === null ? {} : { avatar }),
    ...(profileHrl === null ? {} : { profileHrl }),
  };
}
