import * as z from "zod/mini";
import { described, UserIdText } from "../common";

/** `GET /api/auth/session` */
export const SessionAnswer = z.object({
  authenticated: z.boolean(),
  userId: z.nullable(UserIdText),
  handle: z.nullable(z.string()),
  network: z.string(),
  admin: described(z.boolean(), "Whether the user is an operator and may use /api/admin"),
  demo: described(z.boolean(), "Whether sign-in as a demo person is possible here"),
  strictBonding: described(
    z.optional(z.boolean()),
    "Whether a bond needs a request and an accept; otherwise an accept alone makes one. Left out by earlier versions",
  ),
  wallet: described(
    z.nullable(z.object({ projectId: z.string(), relayUrl: z.string(), chainId: z.string() })),
    "How the page reaches wallets; null if no wallet connector is configured",
  ),
});
export type SessionAnswer = z.infer<typeof SessionAnswer>;

/** `GET /api/auth/demo`: the people to choose from. */
export const DemoAnswer = z.object({ people: z.array(z.object({ userId: UserIdText, name: z.string() })) });
export type DemoAnswer = z.infer<typeof DemoAnswer>;

/** `POST /api/auth/challenge` */
export const ChallengeAnswer = z.object({
  challenge: described(z.string(), "The text that the account's wallet signs, unchanged"),
  expiresAt: described(z.string(), "ISO 8601"),
});
export type ChallengeAnswer = z.infer<typeof ChallengeAnswer>;
