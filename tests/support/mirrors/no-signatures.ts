/** Checks no signature. It suits histories without signed messages. */
import type { Signatures } from "@/lib/engine/sync/topic/signatures";

export const noSignatures: Pick<Signatures, "settled"> = { settled: async (view) => view };
