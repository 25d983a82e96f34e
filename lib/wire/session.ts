import { z } from "zod";
import { UserIdText } from "./common";

/** `GET /api/auth/session` */
export const SessionAnswer = z.object({
  authenticated: z.boolean(),
  userId: UserIdText.nullable(),
  handle: z.string().nullable(),
  network: z.string(),
  demo: z.boolean().meta({ description: "Sign-in by choosing a person is possible here" }),
});
export type SessionAnswer = z.infer<typeof SessionAnswer>;

/** `POST /api/auth/demo`, on the local devnet only */
export const DemoBody = z.object({ userId: UserIdText });

/** `GET /api/auth/demo`: the people to choose from */
export const DemoAnswer = z.object({ people: z.array(z.object({ userId: UserIdText, name: z.string() })) });
export type DemoAnswer = z.infer<typeof DemoAnswer>;
