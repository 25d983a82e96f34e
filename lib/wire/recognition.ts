import * as z from "zod/mini";
import { DroppedThrough, described, PositionNumber, UserIdText, ViewMembers } from "./common";
import { Signal } from "./signals";

export const Definition = z.object({
  id: z.string(),
  slug: z.nullable(z.string()),
  title: z.string(),
  icon: z.nullable(z.string()),
  description: z.nullable(z.string()),
  category: z.nullable(z.string()),
});
export type Definition = z.infer<typeof Definition>;

export const RecognitionInstance = z.extend(Signal, {
  definition: z.nullable(Definition),
  pending: described(z.boolean(), "Whether it names a definition that is still missing"),
});
export type RecognitionInstance = z.infer<typeof RecognitionInstance>;

/** `GET /api/recognition`, without the cards of the web UI (./recognition-card), which our own pages do not load. */
export const RecognitionAnswer = z.object({
  success: z.literal(true),
  definitions: described(
    z.array(Definition),
    "The definitions of these instances and the caller's own; on the first page also those offered to everybody",
  ),
  source: z.literal("hcs"),
  instances: described(z.array(RecognitionInstance), "Newest first"),
  nextCursor: described(z.nullable(z.string()), "Cursor of the next page, with older instances; null at the end"),
  droppedThrough: DroppedThrough,
  definitionsCappedAt: described(z.optional(z.int()), "Set if more definitions exist than are listed"),
  position: PositionNumber,
  ...ViewMembers.shape,
});
export type RecognitionAnswer = z.infer<typeof RecognitionAnswer>;

export const Profile = z.object({
  userId: UserIdText,
  handle: z.string(),
  displayName: z.nullable(z.string()),
  bio: z.nullable(z.string()),
  avatar: z.nullable(z.string()),
  profileHrl: z.nullable(z.string()),
  updatedAt: described(z.nullable(z.int()), "Epoch milliseconds; null if no profile was published"),
});
export type Profile = z.infer<typeof Profile>;

/** Profiles that one request may ask for. */
export const MAX_PROFILE_IDS = 100;

/** `GET /api/profiles`: the caller and the caller's contacts; other ids are left out. */
export const ProfilesAnswer = z.object({
  success: z.literal(true),
  profiles: z.array(Profile),
  cappedAt: described(z.optional(z.int()), "Set to the number of items if not all fit; ask for fewer ids at once"),
  position: PositionNumber,
  ...ViewMembers.shape,
});
export type ProfilesAnswer = z.infer<typeof ProfilesAnswer>;
