import { type ConsensusNs, consensusNs } from "../../core/ledger/consensus-time";
import type { LogEntry } from "../../core/signals/batch";
import type { LedgerLog, LogPage, LogQuery } from "../../ports/store/ledger-log";
import type { DroppedRange } from "../../ports/store/sync/topic-store";
import { verification } from "./codec/codes";
import { SEGMENT_LENGTH } from "./codec/log-segment";
import { sequenceOf } from "./codec/ref";
import { logEntry } from "./codec/rows";
import { toShorthand } from "./codec/shorthand";
import type { Statements } from "./drivers/statements";
import { MESSAGE_AT, MIRROR_SEGMENTS_AT_ONCE, PAGE_BYTES, PAGE_OF, type PageRow } from "./read/mirror-pages";
import type { RowReader } from "./read/row-reader";
import type { StoredMessages } from "./read/stored-messages";

type StoredPage = Omit<LogPage, "hasDropped">;

/** The log as a mirror's readers see it, in PostgreSQL. */
export class PostgresLedgerLog implements LedgerLog {
  constructor(
    private readonly statements: Statements,
    private readonly rowReader: RowReader,
    private readonly messages: StoredMessages,
  ) {}

  async page(query: LogQuery): Promise<LogPage> {
    const found = await this.found(query);
    const [first] = found;
    // An answer without rows does not say what was dropped. If a page takes several statements, the first answer may be outdated.
    if (first === undefined || found.some(({ content }) => content !== null)) {
      const page = await this.packedPage(query, found);
      return { ...page, hasDropped: reachesBack(query, page, await this.messages.droppedOf(query.topicId)) };
    }
    const page = {
      rows: this.rowReader.rows("topic_log", found, (row) => logEntry(withoutBody(row))),
      isFull: first.found >= query.limit || found.length < first.found,
      lastNs: consensusNs(first.lastNs),
      isNeighbourVerified: first.neighbour === verification.code("verified"),
    };
    const dropped = { through: first.droppedThrough, throughNs: first.droppedNs };
    return { ...page, hasDropped: reachesBack(query, page, dropped) };
  }

  private found({ topicId, sequences, times, order, limit }: LogQuery): Promise<readonly PageRow[]> {
    const asked = { topicId, ...sequences, fromNs: times.from, toNs: times.to, limit };
    return this.statements.run("log", PAGE_OF[order](asked));
  }

  /** A page some of whose messages are packed. It ends where it would have ended if none were. */
  private async packedPage(query: LogQuery, first: readonly PageRow[]): Promise<StoredPage> {
    const { topicId, order, limit } = query;
    const page = new PageInOrder(limit);
    let found = first;
    for (let { sequences } = query; ; ) {
      const known = knownThrough({ ...query, sequences }, found);
      const isKnown = ({ sequence }: LogEntry) => (order === "asc" ? sequence <= known : sequence >= known);
      const entries = this.messages
        .entriesIn(topicId, found.map(withoutBody))
        .filter((entry) => isIn(query, entry) && isKnown(entry));
      for (const entry of order === "asc" ? entries : entries.toReversed()) page.add(entry);
      sequences = order === "asc" ? { ...sequences, from: known + 1 } : { ...sequences, to: known - 1 };
      if (page.isFull || sequences.from > sequences.to) break;
      found = await this.found({ ...query, sequences });
    }
    const [top] = page.entries;
    const last = page.entries.at(-1);
    const before = top === undefined ? 0 : top.sequence + (order === "asc" ? -1 : 1);
    const [neighbour] = before > 0 ? await this.messages.range(topicId, before, before) : [];
    return {
      rows: page.entries,
      isFull: page.isFull,
      lastNs: last?.consensusNs ?? null,
      isNeighbourVerified: neighbour?.verification === "verified",
    };
  }

  async at(ns: ConsensusNs) {
    for (const { topicId, content, firstSeq, ...row } of await this.statements.run("log", MESSAGE_AT({ ns }))) {
      const [entry] =
        content === null || firstSeq === null
          ? this.rowReader.rows("topic_log", [withoutBody(row)], logEntry)
          : this.rowReader.segments([{ topicId, firstSeq, content }], (segment) => segment.at(ns));
      if (entry) return { topicId, entry: { ...entry, body: null } };
    }
    return null;
  }
}

/** A page that goes back has come to dropped messages only if it has reached its end. */
function reachesBack(
  { sequences, times, order }: LogQuery,
  { rows, isFull }: StoredPage,
  { through, throughNs }: Pick<DroppedRange, "through" | "throughNs">,
): boolean {
  const last = rows.at(-1);
  const from = order === "desc" && isFull && last !== undefined ? last.sequence : sequences.from;
  return from <= through && times.from <= throughNs;
}

/** Bodies of joined chunks are not read. */
const withoutBody = <R extends object>(row: R) => ({ ...row, body: null });

const isIn = ({ sequences, times }: LogQuery, { sequence, consensusNs: ns }: LogEntry) =>
  sequence >= sequences.from && sequence <= sequences.to && ns >= times.from && ns <= times.to;

/** The sequence number up to which, in the page's order, an answer has everything. */
function knownThrough({ order, limit, sequences }: LogQuery, found: readonly PageRow[]): number {
  const isAscending = order === "asc";
  const rows = found.filter(({ content }) => content === null).map(({ ref }) => sequenceOf(ref) as number);
  const [some] = found.filter(({ content }) => content === null);
  const isCut = some !== undefined && (some.found >= limit || rows.length < some.found);
  const starts = found.flatMap(({ firstSeq }) => firstSeq ?? []);
  const ends: number[] = [isAscending ? sequences.to : sequences.from];
  if (isCut) ends.push(isAscending ? Math.max(...rows) : Math.min(...rows));
  if (starts.length === MIRROR_SEGMENTS_AT_ONCE)
    ends.push(isAscending ? Math.max(...starts) + SEGMENT_LENGTH - 1 : Math.min(...starts));
  return isAscending ? Math.min(...ends) : Math.max(...ends);
}

/** Takes entries up to a number and to the bytes that a page may have. */
class PageInOrder {
  readonly entries: LogEntry[] = [];
  private bytes = 0;

  constructor(private readonly limit: number) {}

  get isFull(): boolean {
    return this.entries.length >= this.limit || this.isHeavy;
  }

  private isHeavy = false;

  add(entry: LogEntry): void {
    if (this.bytes >= PAGE_BYTES) this.isHeavy = true;
    if (this.isFull) return;
    this.bytes += toShorthand(entry.message).length;
    this.entries.push({ ...entry, body: null });
  }
}
