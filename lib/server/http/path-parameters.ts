import "server-only";
/** Reads parameters of a route's path. Throws the ProblemError "bad-input" for a text that cannot be one. */
import {
  parseSequence,
  parseTopicId,
  parseUserId,
  type Sequence,
  type TopicId,
  type UserId,
} from "../../core/ledger/ids";
import { ProblemError } from "./answers/problem";

type Params = Readonly<Record<string, string>>;

/** The topic that `{topicId}` names. `parse` accepts other forms of ids, as a mirror does. */
export function topicInPath({ topicId: text = "" }: Params, parse = parseTopicId): TopicId {
  const topicId = parse(text);
  if (topicId === null)
    throw new ProblemError("bad-input", "The topic id in the address must look like 0.0.7148063.", {
      field: "topicId",
    });
  return topicId;
}

/** The number of a message, as `{sequence}` gives it. */
export function sequenceInPath({ sequence: text = "" }: Params): Sequence {
  const sequence = parseSequence(text);
  if (sequence === null)
    throw new ProblemError("bad-input", "The sequence number in the address must be a whole number from 1.", {
      field: "sequence",
    });
  return sequence;
}

/** The user whom `{userId}` names. The server may not know such a user. */
export function userInPath({ userId: text = "" }: Params): UserId {
  const userId = parseUserId(text);
  if (userId === null)
    throw new ProblemError("bad-input", "The id in the address must have 1 to 50 characters without spaces.", {
      field: "userId",
    });
  return userId;
}
