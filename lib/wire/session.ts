import * as z from "zod/mini";
import { AccountIdText, UserIdText } from "./common";

/** `GET /api/auth/session` */
export const SessionAnswer = z.object({
  authenticated: z.boolean(),
  userId: z.nullable(UserIdText),
  handle: z.nullable(z.string()),
  network: z.string(),
  admin: z
    .boolean()
    .register(z.globalRegistry, { description: "Whether the user is an operator and may use /api/admin" }),
  demo: z.boolean().register(z.globalRegistry, { description: "Whether sign-in as a demo person is possible here" }),
  wallet: z
    .nullable(z.object({ projectId: z.string(), relayUrl: z.string(), chainId: z.string() }))
    .register(z.globalRegistry, {
      description: "How the page reaches wallets; null if no wallet connector is configured",
    }),
});
export type SessionAnswer = z.infer<typeof SessionAnswer>;

/** `POST /api/auth/demo`, on the local devnet only */
export const DemoBody = z.object({ userId: UserIdText });

/** `GET /api/auth/demo`: the people to choose from. */
export const DemoAnswer = z.object({ people: z.array(z.object({ userId: UserIdText, name: z.string() })) });
export type DemoAnswer = z.infer<typeof DemoAnswer>;

/** `POST /api/auth/challenge` */
export const ChallengeBody = z.object({ accountId: AccountIdText });
export const ChallengeAnswer = z.object({
  challenge: z
    .string()
    .register(z.globalRegistry, { description: "The text that the account's wallet signs, unchanged" }),
  expiresAt: z.string().register(z.globalRegistry, { description: "ISO 8601" }),
});
export type ChallengeAnswer = z.infer<typeof ChallengeAnswer>;

/** `POST /api/auth/verify` */
export const VerifyBody = z.object({
  accountId: AccountIdText,
  challenge: z.string().check(z.minLength(1), z.maxLength(700)),
  signatureMap: z
    .string()
    .check(z.minLength(1), z.maxLength(2_000), z.regex(/^[A-Za-z0-9+/]+={0,2}$/, "not base64"))
    .register(z.globalRegistry, { description: "The wallet's answer: base64 of a protobuf SignatureMap" }),
});

/** `POST /api/auth/logout`. No body means the same as `{}`. */
export const LogoutBody = z._default(
  z.object({
    everywhere: z
      ._default(z.boolean(), false)
      .register(z.globalRegistry, { description: "End all sessions of the caller, on every device" }),
  }),
  { everywhere: false },
);
