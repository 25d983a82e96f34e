/** For histories in which nobody signs: every signature stays open. */
import type { Signatures } from "@/lib/engine/sync/signatures";

export const noSignatures: Pick<Signatures, "settled"> = { settled: async (view) => view };
