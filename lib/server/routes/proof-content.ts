import "server-only";
/** The proof of a message, for the people whom it concerns and for operators. */
import { formatConsensusTime } from "../../core/ledger/consensus-time";
import type { TopicId } from "../../core/ledger/ids";
import type { ProofRow } from "../../ports/store/view-rows";
import type { Proof } from "../../wire/proof";
import type { App } from "../boot/app";

type Proven = Omit<ProofRow, "topicId" | "sequence">;

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
const base64OrNull = (bytes: Uint8Array | null) => (bytes === null ? null : base64(bytes));

/** Everything that a browser needs to compute the message's running hash. */
export async function proofContent(app: App, topicId: TopicId, sequence: number, row: Proven): Promise<Proof> {
  return {
    message: {
      topicId,
      sequenceNumber: sequence,
      consensusTimestamp: formatConsensusTime(row.consensusNs),
      payerAccountId: row.payer,
      runningHashVersion: row.runningHashVersion,
      bytes: base64(row.message),
    },
    previousRunningHash: base64OrNull(row.previousRunningHash),
    runningHash: base64OrNull(row.runningHash),
    status: row.verification,
    reason: row.reason,
    mirrors: await agreeingMirrors(app, topicId, sequence),
  };
}

/** The mirrors whose chains agree up to a later message, with no unverified message in between. */
async function agreeingMirrors({ scheduler, stores }: App, topicId: TopicId, sequence: number): Promise<number> {
  const { through, mirrors } = scheduler.syncs.get(topicId)?.agreed ?? { through: 0, mirrors: 1 };
  if (mirrors < 2 || sequence > through) return 1;
  const counts = (await stores.sync.topic(topicId))?.counts;
  return counts && counts.unverifiable + counts.failed === 0 ? mirrors : 1;
}
