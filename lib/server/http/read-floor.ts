import "server-only";
/** `If-Min-Sequence`: the messages that an answer must hold, so that a client reads its own writes. */
import type { Sequence, TopicId } from "../../core/ledger/ids";
import { parseSequence, parseTopicId } from "../../core/ledger/ids";
import type { App } from "../boot/app";
import { ProblemError } from "./answers/problem";
import { pausedSentence } from "./paused";

/** The least sequence number by topic. */
export type ReadFloor = ReadonlyMap<TopicId, Sequence>;

export const NO_FLOOR: ReadFloor = new Map();

/** How long a read waits for its floor. */
const READ_YOUR_WRITES_MS = 3_000;

/**
 * A client names the topics that it wrote to within the last minute: one of each kind, and twice as many while topics are
 * split.
 */
const MAX_TOPICS = 16;

/** Reads the header. Throws ProblemError "bad-input". */
export function parseFloor(header: string | null, app: App): ReadFloor {
  if (header === null) return NO_FLOOR;
  const floor = new Map<TopicId, Sequence>();
  for (const item of header.split(",")) {
    const [topic = "", number = ""] = item.trim().split("=");
    const topicId = parseTopicId(topic);
    const sequence = parseSequence(number);
    if (topicId === null || sequence === null || !app.scheduler.syncs.has(topicId)) {
      throw new ProblemError(
        "bad-input",
        "The header If-Min-Sequence must be a list of <topicId>=<sequence> for topics that are kept here.",
        { field: "If-Min-Sequence" },
      );
    }
    if (sequence > (floor.get(topicId) ?? 0)) floor.set(topicId, sequence);
    if (floor.size > MAX_TOPICS) {
      throw new ProblemError("bad-input", `The header If-Min-Sequence must name at most ${MAX_TOPICS} topics.`, {
        field: "If-Min-Sequence",
      });
    }
  }
  return floor;
}

/** Resolves when everything of the floor is stored. Throws ProblemError "paused" or "not-yet". */
export async function reachFloor(app: App, floor: ReadFloor): Promise<void> {
  if (await app.scheduler.waitFor(floor, app.clock.monotonicMs() + READ_YOUR_WRITES_MS)) return;
  for (const topicId of floor.keys()) {
    const paused = await pausedSentence(app.scheduler, app.adminReads, topicId);
    if (paused !== null) throw new ProblemError("paused", paused);
  }
  throw new ProblemError("not-yet", "The ledger's mirror does not have that message yet. Ask again in a second.", {
    retryAfterS: 1,
  });
}
