import "server-only";
import type { TopicOverview } from "../../ports/store/admin-store";
import type { TopicStatus } from "../../wire/operators/admin";

type Facts = Pick<TopicOverview, "cursor" | "isDropping" | "projected" | "syncAgainThrough">;

/**
 * The member that says what a start over still does to a topic, and how far it is. Without work left there is none. `isRead`:
 * the topic was read to its end since then. So nothing is left to read, even if the ledger now has fewer messages than before.
 */
export function startedOver(
  { cursor, isDropping, projected, syncAgainThrough }: Facts,
  isRead: boolean,
): Pick<TopicStatus, "startOver"> {
  if (isDropping) return { startOver: { work: "dropping", through: 0, to: syncAgainThrough ?? 0 } };
  if (projected !== null) return { startOver: { work: "folding", through: projected, to: cursor } };
  if (syncAgainThrough === null || isRead) return {};
  return { startOver: { work: "reading", through: cursor, to: syncAgainThrough } };
}
