/**
 * What one unit of work costs, as `npm run bench` measured it (two shared cores, Node 20, PostgreSQL 18): the capacity model
 * multiplies these and nothing else. `row` is the bench row to run again; after a change that moves one, its value is changed here.
 */

export interface UnitFigure {
  readonly value: number;
  readonly unit: string;
  /** The row of `npm run bench` that it comes from. */
  readonly row: string;
  /** Why it is not the row's own last answer; null where it is. */
  readonly provisional: string | null;
}

const SMALLER = "200,000 messages of 4,000 people, on a busy machine";
const EARLIER = "an earlier measurement, before the row";

export const UNIT_FIGURES = {
  /** Everything in PostgreSQL that a message leaves behind: log, rows, indexes, contacts. */
  storedBytesPerMessage: { value: 567, unit: "bytes", row: "storage.bytes_per_message", provisional: SMALLER },
  /** What the ledger charges by. */
  messageBytes: { value: 197, unit: "bytes", row: "storage.message_bytes", provisional: SMALLER },
  walBytesPerMessage: { value: 1_283, unit: "bytes", row: "storage.wal_bytes_per_message", provisional: SMALLER },
  commitMessagesPerS: { value: 12_000, unit: "messages/s", row: "commit.pg.messages_per_s", provisional: EARLIER },
  /** CPU of PostgreSQL for one message in a commit of many, for a commit as such, and for one read. */
  postgresUsPerMessage: { value: 69, unit: "µs CPU", row: "postgres.cpu_us_per_message", provisional: SMALLER },
  postgresUsPerCommit: { value: 2_665, unit: "µs CPU", row: "postgres.cpu_us_per_commit", provisional: SMALLER },
  postgresUsPerRead: { value: 2_520, unit: "µs CPU", row: "postgres.cpu_us_per_read", provisional: SMALLER },
  /** A user with 50 contacts and 200 signals in the first tier: all four views. */
  cachedUserBytes: { value: 37_158, unit: "bytes", row: "memory.users_100k", provisional: null },
  /** One view, the mean of contacts, circle and signals. */
  viewBytes: { value: 11_054, unit: "bytes", row: "memory.bytes_per_view", provisional: null },
  requestUs: { value: 2_050, unit: "µs CPU", row: "read.l1.cpu_us", provisional: EARLIER },
  /** Fetch, check, decode, commit: the instance's whole way of a message. */
  syncMessagesPerS: {
    value: 3_000,
    unit: "messages/s",
    row: "sync.messages_per_s",
    provisional: "assumed, until the row has been run on a quiet machine",
  },
  /** Of a commit event, for each user it names. */
  eventBytesPerUser: {
    value: 60,
    unit: "bytes",
    row: "capacity.event_bytes_per_user",
    provisional: "counted on encoded events of two to a hundred users",
  },
} as const satisfies Record<string, UnitFigure>;

export type UnitFigureName = keyof typeof UNIT_FIGURES;

export const figure = (name: UnitFigureName): number => UNIT_FIGURES[name].value;
