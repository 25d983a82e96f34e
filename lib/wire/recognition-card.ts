import * as z from "zod/mini";
import { ConsensusTimestamp } from "./common";

/** A recognition definition as a card. */
export const RecognitionCard = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string().register(z.globalRegistry, { description: "Empty where the definition has none" }),
  icon: z.string().register(z.globalRegistry, { description: "An emoji; a trophy where the definition has none" }),
  category: z.string().register(z.globalRegistry, { description: "`social` where the definition has none" }),
  rarity: z
    .literal("Common")
    .register(z.globalRegistry, { description: "The store keeps no rarity, and the web UI has a card for this one" }),
  isActive: z.literal(true),
  slug: z.string(),
  _hrl: z.string().register(z.globalRegistry, { description: "Its place on the ledger: hcs://<topicId>/<sequence>" }),
  _ts: ConsensusTimestamp,
});
