/** Reads a topic from a mirror after a sequence number: one page, or several ranges at once on a backlog. */
import type { TopicId } from "../../../core/ledger/ids";
import type { LedgerMessage } from "../../../core/ledger/message";
import { err, ok, type Result } from "../../../core/result";
import { PAGE } from "../../../core/sync/pages";
import type { Ledger, LedgerError, MirrorName } from "../../../ports/ledger/ledger";

export type Window = Result<readonly LedgerMessage[], LedgerError>;

/** Joins pages up to the first that is not full: messages after a short page may have come later. */
export async function window(
  ledger: Pick<Ledger, "page">,
  topicId: TopicId,
  mirror: MirrorName,
  { after, ranges }: { readonly after: number; readonly ranges: number },
): Promise<Window> {
  const pages = await Promise.all(
    Array.from({ length: ranges }, (_, i) => {
      const from = after + i * PAGE;
      return ledger.page({ topicId, after: from, limit: PAGE, mirror, ...(ranges > 1 ? { upTo: from + PAGE } : {}) });
    }),
  );
  const messages: LedgerMessage[] = [];
  for (const page of pages) {
    if (!page.ok) return messages.length > 0 ? ok(messages) : err(page.error);
    messages.push(...page.value);
    if (page.value.length < PAGE) break;
  }
  return ok(messages);
}
