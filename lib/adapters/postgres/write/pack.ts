/**
 * `PackStore`: packs and unpacks messages. A message is either in the log or in a log segment. One statement moves it, under the topic's
 * row lock, and compares and swaps `topics.log_version`. Everything that changes stored messages behind the cursor swaps this version
 * too; commits never do. So a process may be killed while it packs, and several instances may pack at once.
 */
import { getTableColumns, type SQL, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import { meta, packedParts, topicLog, topicSegments, topics } from "../../../../drizzle/schema";
import { type ChunkInfo, kindOfChunk } from "../../../core/ledger/chunks";
import type { Sequence, TopicId } from "../../../core/ledger/ids";
import { equalBytes } from "../../../core/ledger/running-hash";
import type { Batch, LogEntry } from "../../../core/signals/batch";
import { DECODER_VERSION } from "../../../core/signals/envelope";
import type { PackRange } from "../../../ports/store/sync/pack-store";
import { disposition, verification } from "../codec/codes";
import { LOG_SEGMENT_FORMAT } from "../codec/format";
import { heldIn, heldOf, LogSegment, packSegment, SEGMENT_LENGTH, segmentStart } from "../codec/log-segment";
import { baseOf, refOf, sequenceIn } from "../codec/ref";
import { logEntry } from "../codec/rows";
import type { Statements } from "../drivers/statements";
import type { RowReader } from "../read/row-reader";
import { literal, names, takeExcluded } from "../sql/expressions";
import { topicNoOf } from "../sql/references";
import { parameters, preparedTemplate, type RowOf, template, UNNAMED } from "../sql/template";
import { columnOf, unnested } from "../sql/unnested";
import { isOfEpoch } from "./commit";
import { logPart } from "./log-part";

const t = alias(topics, "t");
const s = alias(topicSegments, "s");
const l = alias(topicLog, "l");
const LENGTH = literal(SEGMENT_LENGTH);
const VERSION = literal(DECODER_VERSION);

/** `PackStore.packAgeMs`. */
export const packAgeMs = (statements: Statements): Promise<number> => msSince(statements, meta.packableMs);

/** The milliseconds since a time in `meta`, by the database's clock; 0 while the column has none. */
export async function msSince(
  statements: Statements,
  time: typeof meta.packableMs | typeof meta.droppableMs,
): Promise<number> {
  const age = sql`extract(epoch FROM now()) * 1000 - coalesce(${time}, extract(epoch FROM now()) * 1000)`;
  const [row] = await statements.run(
    "topics",
    template({ ageMs: age.mapWith(Number) }, (columns) => sql`SELECT ${columns} FROM ${meta}`),
  );
  return row?.ageMs ?? 0;
}

/** Nothing is about to change the meaning of the messages of topic `t` up to this sequence number. */
export const isSettled = (through: SQL): SQL => sql`NOT ${t.paused} AND ${t.projected} IS NULL AND NOT ${t.isRenumbered}
  AND ${t.cursor} >= ${through} AND (${t.decoderVersion} > ${VERSION} OR ${t.decoderVersion} = ${VERSION} AND ${t.interpreted} >= ${through})`;

const ofTopic = parameters<{ readonly topicId: TopicId }>();

const FIELDS = {
  from: sql`from_seq`.mapWith(Number),
  logVersion: sql`log_version`.mapWith(t.logVersion),
  ...getTableColumns(topicLog),
  content: sql<Uint8Array | null>`content`.mapWith(topicSegments.content),
  held: sql<Uint8Array | null>`held`.mapWith(topicSegments.held),
};

/** Rows that may be packed, as far as the database can tell (lib/core/signals/packable). */
const MAY_BE_PACKED = sql`${l.verification} = ${literal(verification.code("verified"))}
  AND (${l.disposition} = ${literal(disposition.code("signal"))}
    OR ${l.disposition} = ${literal(disposition.code("part"))} AND ${l.chunkKey} IS NOT NULL)`;

/** The search for the next message to pack looks at this many sequence numbers at once. */
const WINDOW = literal(8 * SEGMENT_LENGTH);

/** The first sequence after `after` and not after `through` whose row fulfils a condition. */
const firstSequence = (
  after: SQL,
  through: SQL,
  condition?: SQL,
): SQL => sql`(SELECT ${sequenceIn(l.ref)} FROM ${topicLog} ${l}
    WHERE ${l.ref} > ${baseOf(t.topicNo)} + ${after} AND ${l.ref} <= ${baseOf(t.topicNo)} + ${through} ${condition} ORDER BY ${l.ref} LIMIT 1)`;

/**
 * The messages of the range with the next message to pack. One further row holds the range's segment in `content`, if there is one.
 *
 * The search for that message uses `MAY_BE_PACKED` only within a window, because the server would otherwise sort all rows that are
 * left. If the window has no such message, the next row of any kind gives the range.
 */
const RANGE = preparedTemplate(
  ofTopic,
  FIELDS,
  (columns) => sql`WITH found AS MATERIALIZED (SELECT ${t.topicNo}, ${t.logVersion}, coalesce(
    ${firstSequence(sql`${t.packedThrough}`, sql`least(${t.packedThrough} + ${WINDOW}, ${t.cursor})`, sql`AND ${MAY_BE_PACKED}`)},
    ${firstSequence(sql`${t.packedThrough} + ${WINDOW}`, sql`${t.cursor}`)}) AS seq
  FROM ${topics} ${t} WHERE ${t.topicId} = ${ofTopic("topicId")}),
topic AS MATERIALIZED (SELECT found.*, (seq - 1) / ${LENGTH} * ${LENGTH} AS from_seq FROM found JOIN ${topics} ${t} ON ${t.topicNo} = found.topic_no
  WHERE ${isSettled(sql`(seq - 1) / ${LENGTH} * ${LENGTH} + ${LENGTH}`)})
SELECT ${columns} FROM (
  SELECT topic.from_seq, topic.log_version, ${l}.*, NULL::bytea AS content, NULL::bytea AS held FROM topic JOIN ${topicLog} ${l}
    ON ${l.ref} > ${baseOf(sql`topic.topic_no`)} + topic.from_seq AND ${l.ref} <= ${baseOf(sql`topic.topic_no`)} + topic.from_seq + ${LENGTH}
  UNION ALL SELECT topic.from_seq, topic.log_version, (NULL::${topicLog}).*, ${s.content}, ${s.held} FROM topic JOIN ${topicSegments} ${s}
    ON ${s.topicNo} = topic.topic_no AND ${s.firstSeq} = topic.from_seq + 1) ${topicLog} ORDER BY ${topicLog.ref}`,
  UNNAMED,
);

/** `PackStore.nextRange`. */
export async function nextRange(
  statements: Statements,
  rowReader: RowReader,
  topicId: TopicId,
): Promise<PackRange | null> {
  const rows = await statements.run("log", RANGE({ topicId }));
  const [row] = rows;
  if (row === undefined) return null;
  const { from, logVersion } = row;
  const range = { topicId, from, through: from + SEGMENT_LENGTH, logVersion };
  const kept = rows.filter(({ ref }) => ref !== null);
  const entries = rowReader.rows("topic_log", kept, logEntry);
  const [segment] = rows.flatMap(({ content, held }) => (content === null || held === null ? [] : [{ content, held }]));
  if (segment === undefined) return { ...range, entries, packed: [] };
  const { content, held } = segment;
  const [packed] = rowReader.segments([{ topicId, firstSeq: from + 1, content }], (each) => each.entries());
  if (packed !== undefined) return { ...range, entries, packed };
  // A segment that cannot be read is replaced only once all its messages were read from the ledger again.
  const here = new Set(entries.map(({ sequence }) => sequence as number));
  const isWhole = heldIn(from + 1, held).every((sequence) => here.has(sequence));
  return { ...range, packed: [], entries: isWhole ? entries : [] };
}

/** `PackStore.pack`. */
export async function pack(statements: Statements, range: PackRange, sequences: readonly Sequence[]): Promise<boolean> {
  const { topicId, through, logVersion } = range;
  const wanted = new Set<Sequence>(sequences);
  const entries = range.entries.filter(({ sequence }) => wanted.has(sequence));
  const gate = sql`gate AS (
  UPDATE ${topics} ${t} SET ${names(t.packedThrough)} = greatest(${t.packedThrough}, ${through}::bigint), ${NEXT_VERSION}
  WHERE ${t.topicId} = ${topicId} AND ${isOfVersion(logVersion)} AND ${isSettled(sql`${through}::bigint`)} AND ${isOfEpoch(statements)}
  RETURNING ${t.topicNo})`;
  const parts =
    entries.length === 0
      ? [gate]
      : [gate, CLAIM, segmentPart(range, entries), ...groupsPart(entries), gonePart(entries)];
  const statement = template(
    { topicNo: sql<number>`gate.topic_no` },
    (columns) => sql`WITH ${sql.join(parts, sql`,\n`)} SELECT ${columns} FROM gate`,
  );
  const [answer] = await statements.run("pack", statement);
  return answer !== undefined;
}

export const NEXT_VERSION = sql`${names(t.logVersion)} = ${t.logVersion} + 1`;

/** Nothing behind the cursor of the topic `t` has changed since it had this version. */
export const isOfVersion = (logVersion: number): SQL => sql`${t.logVersion} = ${logVersion}::bigint`;

/** Marks the database, so that versions that cannot read segments refuse to start on it. */
const CLAIM = sql`claimed AS (UPDATE ${meta} SET ${names(meta.format)} = ${literal(LOG_SEGMENT_FORMAT)}
  FROM gate WHERE ${meta.format} < ${literal(LOG_SEGMENT_FORMAT)})`;

/** If a message is in both places, its row counts: an instance of an earlier version has written it. */
function segmentPart({ topicId, from, packed }: PackRange, entries: readonly LogEntry[]): SQL {
  const bySequence = new Map([...packed, ...entries].map((entry) => [entry.sequence, entry]));
  const all = [...bySequence.values()].sort((a, b) => a.sequence - b.sequence);
  const times = all.map(({ consensusNs }) => consensusNs as bigint).sort((a, b) => (a < b ? -1 : 1));
  const [first, last] = [times[0] as bigint, times.at(-1) as bigint];
  const held = heldOf(from + 1, all);
  return sql`segment AS (
  INSERT INTO ${topicSegments} AS ${s} (${names(s.topicNo, s.firstSeq, s.firstNs, s.lastNs, s.held, s.content)})
  SELECT gate.topic_no, ${from + 1}::bigint, ${first}::bigint, ${last}::bigint, ${held}::bytea, ${packSegment(topicId, all)}::bytea FROM gate
  ON CONFLICT (${names(s.topicNo, s.firstSeq)}) DO UPDATE SET ${takeExcluded(s.firstNs, s.lastNs, s.held, s.content)})`;
}

/** Keeps the groups of packed parts. */
function groupsPart(entries: readonly LogEntry[]): readonly SQL[] {
  const split = entries.flatMap(({ sequence, chunk }) =>
    chunk !== null && kindOfChunk(chunk) === "part" ? [{ sequence, key: chunk.key }] : [],
  );
  if (split.length === 0) return [];
  const given = unnested("x", [
    columnOf(topicLog.ref, split, ({ sequence }) => sequence, "seq"),
    columnOf(packedParts.chunkKey, split, ({ key }) => key),
  ]);
  return [
    sql`groups AS (
  INSERT INTO ${packedParts} (${names(packedParts.ref, packedParts.chunkKey)})
  SELECT ${refOf(sql`gate.topic_no`, sql`x.seq`)}, x.chunk_key FROM gate, ${given} ON CONFLICT DO NOTHING)`,
  ];
}

/** Deletes by an array of keys, because PostgreSQL then uses the index whatever the table's statistics say. */
const gonePart = (entries: readonly LogEntry[]): SQL => sql`gone AS (
  DELETE FROM ${topicLog} ${l} WHERE ${l.ref} = ANY (ARRAY(SELECT ${refOf(sql`gate.topic_no`, sql`x.seq`)}
    FROM gate, ${unnested("x", [columnOf(topicLog.ref, entries, ({ sequence }) => sequence, "seq")])})))`;

const ofSegments = parameters<{ readonly topicId: TopicId; readonly starts: readonly number[] }>();

const STORED = {
  logVersion: t.logVersion,
  firstSeq: sql<number | null>`${s.firstSeq}`.mapWith(s.firstSeq),
  held: s.held,
  content: s.content,
};
type StoredSegment = RowOf<typeof STORED> & { readonly firstSeq: number };

/** One row at least for a topic that is known; without a segment `firstSeq` is null, and so are the columns after it. */
const SEGMENTS = preparedTemplate(
  ofSegments,
  STORED,
  (columns) => sql`SELECT ${columns} FROM ${topics} ${t} LEFT JOIN ${topicSegments} ${s}
    ON ${s.topicNo} = ${topicNoOf(ofSegments("topicId"))} AND ${s.firstSeq} = ANY (${ofSegments("starts")}::bigint[])
  WHERE ${t.topicId} = ${ofSegments("topicId")}`,
  UNNAMED,
);

/** A batch without the entries that are packed and stay as they are. */
export interface Prepared {
  readonly batch: Batch;
  /** The version of the log for which the batch was prepared. If the version has changed, the batch must not be written. */
  readonly logVersion: number;
  /** Sequence numbers in segments that cannot be read. The topic's counters still count these messages. */
  readonly lost: ReadonlySet<number>;
}

/** Give up after this many tries in which other instances changed the topic's stored messages meanwhile. */
const MOST_CONFLICTS = 5;

/**
 * Prepares a batch that includes stored messages. Leaves out the packed messages that the batch does not change. If it changes one,
 * unpacks the segment first. Null if the topic is not known, or if other instances keep changing its messages: then try again.
 */
export async function withoutPacked(statements: Statements, batch: Batch): Promise<Prepared | null> {
  const { topicId, entries } = batch;
  const starts = [...new Set(entries.map(({ sequence }) => segmentStart(sequence)))];
  for (let conflicts = 0; conflicts < MOST_CONFLICTS; ) {
    const rows = await statements.run("segments", SEGMENTS({ topicId, starts }));
    const [row] = rows;
    if (row === undefined) return null;
    const segments = rows.filter((each): each is StoredSegment => each.firstSeq !== null);
    const { left, lost, outdated } = compared(batch, segments);
    if (outdated === null) return { batch: { ...batch, entries: left }, logVersion: row.logVersion, lost };
    // Unpacking changes the version, so everything is looked at again.
    if (!(await unpack(statements, topicId, outdated))) conflicts += 1;
  }
  return null;
}

/** Compares a batch with the segments of its ranges. `outdated`: one that holds another form of an entry. */
function compared({ topicId, entries }: Batch, segments: readonly StoredSegment[]) {
  const same = new Set<LogEntry>();
  const lost = new Set<number>();
  let outdated: StoredSegment | null = null;
  for (const segment of segments) {
    const packed = entriesOf(topicId, segment.content);
    if (packed === null) for (const sequence of heldIn(segment.firstSeq, segment.held)) lost.add(sequence);
    const bySequence = new Map(packed?.map((entry) => [entry.sequence, entry]));
    for (const entry of entries) {
      const stored = bySequence.get(entry.sequence);
      if (stored === undefined) continue;
      if (isSameEntry(entry, stored)) same.add(entry);
      else outdated = segment;
    }
  }
  return { left: entries.filter((entry) => !same.has(entry)), lost, outdated };
}

/** Null if the segment is damaged, or of a later version. */
function entriesOf(topicId: TopicId, content: Uint8Array): readonly LogEntry[] | null {
  try {
    return new LogSegment(topicId, content).entries();
  } catch {
    return null;
  }
}

/** Puts the messages of a segment back into the log. False, and nothing is done, if stored messages have changed since it was read. */
async function unpack(statements: Statements, topicId: TopicId, segment: StoredSegment): Promise<boolean> {
  const { firstSeq, logVersion, content } = segment;
  const parts = [
    sql`topic AS (
  UPDATE ${topics} ${t} SET ${changedFrom(sql`${firstSeq}::bigint`)}
  WHERE ${t.topicId} = ${topicId} AND ${isOfVersion(logVersion)} RETURNING ${t.topicNo})`,
    sql`gate AS (
  DELETE FROM ${topicSegments} ${s} USING topic WHERE ${s.topicNo} = topic.topic_no AND ${s.firstSeq} = ${firstSeq}::bigint
  RETURNING ${s.topicNo})`,
    sql`groups AS (
  DELETE FROM ${packedParts} USING gate WHERE ${packedParts.ref} >= ${refOf(sql`gate.topic_no`, sql`${firstSeq}::bigint`)}
    AND ${packedParts.ref} < ${refOf(sql`gate.topic_no`, sql`${firstSeq + SEGMENT_LENGTH}::bigint`)})`,
    logPart(new LogSegment(topicId, content).entries(), "stays"),
  ];
  const statement = template(
    { topicNo: sql<number>`gate.topic_no` },
    (columns) => sql`WITH ${sql.join(parts, sql`,\n`)} SELECT ${columns} FROM gate`,
  );
  const [answer] = await statements.run("pack", statement);
  return answer !== undefined;
}

/** `SET` of a topic `t` whose stored messages change from this sequence on: packing looks at them again. */
export const changedFrom = (from: SQL): SQL => sql`${NEXT_VERSION},
    ${names(t.packedThrough)} = least(${t.packedThrough}, (${from} - 1) / ${LENGTH} * ${LENGTH})`;

function isSameEntry(a: LogEntry, b: LogEntry): boolean {
  return (
    a.consensusNs === b.consensusNs &&
    a.payer === b.payer &&
    isSameBytes(a.message, b.message) &&
    isSameBytes(a.body, b.body) &&
    isSameBytes(a.runningHash, b.runningHash) &&
    a.runningHashVersion === b.runningHashVersion &&
    a.verification === b.verification &&
    a.disposition === b.disposition &&
    a.reason === b.reason &&
    isSameChunk(a.chunk, b.chunk) &&
    (a.chunkInfo === undefined || a.chunkInfo === b.chunkInfo) &&
    (a.signature ?? null) === (b.signature ?? null)
  );
}

const isSameBytes = (a: Uint8Array | null, b: Uint8Array | null) =>
  a === b || (a !== null && b !== null && equalBytes(a, b));

/** A message that was not split means the same with chunk info and without. */
function isSameChunk(a: ChunkInfo | null, b: ChunkInfo | null): boolean {
  if (kindOfChunk(a) === "whole" || kindOfChunk(b) === "whole") return kindOfChunk(a) === kindOfChunk(b);
  return a?.key === b?.key && a?.number === b?.number && a?.total === b?.total;
}
