/**
 * Reads messages wherever they are: in the log, or packed in segments (codec/log-segment.ts). Each statement looks in both places at once,
 * because a message may be packed or unpacked between two statements.
 */
import { sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import { topicLog, topicSegments, topics } from "../../../../drizzle/schema";
import { MAX_MESSAGE_BYTES, MAX_READ_BYTES } from "../../../core/bounds";
import { consensusNs } from "../../../core/ledger/consensus-time";
import type { AccountId, TopicId } from "../../../core/ledger/ids";
import type { LogEntry } from "../../../core/signals/batch";
import type { DroppedRange } from "../../../ports/store/sync/topic-store";
import { signatureState } from "../codec/codes";
import { type PackedMessage, segmentStart } from "../codec/log-segment";
import { refAt, sequenceIn, sequenceOf, topicNoIn } from "../codec/ref";
import { logEntry, payerOf } from "../codec/rows";
import { fromShorthand, toShorthand } from "../codec/shorthand";
import type { Statements } from "../drivers/statements";
import { parameters, preparedTemplate, type RowOf, UNNAMED } from "../sql/template";
import { LOG, type LogRow, rangeOf } from "./log";
import type { RowReader } from "./row-reader";

const l = alias(topicLog, "l");
const s = alias(topicSegments, "s");
const t = alias(topics, "t");

/** A row is a message, or a segment: then `ref` is that of the segment's first sequence number, and `content` is set. */
const FIELDS = {
  ref: sql<bigint>`x.ref`.mapWith(topicLog.ref),
  consensusNs: sql<bigint | null>`x.consensus_ns`.mapWith(topicLog.consensusNs),
  payer: sql<AccountId>`x.payer`,
  signature: sql<number | null>`x.signature`,
  whole: sql<Uint8Array | null>`x.whole`.mapWith(topicLog.message),
  topicId: sql<TopicId>`x.topic_id`,
  content: sql<Uint8Array | null>`x.content`.mapWith(topicSegments.content),
};

const values = parameters<{ readonly refs: readonly string[]; readonly segments: readonly string[] }>();

const MESSAGES = preparedTemplate(
  values,
  FIELDS,
  (columns) => sql`SELECT ${columns} FROM (
SELECT ${l.ref}, ${l.consensusNs}, ${l.payer}, ${l.signature}, coalesce(${l.body}, ${l.message}) AS whole, NULL AS topic_id, NULL::bytea AS content
FROM unnest(${values("refs")}::bigint[]) AS a (ref), LATERAL (SELECT * FROM ${topicLog} ${l} WHERE ${l.ref} = a.ref LIMIT 1) ${l}
UNION ALL
SELECT b.ref, NULL, NULL, NULL, NULL, ${t.topicId}, ${s.content} FROM unnest(${values("segments")}::bigint[]) AS b (ref),
  LATERAL (SELECT * FROM ${topicSegments} ${s}
    WHERE ${s.topicNo} = ${topicNoIn(sql`b.ref`)}::integer AND ${s.firstSeq} = ${sequenceIn(sql`b.ref`)} LIMIT 1) ${s}
  JOIN ${topics} ${t} ON ${t.topicNo} = ${s.topicNo}) x`,
);

const ofTopic = parameters<{ readonly topicId: TopicId }>();

const DROPPED_OF = preparedTemplate(
  ofTopic,
  { through: t.droppedThrough, throughNs: t.droppedNs, hash: t.droppedHash },
  (columns) => sql`SELECT ${columns} FROM ${topics} ${t} WHERE ${t.topicId} = ${ofTopic("topicId")}`,
  UNNAMED,
);

const missing = parameters<{ readonly refs: readonly string[] }>();

/** Which of these messages were dropped. Sent only where a row's message is in no place. */
const DROPPED = preparedTemplate(
  missing,
  { ref: sql<bigint>`a.ref`.mapWith(topicLog.ref) },
  (columns) => sql`SELECT ${columns} FROM unnest(${missing("refs")}::bigint[]) AS a (ref) WHERE is_dropped(a.ref)`,
  UNNAMED,
);

/** Opening a segment takes 0.3 ms, and it has 12 kB. Others get their turn, and the database no slow statement, after this many. */
export const SEGMENTS_AT_ONCE = 32;

/** A row of a page whose message may be packed: then `size` and `body` are null. */
interface Bounded {
  readonly ref: bigint;
  readonly size: number | null;
  readonly body: Uint8Array | null;
}

export class StoredMessages {
  constructor(
    private readonly statements: Statements,
    private readonly rowReader: RowReader,
  ) {}

  /** The entries of a range of sequence numbers, by rising sequence. */
  async range(topicId: TopicId, from: number, to: number): Promise<readonly LogEntry[]> {
    return this.entriesIn(topicId, await this.statements.run("log", LOG(rangeOf(topicId, from, to))), from, to);
  }

  /**
   * The entries in rows of the log and of segments, by rising sequence. A row that cannot be read is left out and counted. If a
   * message is in both places, its row in the log counts: an instance of an earlier version has written it.
   */
  entriesIn(topicId: TopicId, rows: readonly LogRow[], from?: number, to?: number): readonly LogEntry[] {
    const inLog = rows.filter(({ content }) => content === null);
    const kept = this.rowReader.rows("topic_log", inLog, logEntry);
    const segments = rows.flatMap(({ content, firstSeq }) =>
      content === null || firstSeq === null ? [] : [{ topicId, firstSeq, content }],
    );
    if (segments.length === 0) return kept;
    const packed = this.rowReader.segments(segments, (segment) => segment.entries(from, to));
    const bySequence = new Map([...packed.flat(), ...kept].map((entry) => [entry.sequence, entry]));
    return [...bySequence.values()].sort((a, b) => a.sequence - b.sequence);
  }

  /** The messages of these refs. Those that are in neither place are left out. */
  async messages(refs: readonly bigint[]): Promise<ReadonlyMap<bigint, PackedMessage>> {
    const found = new Map<bigint, PackedMessage>();
    for (const some of inGroups(refs, SEGMENTS_AT_ONCE)) await this.find(some, found);
    return found;
  }

  private async find(refs: readonly bigint[], found: Map<bigint, PackedMessage>): Promise<void> {
    const segments = [...new Set(refs.map(segmentOf))];
    const asked = { refs: refs.map(String), segments: segments.map(String) };
    const rows = await this.statements.run("segments", MESSAGES(asked));
    const contents = rows.flatMap(({ ref, topicId, content }) =>
      content === null ? [] : [{ ref, topicId, firstSeq: sequenceOf(ref), content }],
    );
    const packed = this.rowReader.segments(contents, (segment, { ref }) =>
      refs.flatMap((each) => {
        const message = segmentOf(each) === ref ? segment.message(sequenceOf(each)) : null;
        return message === null ? [] : [[each, message] as const];
      }),
    );
    const kept = this.rowReader.rows(
      "topic_log",
      rows.filter(({ content }) => content === null),
      keptMessage,
    );
    for (const [ref, message] of [...packed.flat(), ...kept]) found.set(ref, message);
  }

  /** The part of a topic that was dropped. */
  async droppedOf(topicId: TopicId): Promise<DroppedRange> {
    const [found] = await this.statements.run("log", DROPPED_OF({ topicId }));
    return found ?? { through: 0, throughNs: 0n, hash: null };
  }

  /** Those of these refs whose message was dropped (write/drop-old.ts). */
  async dropped(refs: readonly bigint[]): Promise<ReadonlySet<bigint>> {
    if (refs.length === 0) return NO_REFS;
    const rows = await this.statements.run("segments", DROPPED({ refs: refs.map(String) }));
    return new Set(rows.map(({ ref }) => ref));
  }

  /**
   * Completes the rows of a page in its order: those without a message take it from its segment. The page ends where it would have
   * ended if no message were packed. Without such a row there is no statement. `dropped`: the refs of those whose message was dropped.
   */
  async completed<R extends Bounded>(
    rows: readonly R[],
    add: (row: R, message: PackedMessage) => R = (row) => row,
  ): Promise<{ readonly page: readonly R[]; readonly dropped: ReadonlySet<bigint> }> {
    const lacking = rows.filter(({ size }) => size === null);
    if (lacking.length === 0) return { page: rows, dropped: NO_REFS };
    const messages = await this.messages(lacking.map(({ ref }) => ref));
    const dropped = await this.dropped(lacking.flatMap(({ ref }) => (messages.has(ref) ? [] : [ref])));
    let before = 0;
    const page: R[] = [];
    for (const row of rows) {
      if (before >= MAX_READ_BYTES) break;
      const message = row.size === null ? messages.get(row.ref) : undefined;
      const whole = message === undefined ? row : { ...add(row, message), ...sized(message) };
      before += Math.min(whole.size ?? 0, MAX_MESSAGE_BYTES);
      page.push(whole);
    }
    return { page, dropped };
  }
}

const NO_REFS: ReadonlySet<bigint> = new Set();

const segmentOf = (ref: bigint) => refAt(ref, segmentStart(sequenceOf(ref)));

/** Refs in groups that lie in this many segments at most. */
function* inGroups(refs: readonly bigint[], segments: number): Generator<readonly bigint[]> {
  let [group, starts] = [[] as bigint[], new Set<bigint>()];
  for (const ref of refs) {
    if (!starts.has(segmentOf(ref)) && starts.size === segments) {
      yield group;
      [group, starts] = [[], new Set()];
    }
    group.push(ref);
    starts.add(segmentOf(ref));
  }
  if (group.length > 0) yield group;
}

/** The message as the log would have it: too long a one is not read. */
function sized({ whole }: PackedMessage): Pick<Bounded, "size" | "body"> {
  const kept = toShorthand(whole);
  return { size: kept.length, body: kept.length <= MAX_MESSAGE_BYTES ? kept : null };
}

function keptMessage({ ref, consensusNs: ns, payer, signature, whole }: RowOf<typeof FIELDS>) {
  const message: PackedMessage = {
    consensusNs: consensusNs(ns as bigint),
    payer: payerOf(payer),
    signature: signature === null ? null : signatureState.name(signature),
    whole: fromShorthand(whole as Uint8Array),
  };
  return [ref, message] as const;
}
