/** Reads a topic from a mirror after a sequence number: one page, or several ranges at once on a backlog. */
import type { TopicId } from "../../../core/ledger/ids";
import type { LedgerMessage } from "../../../core/ledger/message";
import { err, ok, type Result } from "../../../core/result";
import { PAGE } from "../../../core/sync/pages";
import type { Ledger, LedgerError, MirrorName } from "../../../ports/ledger/ledger";

export type Pages = Result<readonly LedgerMessage[], LedgerError>;

/**
 * The messages after `after`, read as `ranges` pages at once. With more than one, each page has an upper bound. Stops after the first
 * page that is not full: the pages behind it may hold messages that came after it was read. An error only if the first page failed.
 */
export async function readPages(
  ledger: Pick<Ledger, "page">,
  topicId: TopicId,
  mirror: MirrorName,
  { after, ranges }: { readonly after: number; readonly ranges: number },
): Promise<Pages> {
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
