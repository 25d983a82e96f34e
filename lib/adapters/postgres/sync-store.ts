import { and, between, eq, getTableColumns, inArray, min, ne, sql } from "drizzle-orm";
import { meta, topicGaps, topicLog, topics } from "../../../drizzle/schema";
import { MAX_CHUNKS } from "../../core/ledger/chunks";
import { MAX_SEQUENCE, type TopicId } from "../../core/ledger/ids";
import type { Batch, LogEntry, NextBatch } from "../../core/signals/batch";
import { POSITIONS_PER_EPOCH } from "../../core/signals/position";
import type { CommitOutcome } from "../../ports/store/batch-store";
import type { Refolded } from "../../ports/store/epoch-store";
import type { Gap } from "../../ports/store/gap-store";
import type { SyncStore } from "../../ports/store/sync-store";
import type { TopicState } from "../../ports/store/topic-store";
import { disposition, gapState } from "./codec/codes";
import { gapOf, logEntry, topicState } from "./codec/rows";
import type { Statement } from "./drivers/database";
import { refusal } from "./drivers/errors";
import type { Statements } from "./drivers/statements";
import type { Readable } from "./read/readable";
import { literal } from "./sql/expressions";
import { isOfTopic, topicNoOf } from "./sql/references";
import { isAnyOf } from "./sql/unnested";
import { STAMP } from "./stamp";
import { backfillBatch } from "./write/backfill";
import { commitBatch } from "./write/commit";
import { recordHole } from "./write/holes";
import { dropSome, rebuild, reproject, startOver } from "./write/start-over";

/** The durable side of sync in PostgreSQL. */
export class PostgresSyncStore implements SyncStore {
  constructor(
    private readonly statements: Statements,
    private readonly readable: Readable,
  ) {}

  async topics(): Promise<readonly TopicState[]> {
    const rows = await this.statements.run("topics", (db) => db.select().from(topics).orderBy(topics.topicNo));
    return rows.map(topicState);
  }

  async topic(topicId: TopicId): Promise<TopicState | null> {
    const [row] = await this.statements.run("topics", (db) =>
      db
        .select({ ...getTableColumns(topics), stamp: STAMP })
        .from(topics)
        .where(eq(topics.topicId, topicId)),
    );
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
    if (chunkKeys.length === 0) return [];
    const { ref, chunkKey, chunkNumber, reason } = topicLog;
    try {
      return await this.logOf((db) => {
        const firsts = db
          .select({ ref: min(ref) })
          .from(topicLog)
          .where(
            and(
              isAnyOf(chunkKey, chunkKeys),
              isOfTopic(topicId, 1, MAX_SEQUENCE),
              between(chunkNumber, 1, MAX_CHUNKS),
              ne(topicLog.disposition, disposition.code("failed")),
              sql`${reason} IS DISTINCT FROM 'bad-chunk'`,
            ),
          )
          .groupBy(chunkKey, chunkNumber);
        return db.select().from(topicLog).where(inArray(ref, firsts)).orderBy(ref);
      });
    } catch (error) {
      // Keys come from a mirror: one that the database refuses must not stop its topic.
      throw refusal(error);
    }
  }

  log(topicId: TopicId, from: number, to: number): Promise<readonly LogEntry[]> {
    return this.logOf((db) =>
      db
        .select()
        .from(topicLog)
        .where(isOfTopic(topicId, from, to))
        .orderBy(topicLog.ref),
    );
  }

  failed(topicId: TopicId, limit: number, after = 0): Promise<readonly LogEntry[]> {
    const isFailed = sql`${topicLog.disposition} = ${literal(disposition.code("failed"))}`;
    return this.logOf((db) =>
      db
        .select()
        .from(topicLog)
        .where(and(isFailed, isOfTopic(topicId, after + 1, MAX_SEQUENCE)))
        .orderBy(topicLog.ref)
        .limit(limit),
    );
  }

  private async logOf(statement: Statement<readonly (typeof topicLog.$inferSelect)[]>): Promise<readonly LogEntry[]> {
    return this.readable.rows("topic_log", await this.statements.run("log", statement), logEntry);
  }

  async gaps(topicId: TopicId): Promise<readonly Gap[]> {
    const rows = await this.statements.run("gaps", (db) =>
      db
        .select()
        .from(topicGaps)
        .where(eq(topicGaps.topicNo, topicNoOf(topicId)))
        .orderBy(topicGaps.fromSeq),
    );
    return this.readable.rows("topic_gaps", rows, (row) => gapOf(topicId, row));
  }

  recordHole(topicId: TopicId, from: number, to: number, nowMs: number): Promise<Gap> {
    return recordHole(this.statements, topicId, from, to, nowMs);
  }

  async forgetHole(topicId: TopicId): Promise<void> {
    const { topicNo, state } = topicGaps;
    await this.statements.run("suspicion", (db) =>
      db.delete(topicGaps).where(and(eq(topicNo, topicNoOf(topicId)), eq(state, gapState.code("suspected")))),
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

  rebuild(): Promise<number> {
    return rebuild(this.statements);
  }
}
