import "server-only";
/** Cursors for pages that go back in time. They are opaque to clients, and hold the consensus time of the last item. */
import { type ConsensusNs, formatConsensusTime, parseConsensusTime } from "../../core/ledger/consensus-time";
import { ProblemError } from "./answers/problem";

/** The cursor of a page: the consensus time that it ended at, as base64url, so that clients do not compute with it. */
export const encodeCursor = (ns: ConsensusNs): string => Buffer.from(formatConsensusTime(ns)).toString("base64url");

/** Null for the first page. Throws ProblemError for a cursor that this server did not make. */
export function decodeCursor(cursor: string | undefined): ConsensusNs | null {
  if (cursor === undefined) return null;
  const ns = parseConsensusTime(Buffer.from(cursor, "base64url").toString("latin1"));
  if (ns !== null) return ns;
  throw new ProblemError(
    "bad-input",
    'The parameter "cursor" is none that this server gave out. Start again without it.',
    {
      field: "cursor",
    },
  );
}
