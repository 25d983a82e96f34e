/**
 * The yardstick of the storage rows: the plan's columns, one row for each user whom a message concerns, and the body as jsonb.
 */
import type { Batch } from "@/lib/core/signals/batch";
import type { MeasuredPostgres } from "./measured-postgres";

const CREATE = `CREATE TABLE naive_messages (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(), user_id text NOT NULL, topic_id text NOT NULL, type text NOT NULL,
  sequence_number bigint NOT NULL, consensus_timestamp numeric NOT NULL, actor text, target text, metadata jsonb NOT NULL,
  payer text NOT NULL, running_hash text NOT NULL, created_at timestamptz NOT NULL DEFAULT now());
CREATE INDEX ON naive_messages (user_id, consensus_timestamp);
CREATE INDEX ON naive_messages (user_id, type, consensus_timestamp)`;

export class NaiveTable {
  /** The number of ledger messages whose rows are in the table. */
  messages = 0;

  private constructor(private readonly postgres: MeasuredPostgres) {}

  static async create(postgres: MeasuredPostgres): Promise<NaiveTable> {
    await postgres.run(CREATE);
    return new NaiveTable(postgres);
  }

  async insert({ topicId, entries, rows }: Batch): Promise<void> {
    this.messages += entries.length;
    if (rows.length === 0) return;
    const entryOf = new Map(entries.map((entry) => [entry.sequence, entry]));
    const values = rows.map(({ userId, sequence, consensusNs, type, peerId, isActor }) => {
      const { message, body, payer, runningHash } = entryOf.get(sequence) as (typeof entries)[number];
      const [actor, target] = isActor ? [userId, peerId] : [peerId, userId];
      return {
        user_id: userId,
        topic_id: topicId,
        type,
        sequence_number: sequence,
        consensus_timestamp: consensusNs.toString(),
        actor,
        target,
        metadata: JSON.parse(Buffer.from(body ?? message).toString("utf8")) as unknown,
        payer,
        running_hash: Buffer.from(runningHash ?? []).toString("base64"),
      };
    });
    await this.postgres.run(
      `INSERT INTO naive_messages (user_id, topic_id, type, sequence_number, consensus_timestamp, actor, target, metadata, payer, running_hash)
      SELECT * FROM jsonb_to_recordset($1::jsonb) AS x (user_id text, topic_id text, type text, sequence_number bigint,
        consensus_timestamp numeric, actor text, target text, metadata jsonb, payer text, running_hash text)`,
      [JSON.stringify(values)],
    );
  }
}
