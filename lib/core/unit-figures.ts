/**
 * What one unit of work costs, as `npm run bench` measured it (two shared cores, Node 20, PostgreSQL 18): the capacity model
 * multiplies these and nothing else. `row` is the bench row to run again; after a change that moves one, its value is changed here.
 */

export interface UnitFigure {
  readonly value: number;
  readonly unit: string;
  /** The row of `npm run bench` that it comes from. */
  readonly row: string;
}

export const UNIT_FIGURES = {
  /** Everything in PostgreSQL that a message leaves behind: log, rows, indexes, contacts. */
  storedBytesPerMessage: { value: 528, unit: "bytes", row: "storage.bytes_per_message" },
  /** What the ledger charges by. */
  messageBytes: { value: 230, unit: "bytes", row: "storage.message_bytes" },
  walBytesPerMessage: { value: 1_000, unit: "bytes", row: "storage.wal_bytes_per_message" },
  commitMessagesPerS: { value: 12_000, unit: "messages/s", row: "commit.pg.messages_per_s" },
  /** CPU of PostgreSQL for one message in a commit of many, for a commit as such, and for one read. */
  postgresUsPerMessage: { value: 80, unit: "µs CPU", row: "postgres.cpu_us_per_message" },
  postgresUsPerCommit: { value: 3_000, unit: "µs CPU", row: "postgres.cpu_us_per_commit" },
  postgresUsPerRead: { value: 1_000, unit: "µs CPU", row: "postgres.cpu_us_per_read" },
  /** A user with 50 contacts and 200 signals in the first tier: all four views. */
  cachedUserBytes: { value: 30_000, unit: "bytes", row: "memory.bytes_per_cached_user" },
  /** One view, the mean of contacts, circle and signals. */
  viewBytes: { value: 8_000, unit: "bytes", row: "memory.bytes_per_view" },
  requestUs: { value: 2_000, unit: "µs CPU", row: "read.l1.cpu_us" },
  /** Fetch, check, decode, commit: the instance's whole way of a message. */
  syncMessagesPerS: { value: 3_000, unit: "messages/s", row: "sync.messages_per_s" },
  /** Of a commit event, for each user it names. */
  eventBytesPerUser: { value: 60, unit: "bytes", row: "capacity.event_bytes_per_user" },
} as const satisfies Record<string, UnitFigure>;

export type UnitFigureName = keyof typeof UNIT_FIGURES;

export const figure = (name: UnitFigureName): number => UNIT_FIGURES[name].value;
