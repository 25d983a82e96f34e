import * as z from "zod";
import { PositionNumber, UserIdText, ViewMembers } from "./common";
import { Signal } from "./signals";
import { RecognitionCard } from "./ui/reads";

export const Definition = z.object({
  id: z.string(),
  slug: z.string().nullable(),
  title: z.string(),
  icon: z.string().nullable(),
  description: z.string().nullable(),
  category: z.string().nullable(),
});
export type Definition = z.infer<typeof Definition>;

export const RecognitionInstance = Signal.extend({
  definition: Definition.nullable(),
  pending: z.boolean().meta({ description: "Whether its definition is still missing" }),
});
export type RecognitionInstance = z.infer<typeof RecognitionInstance>;

export const RecognitionQuery = z.object({
  cursor: z.string().max(200).optional().meta({ description: "`nextCursor` of the last page" }),
});

/** `GET /api/recognition` */
export const RecognitionAnswer = z.object({
  success: z.literal(true),
  definitions: z.array(Definition).meta({
    description:
      "The definitions of these instances and the caller's own; on the first page also those offered to everybody",
  }),
  data: z.array(RecognitionCard).meta({ description: "The same definitions as the web UI's cards" }),
  count: z.number().int().nonnegative().meta({ description: "The length of `data`" }),
  source: z.literal("hcs"),
  instances: z.array(RecognitionInstance).meta({ description: "Newest first" }),
  nextCursor: z
    .string()
    .nullable()
    .meta({ description: "Cursor of the next page, with older instances; null at the end" }),
  definitionsCappedAt: z
    .number()
    .int()
    .optional()
    .meta({ description: "Set if more definitions exist than are listed" }),
  position: PositionNumber,
  ...ViewMembers.shape,
});
export type RecognitionAnswer = z.infer<typeof RecognitionAnswer>;

export const Profile = z.object({
  userId: UserIdText,
  handle: z.string(),
  displayName: z.string().nullable(),
  bio: z.string().nullable(),
  avatar: z.string().nullable(),
  profileHrl: z.string().nullable(),
  updatedAt: z.number().int().nullable().meta({ description: "Epoch milliseconds; null if no profile was published" }),
});
export type Profile = z.infer<typeof Profile>;

/** Profiles that one request may ask for. */
export const MAX_PROFILE_IDS = 100;

export const ProfilesQuery = z.object({
  ids: z
    .string()
    .min(1)
    .max(6_000)
    .transform((text) => text.split(",").map((id) => id.trim()))
    .pipe(z.array(UserIdText).min(1).max(MAX_PROFILE_IDS)),
});

/** `GET /api/profiles`: the caller and the caller's contacts; other ids are left out. */
export const ProfilesAnswer = z.object({
  success: z.literal(true),
  profiles: z.array(Profile),
  cappedAt: z
    .number()
    .int()
    .optional()
    .meta({ description: "Set to the number of items if not all fit; ask for fewer ids at once" }),
  position: PositionNumber,
  ...ViewMembers.shape,
});
export type ProfilesAnswer = z.infer<typeof ProfilesAnswer>;
