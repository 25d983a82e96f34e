/** The signals of a proven message, opened in the browser. */
import { openBatch } from "@/lib/core/signals/signal-batch";
import type { Proof } from "@/lib/wire/proof";
import { fromBase64 } from "./verify-proof";

/** The texts of a batch's signals in their order; null if the message is not a batch, or cannot be opened. */
export function batchIn({ message }: Proof): readonly string[] | null {
  const bytes = fromBase64(message.bytes);
  const opened = bytes && openBatch(bytes);
  if (!opened?.ok) return null;
  return opened.value.signals.map((signal) => new TextDecoder().decode(signal));
}
