/** A page of a person's own mirror. Its messages are made here: they have neither a payer nor a running hash. */
import * as z from "zod/mini";
import { described, TopicIdText } from "./common";

export const PersonalMirrorPage = z.object({
  messages: z.array(
    z.object({
      consensus_timestamp: z.string().check(z.regex(/^\d+\.\d{9}$/)),
      message: described(z.string(), "Base64 of JSON in ASCII, or the JSON where the query asked for utf-8"),
      sequence_number: described(z.int().check(z.positive()), "Names the message here; not the ledger's number"),
      topic_id: TopicIdText,
    }),
  ),
  links: z.object({
    next: described(z.nullable(z.string()), "A path from the root; null at the end"),
  }),
});
export type PersonalMirrorPage = z.infer<typeof PersonalMirrorPage>;
