import type { UserId } from "../../core/ledger/ids";
import type { ViewStore } from "../../ports/store/view-store";

/** Whether any view of this user can exist: a row, a profile, or another user's edge. One to three statements. */
export async function isKnown(
  views: Pick<ViewStore, "head" | "profiles" | "peersOf">,
  userId: UserId,
): Promise<boolean> {
  if ((await views.head(userId)) > 0) return true;
  const [profiles, peers] = await Promise.all([views.profiles([userId]), views.peersOf([userId])]);
  return profiles.length > 0 || peers.length > 0;
}
