/** Which kind of topic a type of message is written to. */
import type { TopicKind } from "../ledger/ids";

const KINDS: readonly (readonly [RegExp, TopicKind])[] = [
  [/^CONTACT_/, "contact"],
  [/^TRUST_/, "trust"],
  [/^PROFILE_/, "profile"],
];

/** What is none of the others goes to recognition, TrustMesh's feed. */
export function kindOfType(type: string): TopicKind {
  return KINDS.find(([pattern]) => pattern.test(type))?.[1] ?? "recognition";
}
