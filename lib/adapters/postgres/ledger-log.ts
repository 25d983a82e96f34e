import { type ConsensusNs, consensusNs } from "../../core/ledger/consensus-time";
import type { LedgerLog, LogPage, LogQuery } from "../../ports/store/ledger-log";
import { verification } from "./codec/codes";
import { logEntry } from "./codec/rows";
import type { Statements } from "./drivers/statements";
import { MESSAGE_AT, PAGE_OF } from "./read/ledger-log";
import type { Readable } from "./read/readable";

/** The log as a mirror's readers see it, in PostgreSQL. */
export class PostgresLedgerLog implements LedgerLog {
  constructor(
    private readonly statements: Statements,
    private readonly readable: Readable,
  ) {}

  async page({ topicId, sequences, times, order, limit }: LogQuery): Promise<LogPage> {
    const asked = { topicId, ...sequences, fromNs: times.from, toNs: times.to, limit };
    const found = await this.statements.run("log", PAGE_OF[order](asked));
    const [first] = found;
    return {
      rows: this.readable.rows("topic_log", found, (row) => logEntry({ ...row, body: null })),
      isFull: first !== undefined && (first.found >= limit || found.length < first.found),
      lastNs: first === undefined ? null : consensusNs(first.lastNs),
      isNeighbourVerified: first !== undefined && first.neighbour === verification.code("verified"),
    };
  }

  async at(ns: ConsensusNs) {
    const found = await this.statements.run("log", MESSAGE_AT({ ns }));
    const [message] = this.readable.rows("topic_log", found, ({ topicId, ...row }) => ({
      topicId,
      entry: logEntry({ ...row, body: null }),
    }));
    return message ?? null;
  }
}
