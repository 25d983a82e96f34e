import "server-only";
import type { TopicOverview } from "../../ports/store/admin-store";
import type { TopicStatus } from "../../wire/operators/admin";

type Facts = Pick<TopicOverview, "cursor" | "isDropping" | "projected" | "syncAgainThrough">;

/**
 * The member that tells what a start over still does to a topic, and how far it is; none if nothing. `isRead`: it was read to its
 * end since. The ledger may then have fewer messages than before.
 */
export function startedOver({ cursor, isDropping, projected, syncAgainThrough }: Facts, isRead: boolean) {
  const being = (
    work: "dropping" | "folding" | "reading",
    through: number,
    to: number,
  ): Pick<TopicStatus, "startOver"> => ({
    startOver: { work, through, to },
  });
  if (isDropping) return being("dropping", 0, syncAgainThrough ?? 0);
  if (projected !== null) return being("folding", projected, cursor);
  return syncAgainThrough === null || isRead ? {} : being("reading", cursor, syncAgainThrough);
}
