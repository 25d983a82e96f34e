/**
 * Cost of one unit of work, measured by `npm run bench` on two shared cores with Node 20 and PostgreSQL 18. The capacity model
 * multiplies these figures and nothing else. `row` names the bench row. When a change moves a row, change its value here.
 */

export interface UnitFigure {
  readonly value: number;
  readonly unit: string;
  /** The row of `npm run bench` that measures it. */
  readonly row: string;
}

export const UNIT_FIGURES = {
  /** Everything in PostgreSQL that a message of the last 30 days takes: log, rows, indexes, contacts; older ones packed. */
  storedBytesPerMessage: { value: 93, unit: "bytes", row: "storage.plan_bytes_per_message" },
  /** The size that the ledger's fee depends on. */
  messageBytes: { value: 194, unit: "bytes", row: "storage.message_bytes" },
  /** Several signals in one ledger message: its size without them, and what each takes. */
  batchBytes: { value: 70, unit: "bytes", row: "batch.bytes" },
  batchBytesPerSignal: { value: 42.4, unit: "bytes", row: "batch.bytes_per_signal" },
  walBytesPerMessage: { value: 1_419, unit: "bytes", row: "storage.wal_bytes_per_message" },
  commitMessagesPerS: { value: 14_000, unit: "messages/s", row: "commit.pg.messages_per_s" },
  /** CPU of PostgreSQL: for one message in a commit of many, for each commit, and for one read. */
  postgresUsPerMessage: { value: 52, unit: "µs CPU", row: "postgres.cpu_us_per_message" },
  postgresUsPerCommit: { value: 537, unit: "µs CPU", row: "postgres.cpu_us_per_commit" },
  postgresUsPerRead: { value: 815, unit: "µs CPU", row: "postgres.cpu_us_per_read" },
  /** The same where PostgreSQL plans each statement anew, as it does over HTTP. */
  postgresHttpUsPerCommit: { value: 1_282, unit: "µs CPU", row: "postgres.http_cpu_us_per_commit" },
  postgresHttpUsPerRead: { value: 1_455, unit: "µs CPU", row: "postgres.http_cpu_us_per_read" },
  /** A user with 50 contacts and 200 signals in memory (L1): all four views. */
  cachedUserBytes: { value: 37_822, unit: "bytes", row: "memory.users_100k" },
  /** One view, the mean of contacts, circle and signals. */
  viewBytes: { value: 11_054, unit: "bytes", row: "memory.bytes_per_view" },
  /** An instance's CPU for an answer from memory: by our own server, and by Next's route handler alone, as a function answers. */
  requestUs: { value: 31, unit: "µs CPU", row: "read.fast.cpu_us" },
  frameworkRequestUs: { value: 1_280, unit: "µs CPU", row: "read.framework.cpu_us" },
  /** CPU for a view that memory does not have, and for a write with its syncs: Redis over TCP, and over HTTP. */
  coldReadTcpUs: { value: 2_500, unit: "µs CPU", row: "read.cold.tcp_cpu_us" },
  coldReadHttpUs: { value: 4_722, unit: "µs CPU", row: "read.cold.http_cpu_us" },
  writeTcpUs: { value: 11_292, unit: "µs CPU", row: "write.tcp_cpu_us" },
  writeHttpUs: { value: 11_583, unit: "µs CPU", row: "write.http_cpu_us" },
  /** CPU of Redis for one command of ours, most of which are scripts. */
  redisUsPerCommand: { value: 142, unit: "µs CPU", row: "redis.cpu_us_per_command" },
  /** First answers, nonces and fences stay in Redis for a day. */
  redisBytesPerWrite: { value: 382, unit: "bytes", row: "redis.bytes_per_write" },
  /** Answers on the wire, heads included: a compressed view, an unchanged one, a write's, an event of a stream. */
  answerBytes: { value: 2_222, unit: "bytes", row: "read.cold.br_bytes" },
  unchangedBytes: { value: 799, unit: "bytes", row: "read.304.bytes" },
  writeAnswerBytes: { value: 826, unit: "bytes", row: "write.answer_bytes" },
  streamEventBytes: { value: 89, unit: "bytes", row: "stream.event_bytes" },
  /** A message in a page of a mirror's REST answer, uncompressed. */
  mirrorBytesPerMessage: { value: 653, unit: "bytes", row: "mirror.bytes_per_message" },
  /** How fast an instance fetches, checks, decodes and commits messages. */
  syncMessagesPerS: { value: 6_186, unit: "messages/s", row: "sync.messages_per_s" },
  /** Bytes of a commit event for each user that it names. */
  eventBytesPerUser: { value: 77, unit: "bytes", row: "capacity.event_bytes_per_user" },
} as const satisfies Record<string, UnitFigure>;

export type UnitFigureName = keyof typeof UNIT_FIGURES;

/** The measured value, in the unit that its row in `UNIT_FIGURES` names. */
export const figure = (name: UnitFigureName): number => UNIT_FIGURES[name].value;
