/** A page of a person's own mirror. Its messages are made here: they have neither a payer nor a running hash. */
import * as z from "zod";
import { TopicIdText } from "./common";

export const PersonalMirrorPage = z.object({
  messages: z.array(
    z.object({
      consensus_timestamp: z.string().regex(/^\d+\.\d{9}$/),
      message: z.string().meta({ description: "Base64 of JSON in ASCII, or the JSON where the query asked for utf-8" }),
      sequence_number: z
        .number()
        .int()
        .positive()
        .meta({ description: "Names the message here; not the ledger's number" }),
      topic_id: TopicIdText,
    }),
  ),
  links: z.object({
    next: z.string().nullable().meta({ description: "A path from the root; null at the end" }),
  }),
});
export type PersonalMirrorPage = z.infer<typeof PersonalMirrorPage>;
