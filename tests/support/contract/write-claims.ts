/** Claims of messages at a write guard, for tests that look at one part of a claim. */
import type { TopicId, TopicKind, UserId } from "@/lib/core/ledger/ids";
import type { Began, MessageClaim, MessageEnd, WriteGuard, WriteRoute } from "@/lib/ports/shared/write-guard";

let lastId = 0;

/** A route that every registry agrees on. */
const ANYWHERE: WriteRoute = { topicId: "0.0.1" as TopicId, registryVersion: 1, userVersion: 0 };

export function messageOf(nonce: number, more: Partial<MessageClaim> = {}): MessageClaim {
  lastId += 1;
  return {
    ...{ kind: "contact", route: ANYWHERE, nonce, digest: "d", batchedUntilS: null, isRepeatable: true },
    claimId: `claim-${lastId}`,
    ...more,
  };
}

export const endOf = ({ kind, route, nonce, claimId }: MessageClaim, more: Partial<MessageEnd> = {}): MessageEnd => ({
  ...{ kind, topicId: route.topicId, nonce, claimId, isUnsent: false, sequence: null },
  ...more,
});

/** Claims a nonce for a message that may be repeated: how it compares with the last one, or `used`. */
export async function claimNonce(
  guard: Pick<WriteGuard, "begin">,
  userId: UserId,
  nonce: number,
  digest = "d",
  kind: TopicKind = "contact",
): Promise<{ readonly kind: string; readonly memoryMs: number }> {
  const began: Began = await guard.begin(userId, null, messageOf(nonce, { digest, kind }));
  if (began.kind === "used") return { kind: "used", memoryMs: Number.NaN };
  if (began.kind !== "begun" || began.nonce === null) throw new Error(`the guard answered ${began.kind}`);
  return began.nonce;
}
