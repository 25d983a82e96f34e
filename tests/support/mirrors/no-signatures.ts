/** Checks no signature. It suits histories without signed messages. */
import type { Signatures } from "@/lib/engine/sync/signatures";

export const noSignatures: Pick<Signatures, "settled"> = { settled: async (view) => view };
