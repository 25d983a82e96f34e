import * as z from "zod/mini";
import { described, UserIdText } from "./common";

/** `GET /api/people/{userId}` */
export const PersonAnswer = z.object({
  userId: UserIdText,
  known: described(z.boolean(), "Whether a stored message is from this id or concerns it"),
  account: described(
    z.nullable(z.boolean()),
    "Whether the ledger has this account; false for an id that no account can have, such as 0.0.abc; null if it was not asked (the id is known, or is not an account id), or if no mirror answers",
  ),
});
export type PersonAnswer = z.infer<typeof PersonAnswer>;
