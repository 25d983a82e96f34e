import type { TopicId } from "@/lib/core/ledger/ids";
import { parseSequence } from "@/lib/core/ledger/ids";
import { transactionIdText } from "@/lib/core/ledger/write-window";
import { err, ok, type Result } from "@/lib/core/result";
import type { Devnet } from "@/lib/devnet/devnet";
import type { SubmitError, Submitted, Submitter } from "@/lib/ports/ledger/submitter";

/** Transaction ids that each devnet has accepted, from any submitter. */
const known = new WeakMap<Devnet, Set<bigint>>();

/**
 * Writes straight into an in-process devnet. Like a consensus node, it accepts each transaction id once. The way through the SDK has
 * its own tests in tests/integration/devnet/sdk.test.ts.
 */
export class DevnetSubmitter implements Submitter {
  readonly submitted: string[] = [];
  /** If set, every submit answers this error. */
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
    if (!last || sequence === null) throw new Error("the devnet accepted no message");
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
