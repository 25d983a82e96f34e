import "server-only";
import { systemClock } from "../../../adapters/memory/system-clock";
import { GrpcDoorbell } from "../../../adapters/mirror-grpc/grpc-doorbell";
import { consensusNs } from "../../../core/ledger/consensus-time";
import type { Env } from "../../config/env";
import { type DoctorFinding, fine, wrong } from "./finding";

/** A mirror sends a topic's first message within a second. */
const ANSWER_MS = 10_000;
const START = consensusNs(1n);

/** Checks that the mirror's gRPC server sends messages of a topic that is read here. Says nothing if none is configured. */
export async function* examineDoorbell(env: Env): AsyncGenerator<DoctorFinding> {
  const { MIRROR_GRPC: address, TOPIC_CONTACT, TOPIC_TRUST, TOPIC_RECOGNITION, TOPIC_PROFILE } = env;
  const topics = [TOPIC_CONTACT, TOPIC_TRUST, TOPIC_RECOGNITION, TOPIC_PROFILE].flatMap((ids) => ids ?? []);
  if (address === null || topics.length === 0) return;
  const doorbell = new GrpcDoorbell(address, systemClock);
  const answered = new AbortController();
  const reasons = new Set<string>();
  let ended = 0;
  let hasRung = false;
  for (const topicId of topics)
    doorbell.subscribe(topicId, START, {
      onRing: () => {
        hasRung = true;
        answered.abort();
      },
      onEnd: (reason) => {
        reasons.add(reason);
        ended += 1;
        if (ended === topics.length) answered.abort();
      },
    });
  await systemClock.sleep(ANSWER_MS, answered.signal);
  doorbell.close();
  if (hasRung) yield fine("doorbell", `Mirror ${doorbell.name} tells when topics move.`);
  else
    yield wrong(
      "doorbell",
      `Mirror ${doorbell.name} tells nothing of any topic (${[...reasons].join("; ") || "no answer within 10 s"}), so open pages poll. Check MIRROR_GRPC, or remove it.`,
    );
}
