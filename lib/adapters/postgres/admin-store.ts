import { and, desc, eq, gt, lt, ne, sql } from "drizzle-orm";
import { adminAudit, topics } from "../../../drizzle/schema";
import type { Sequence, TopicId, UserId } from "../../core/ledger/ids";
import type {
  AdminStore,
  DatedOverview,
  NewAction,
  OperatorLogRow,
  RejectedEntry,
  StorageSizes,
  TopicPeople,
} from "../../ports/store/admin-store";
import { sequenceOf } from "./codec/ref";
import type { Statements } from "./drivers/statements";
import { DROPPED_MESSAGES, DROPPED_SIGNALS } from "./read/dropped-counts";
import { FIRST_UNVERIFIED, OVERVIEW, overviewOf, PEOPLE_BY_TOPIC, REJECTED, rejectedMessage } from "./read/operators";
import type { RowReader } from "./read/row-reader";
import { countRows, RELATION_SIZES } from "./read/server";
import { isAnyOf } from "./sql/unnested";

type EntryRow = typeof adminAudit.$inferSelect;

/** The operators' side of the store, in PostgreSQL. */
export class PostgresAdminStore implements AdminStore {
  constructor(
    private readonly statements: Statements,
    private readonly rowReader: RowReader,
  ) {}

  async begin({ actor, action, target, requestKey, nowMs }: NewAction) {
    const [begun] = await this.statements.run("admin", (db) =>
      db
        .insert(adminAudit)
        .values({ atMs: nowMs, updatedMs: nowMs, actor, action, target, state: "running", requestKey })
        .onConflictDoNothing({ target: adminAudit.requestKey })
        .returning(),
    );
    if (begun !== undefined) return { isNew: true, entry: this.entryOf(begun) };
    // Only a request with a key can meet a conflict.
    const [known] = await this.statements.run("admin", (db) =>
      db
        .select()
        .from(adminAudit)
        .where(eq(adminAudit.requestKey, requestKey ?? "")),
    );
    return { isNew: false, entry: this.entryOf(known as EntryRow) };
  }

  async update(id: number, { state, detail, nowMs }: Parameters<AdminStore["update"]>[1]): Promise<OperatorLogRow> {
    const isOver = state === "failed" || state === "refused";
    const change = { state, detail: detail === null ? null : JSON.stringify(detail), updatedMs: nowMs };
    const [row] = await this.statements.run("admin", (db) =>
      db
        .update(adminAudit)
        .set(isOver ? { ...change, requestKey: null } : change)
        .where(eq(adminAudit.id, id))
        .returning(),
    );
    return this.entryOf(row as EntryRow);
  }

  async entries(beforeId: number | null, limit: number): Promise<readonly OperatorLogRow[]> {
    const rows = await this.statements.run("admin", (db) =>
      db.select().from(adminAudit).where(isBefore(beforeId)).orderBy(desc(adminAudit.id)).limit(limit),
    );
    return rows.map((row) => this.entryOf(row));
  }

  async latest(actions: readonly string[], beforeId?: number): Promise<readonly OperatorLogRow[]> {
    const { action, state, target, id } = adminAudit;
    const rows = await this.statements.run("admin", (db) =>
      db
        .selectDistinctOn([target])
        .from(adminAudit)
        .where(and(isAnyOf(action, actions), isBefore(beforeId ?? null), ne(state, "refused")))
        .orderBy(target, desc(id)),
    );
    return rows.map((row) => this.entryOf(row));
  }

  /** An entry whose detail is not JSON is still shown: only the detail is left out, and the row is counted as unreadable. */
  private entryOf({ requestKey: _, detail: json, ...entry }: EntryRow): OperatorLogRow {
    const [detail = null] = this.rowReader.rows("admin_audit", json === null ? [] : [json], detailOf);
    return { ...entry, detail };
  }

  async topics(gapLimit: number, unpacked: number): Promise<readonly DatedOverview[]> {
    return (await this.statements.run("admin", OVERVIEW({ gapLimit, unpacked }))).map(overviewOf);
  }

  async firstUnverified(): Promise<ReadonlyMap<TopicId, Sequence>> {
    // Topics in which every message is verified are skipped. Most topics are like that.
    const rows = await this.statements.run("admin", (db) =>
      db
        .select({ topicId: topics.topicId, ref: FIRST_UNVERIFIED })
        .from(topics)
        .where(gt(sql`${topics.failed} + ${topics.unverifiable}`, 0)),
    );
    return new Map(rows.flatMap(({ topicId, ref }) => (ref === null ? [] : [[topicId, sequenceOf(ref)]])));
  }

  async peopleByTopic(): Promise<ReadonlyMap<TopicId, TopicPeople>> {
    const rows = await this.statements.run("admin", PEOPLE_BY_TOPIC);
    return new Map(rows.map(({ topicId, ...people }) => [topicId, people]));
  }

  async droppedMessages(): Promise<ReadonlyMap<TopicId, number>> {
    const rows = await this.statements.run("admin", DROPPED_MESSAGES);
    return new Map(rows.map(({ topicId, messages }) => [topicId, messages]));
  }

  async droppedSignals(userId: UserId): Promise<number> {
    const [row] = await this.statements.run("admin", DROPPED_SIGNALS({ userId }));
    return row?.signals ?? 0;
  }

  async sizes(): Promise<StorageSizes> {
    const rows = await this.statements.run("admin", RELATION_SIZES);
    const uncounted = rows.filter((each) => each.rows < 0);
    const counts = uncounted.length === 0 ? [] : await this.statements.run("admin", countRows(uncounted));
    const counted = new Map(counts.map((each) => [each.name, each.rows]));
    return {
      databaseBytes: rows[0]?.databaseBytes ?? 0,
      relations: rows.map(({ databaseBytes: _, heapBytes: _heap, ...relation }) => ({
        ...relation,
        rows: counted.get(relation.name) ?? relation.rows,
      })),
    };
  }

  async rejected(limit: number, startBytes: number): Promise<readonly RejectedEntry[]> {
    const rows = await this.statements.run("admin", REJECTED({ limit }));
    return this.rowReader.rows("topic_log", rows, (row) => rejectedMessage(row, startBytes));
  }
}

const isBefore = (id: number | null) => (id === null ? undefined : lt(adminAudit.id, id));

const detailOf = (json: string) => JSON.parse(json) as Record<string, unknown>;
