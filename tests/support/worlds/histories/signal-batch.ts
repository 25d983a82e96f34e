import { sealBatch } from "@/lib/core/signals/signal-batch";
import { unwrap } from "../../unwrap";

/** A ledger message that holds a signal for each of these bodies. */
export const signalBatch = (bodies: readonly unknown[]): Uint8Array =>
  unwrap(
    sealBatch(
      bodies.map((body) => new TextEncoder().encode(JSON.stringify(body))),
      1_790_000_000,
    ),
  );
