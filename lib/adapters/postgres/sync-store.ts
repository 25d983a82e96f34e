import { and, eq, getTableColumns, sql } from "drizzle-orm";
import { meta, topicGaps, type topicLog, topics } from "../../../drizzle/schema";
import type { ConsensusNs } from "../../core/ledger/consensus-time";
import type { Sequence, TopicId } from "../../core/ledger/ids";
import type { Batch, LogEntry, NextBatch } from "../../core/signals/batch";
import { POSITIONS_PER_EPOCH } from "../../core/signals/position";
import type { DefinitionClaim } from "../../core/signals/projection";
import type { CommitOutcome } from "../../ports/store/sync/batch-store";
import type { DropRange, RowsDropped } from "../../ports/store/sync/drop-store";
import type { Refolded } from "../../ports/store/sync/epoch-store";
import type { Gap } from "../../ports/store/sync/gap-store";
import type { PackRange, RowsPacked } from "../../ports/store/sync/pack-store";
import type {
  EdgeFound,
  Outdated,
  ProfileFound,
  RereadStep,
  RowFound,
  Worded,
} from "../../ports/store/sync/reread-store";
import type { SyncStore } from "../../ports/store/sync/sync-store";
import type { TopicState } from "../../ports/store/sync/topic-store";
import { gapState } from "./codec/codes";
import { gapOf, logEntry, topicState } from "./codec/rows";
import type { Statement } from "./drivers/database";
import { asBatchRefused } from "./drivers/errors";
import type { Statements } from "./drivers/statements";
import { FAILED, FAILED_AND_UNPROVEN, PARTS, rangeOf } from "./read/log";
import {
  claimFound,
  claimsOn,
  edgeFound,
  edgesBetween,
  profileFound,
  profilesFound,
  rowFound,
  rowsOf,
} from "./read/meanings";
import type { RowReader } from "./read/row-reader";
import { SEGMENTS_AT_ONCE, type StoredMessages } from "./read/stored-messages";
import { topicNoOf } from "./sql/references";
import { parameters, preparedQuery, UNNAMED } from "./sql/template";
import { STAMP } from "./stamp";
import { backfillBatch } from "./write/backfill";
import { commitBatch } from "./write/commit";
import { drop, dropAgeMs, dropRows, nextDrop } from "./write/drop-old";
import { nextRange, pack, packAgeMs } from "./write/pack";
import { packRows } from "./write/pack-rows";
import { recordHole } from "./write/record-hole";
import { endReread, removeOutdated, rereadRange } from "./write/reread";
import { dropSome, rebuild, reproject, startOver } from "./write/start-over";

const TOPICS = preparedQuery(parameters<object>(), (db) => db.select().from(topics).orderBy(topics.topicNo));

const ofTopic = parameters<{ readonly topicId: TopicId }>();

const TOPIC = preparedQuery(ofTopic, (db) =>
  db
    .select({ ...getTableColumns(topics), stamp: STAMP })
    .from(topics)
    .where(eq(topics.topicId, ofTopic("topicId"))),
);

const GAPS = preparedQuery(
  ofTopic,
  (db) =>
    db
      .select()
      .from(topicGaps)
      .where(eq(topicGaps.topicNo, topicNoOf(ofTopic("topicId"))))
      .orderBy(topicGaps.fromSeq),
  UNNAMED,
);

/** The durable side of sync in PostgreSQL. */
export class PostgresSyncStore implements SyncStore {
  constructor(
    private readonly statements: Statements,
    private readonly rowReader: RowReader,
    private readonly messages: StoredMessages,
  ) {}

  async topics(): Promise<readonly TopicState[]> {
    return (await this.statements.run("topics", TOPICS({}))).map(topicState);
  }

  async topic(topicId: TopicId): Promise<TopicState | null> {
    const [row] = await this.statements.run("topics", TOPIC({ topicId }));
    return row === undefined ? null : topicState(row);
  }

  commit(batch: NextBatch): Promise<CommitOutcome> {
    return commitBatch(this.statements, batch);
  }

  backfill(batch: Batch): Promise<CommitOutcome> {
    return backfillBatch(this.statements, batch, "mend");
  }

  restore(batch: Batch): Promise<CommitOutcome> {
    return backfillBatch(this.statements, batch, "restore");
  }

  async setPaused(topicId: TopicId, paused: boolean): Promise<boolean> {
    const rows = await this.statements.run("admin", (db) =>
      db.update(topics).set({ paused }).where(eq(topics.topicId, topicId)).returning({ topicNo: topics.topicNo }),
    );
    return rows.length > 0;
  }

  async parts(topicId: TopicId, chunkKeys: readonly string[]): Promise<readonly LogEntry[]> {
    const found: LogEntry[] = [];
    for (let done = 0; done < chunkKeys.length; done += SEGMENTS_AT_ONCE)
      found.push(...(await this.partsOf(topicId, chunkKeys.slice(done, done + SEGMENTS_AT_ONCE))));
    return found.sort((a, b) => a.sequence - b.sequence);
  }

  private async partsOf(topicId: TopicId, chunkKeys: readonly string[]): Promise<readonly LogEntry[]> {
    const groups = new Set(chunkKeys);
    try {
      const rows = await this.statements.run("log", PARTS({ ...rangeOf(topicId), chunkKeys }));
      return this.messages.entriesIn(topicId, rows).filter(({ chunk }) => chunk !== null && groups.has(chunk.key));
    } catch (error) {
      // Keys come from a mirror. One that the database refuses must not stop its topic.
      throw asBatchRefused(error);
    }
  }

  log(topicId: TopicId, from: number, to: number): Promise<readonly LogEntry[]> {
    return this.messages.range(topicId, from, to);
  }

  failed(topicId: TopicId, limit: number, after = 0): Promise<readonly LogEntry[]> {
    return this.entriesOf(FAILED({ ...rangeOf(topicId, after + 1), limit }));
  }

  unsettled(topicId: TopicId, limit: number, after = 0): Promise<readonly LogEntry[]> {
    return this.entriesOf(FAILED_AND_UNPROVEN({ ...rangeOf(topicId, after + 1), limit }));
  }

  private async entriesOf(
    statement: Statement<readonly (typeof topicLog.$inferSelect)[]>,
  ): Promise<readonly LogEntry[]> {
    return this.rowReader.rows("topic_log", await this.statements.run("log", statement), logEntry);
  }

  async gaps(topicId: TopicId): Promise<readonly Gap[]> {
    const rows = await this.statements.run("gaps", GAPS({ topicId }));
    return this.rowReader.rows("topic_gaps", rows, (row) => gapOf(topicId, row));
  }

  recordHole(topicId: TopicId, from: number, to: number, nowMs: number): Promise<Gap> {
    return recordHole(this.statements, topicId, from, to, nowMs);
  }

  async forgetHole(topicId: TopicId): Promise<void> {
    const { topicNo, state } = topicGaps;
    await this.statements.run("hole", (db) =>
      db.delete(topicGaps).where(and(eq(topicNo, topicNoOf(topicId)), eq(state, gapState.code("hole")))),
    );
  }

  async newEpoch(above: number): Promise<number> {
    // The first caller begins it. The others wait for the row, see the epoch that it holds by then, and leave it as it is.
    const epoch = sql`greatest(${meta.epoch}, ${above}::integer + 1)`;
    const [row] = await this.statements.run("admin", (db) =>
      db.update(meta).set({ epoch }).returning({ epoch: meta.epoch }),
    );
    const begun = row?.epoch ?? 0;
    this.statements.stamp.learn(begun * POSITIONS_PER_EPOCH);
    return begun;
  }

  startOver(topicId: TopicId): Promise<void> {
    return startOver(this.statements, topicId);
  }

  dropSome(topicId: TopicId, most: number): Promise<void> {
    return dropSome(this.statements, topicId, most);
  }

  reproject(refolded: Refolded): Promise<boolean> {
    return reproject(this.statements, refolded);
  }

  async rowsOf(topicId: TopicId, messages: readonly Worded[]): Promise<readonly RowFound[]> {
    return (await this.statements.run("start-over", rowsOf(topicId, messages))).map(rowFound);
  }

  async edgesBetween(pairs: readonly (readonly [string, string])[]): Promise<readonly EdgeFound[]> {
    return (await this.statements.run("start-over", edgesBetween(pairs))).map(edgeFound);
  }

  async profilesFound(users: readonly string[]): Promise<readonly ProfileFound[]> {
    return (await this.statements.run("start-over", profilesFound(users))).flatMap(profileFound);
  }

  async claimsOn(ids: readonly string[]): Promise<readonly DefinitionClaim[]> {
    return (await this.statements.run("start-over", claimsOn(ids))).map(claimFound);
  }

  remove(step: RereadStep, outdated: Outdated): Promise<void> {
    return removeOutdated(this.statements, step, outdated);
  }

  reread(step: RereadStep & { readonly through: number }, batch: Batch): Promise<CommitOutcome> {
    return rereadRange(this.statements, step, batch);
  }

  endReread(topicId: TopicId): Promise<void> {
    return endReread(this.statements, topicId);
  }

  packAgeMs(): Promise<number> {
    return packAgeMs(this.statements);
  }

  nextRange(topicId: TopicId): Promise<PackRange | null> {
    return nextRange(this.statements, this.rowReader, topicId);
  }

  pack(range: PackRange, sequences: readonly Sequence[]): Promise<boolean> {
    return pack(this.statements, range, sequences);
  }

  packRows(beforeNs: ConsensusNs, nowNs: ConsensusNs): Promise<RowsPacked> {
    return packRows(this.statements, beforeNs, nowNs);
  }

  dropAgeMs(): Promise<number> {
    return dropAgeMs(this.statements);
  }

  nextDrop(topicId: TopicId, beforeNs: ConsensusNs): Promise<DropRange | null> {
    return nextDrop(this.statements, this.messages, topicId, beforeNs);
  }

  drop(range: DropRange): Promise<boolean> {
    return drop(this.statements, range);
  }

  dropRows(nowNs: ConsensusNs): Promise<RowsDropped> {
    return dropRows(this.statements, nowNs);
  }

  rebuild(): Promise<number> {
    return rebuild(this.statements);
  }
}
