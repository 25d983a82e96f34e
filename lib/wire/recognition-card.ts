import * as z from "zod/mini";
import { ConsensusTimestamp, described } from "./common";
import { RecognitionAnswer } from "./recognition";

/** A recognition definition as a card. */
export const RecognitionCard = z.object({
  id: z.string(),
  name: z.string(),
  description: described(z.string(), "Empty where the definition has none"),
  icon: described(z.string(), "An emoji; a trophy where the definition has none"),
  category: described(z.string(), "`social` where the definition has none"),
  rarity: described(z.literal("Common"), "The store keeps no rarity, and the web UI has a card for this one"),
  isActive: z.literal(true),
  slug: z.string(),
  _hrl: described(z.string(), "Its place on the ledger: hcs://<topicId>/<sequence>"),
  _ts: ConsensusTimestamp,
});

/** `GET /api/recognition` */
export const RecognitionAnswerWithCards = z.extend(RecognitionAnswer, {
  data: described(z.array(RecognitionCard), "The same definitions as the web UI's cards"),
  count: described(z.int().check(z.nonnegative()), "The length of `data`"),
});
