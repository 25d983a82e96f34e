import type { TopicId } from "@/lib/core/ledger/ids";
import { parseSequence } from "@/lib/core/ledger/ids";
import { transactionIdText } from "@/lib/core/ledger/write-window";
import { err, ok, type Result } from "@/lib/core/result";
import type { Devnet } from "@/lib/devnet/devnet";
import type { SubmitError, Submitted, Submitter } from "@/lib/ports/ledger/submitter";

/** Transaction ids that a devnet has had, whoever sent them. */
const known = new WeakMap<Devnet, Set<bigint>>();

/**
 * Writes straight into an in-process devnet. tests/integration/devnet/sdk.test.ts tests the SDK's own way. A transaction id is taken
 * once, as a consensus node does.
 */
export class DevnetSubmitter implements Submitter {
  readonly submitted: string[] = [];
  /** The error that the next submit answers instead. */
  failWith: SubmitError | null = null;

  constructor(private readonly devnet: Devnet) {}

  async submit(topicId: TopicId, message: Uint8Array, validStartNs?: bigint): Promise<Result<Submitted, SubmitError>> {
    if (this.failWith) return err(this.failWith);
    const ids = known.get(this.devnet) ?? new Set();
    known.set(this.devnet, ids);
    if (validStartNs !== undefined && ids.has(validStartNs))
      return err({ code: "duplicate", message: "The ledger has had this message before." });
    if (validStartNs !== undefined) ids.add(validStartNs);
    this.submitted.push(new TextDecoder().decode(message));
    const last = this.devnet.submit(topicId, message).at(-1);
    const sequence = parseSequence(last?.sequence);
    if (!last || sequence === null) throw new Error("the devnet took no message");
    return ok({
      topicId,
      sequence,
      transactionId: transactionIdText(
        this.devnet.operatorId,
        validStartNs ?? last.consensusNs,
        Math.max(1, Math.ceil(message.length / 1_024)),
      ),
      consensusNs: last.consensusNs,
    });
  }

  async close(): Promise<void> {}
}
