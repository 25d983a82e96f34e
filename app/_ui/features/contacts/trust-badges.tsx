import type { z } from "zod/mini";
import type { Trust } from "@/lib/wire/contacts";
import { Badge } from "../../primitives/badge";

const times = (weight: number) => (weight > 1 ? ` ×${weight}` : "");

/** Trust in both directions, in words and in colour. */
export function TrustBadges({ trust }: { trust: z.infer<typeof Trust> }) {
  if (trust.allocatedTo <= 0 && trust.receivedFrom <= 0) return null;
  return (
    <span className="flex flex-wrap gap-1.5">
      {trust.allocatedTo > 0 && <Badge tone="accent">You trust{times(trust.allocatedTo)}</Badge>}
      {trust.receivedFrom > 0 && <Badge tone="gold">Trusts you{times(trust.receivedFrom)}</Badge>}
    </span>
  );
}
