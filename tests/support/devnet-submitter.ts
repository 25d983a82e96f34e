import type { TopicId } from "@/lib/core/ids";
import { parseSequence } from "@/lib/core/ids";
import { err, ok, type Result } from "@/lib/core/result";
import type { Devnet } from "@/lib/devnet/devnet";
import type { SubmitError, Submitted, Submitter } from "@/lib/ports/submitter";

/** Writes straight into an in-process devnet: the SDK's own way there is tested in devnet.sdk.test.ts. */
export class DevnetSubmitter implements Submitter {
  readonly submitted: string[] = [];
  /** What the next submit answers instead. */
  failWith: SubmitError | null = null;

  constructor(private readonly devnet: Devnet) {}

  async submit(topicId: TopicId, message: Uint8Array): Promise<Result<Submitted, SubmitError>> {
    if (this.failWith) return err(this.failWith);
    this.submitted.push(new TextDecoder().decode(message));
    const last = this.devnet.submit(topicId, message).at(-1);
    const sequence = parseSequence(last?.sequence);
    if (!last || sequence === null) throw new Error("the devnet took no message");
    return ok({
      topicId,
      sequence,
      transactionId: `${this.devnet.operatorId}@${last.consensusNs}`,
      consensusNs: last.consensusNs,
    });
  }

  async close(): Promise<void> {}
}
