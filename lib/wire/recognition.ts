import * as z from "zod/mini";
import { PositionNumber, UserIdText, ViewMembers } from "./common";
import { RecognitionCard } from "./recognition-card";
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
  pending: z.boolean().register(z.globalRegistry, { description: "Whether its definition is still missing" }),
});
export type RecognitionInstance = z.infer<typeof RecognitionInstance>;

/** `GET /api/recognition` */
export const RecognitionAnswer = z.object({
  success: z.literal(true),
  definitions: z.array(Definition).register(z.globalRegistry, {
    description:
      "The definitions of these instances and the caller's own; on the first page also those offered to everybody",
  }),
  data: z
    .array(RecognitionCard)
    .register(z.globalRegistry, { description: "The same definitions as the web UI's cards" }),
  count: z.int().check(z.nonnegative()).register(z.globalRegistry, { description: "The length of `data`" }),
  source: z.literal("hcs"),
  instances: z.array(RecognitionInstance).register(z.globalRegistry, { description: "Newest first" }),
  nextCursor: z
    .nullable(z.string())
    .register(z.globalRegistry, { description: "Cursor of the next page, with older instances; null at the end" }),
  definitionsCappedAt: z
    .optional(z.int())
    .register(z.globalRegistry, { description: "Set if more definitions exist than are listed" }),
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
  updatedAt: z
    .nullable(z.int())
    .register(z.globalRegistry, { description: "Epoch milliseconds; null if no profile was published" }),
});
export type Profile = z.infer<typeof Profile>;

/** Profiles that one request may ask for. */
export const MAX_PROFILE_IDS = 100;

/** `GET /api/profiles`: the caller and the caller's contacts; other ids are left out. */
export const ProfilesAnswer = z.object({
  success: z.literal(true),
  profiles: z.array(Profile),
  cappedAt: z.optional(z.int()).register(z.globalRegistry, {
    description: "Set to the number of items if not all fit; ask for fewer ids at once",
  }),
  position: PositionNumber,
  ...ViewMembers.shape,
});
export type ProfilesAnswer = z.infer<typeof ProfilesAnswer>;
