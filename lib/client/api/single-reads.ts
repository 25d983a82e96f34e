/**
 * Reads of one message and of one person. They are apart from the views, because pages load their schemas only once somebody asks for
 * such a thing.
 */
import { PersonAnswer } from "@/lib/wire/person";
import { ProofAnswer } from "@/lib/wire/proof";
import { getJson } from "./http";
import { PATHS } from "./keys";

/** Everything that is needed to check one message (`verifyProof`). Rejects with an `ApiError`. */
export const readProof = (topicId: string, sequenceNumber: number): Promise<ProofAnswer> =>
  getJson(ProofAnswer, `${PATHS.proof}/${topicId}/${sequenceNumber}`);

/** Whether anybody uses an id that the caller may write to. Rejects with an `ApiError`. */
export const findPerson = (id: string): Promise<PersonAnswer> =>
  getJson(PersonAnswer, `/api/people/${encodeURIComponent(id)}`);
