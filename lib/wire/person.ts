import { z } from "zod";
import { UserIdText } from "./common";

/** `GET /api/people/{userId}` */
export const PersonAnswer = z.object({
  userId: UserIdText,
  known: z.boolean().meta({ description: "A stored message is from this id, or concerns it" }),
  account: z.boolean().nullable().meta({
    description:
      "Whether the ledger has this account; null for ids that are no account's, for known ones, and if no mirror answers",
  }),
});
