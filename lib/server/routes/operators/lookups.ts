import "server-only";
import { MessageLookup, PersonLookup } from "../../../wire/operators/lookup";
import { messageLookup } from "../../admin/message-lookup";
import { personLookup } from "../../admin/person-lookup";
import { ProblemError } from "../../http/answers/problem";
import { privateJson } from "../../http/answers/reply";
import { sequenceInPath, topicInPath, userInPath } from "../../http/path-parameters";
import { defineRoute } from "../../http/route";
import { proofContent } from "../proof-content";
import { unlessDropped } from "../unless-dropped";

export const lookUpPerson = defineRoute({
  summary: "One person: position, topics, copies in each cache tier, counts, sessions and last writes",
  access: "admin",
  limit: "operator",
  problems: ["bad-input", "not-found"],
  answer: PersonLookup,
  handle: async ({ app, params }) => {
    const userId = userInPath(params);
    const found = await personLookup(app, userId);
    if (found === null)
      throw new ProblemError(
        "not-found",
        "Nothing is stored for this id. Check the id, also its capital letters, or wait for the topics' sync.",
      );
    return privateJson(found);
  },
});

export const lookUpMessage = defineRoute({
  summary: "One stored message: content, payer, verdict, reason, audience and proof",
  access: "admin",
  limit: "operator",
  problems: ["bad-input", "not-found", "dropped"],
  answer: MessageLookup,
  handle: async ({ app, params }) => {
    const topicId = topicInPath(params);
    const sequence = sequenceInPath(params);
    const found = await messageLookup(app, topicId, sequence);
    if (found === null) await unlessDropped(app, topicId, sequence);
    if (found === null)
      throw new ProblemError(
        "not-found",
        "This message is not stored. It is in a gap or not synced yet, or this server does not sync its topic.",
      );
    return privateJson({ ...found.content, proof: await proofContent(app, topicId, sequence, found.row) });
  },
});
