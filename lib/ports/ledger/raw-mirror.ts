import type { Result } from "../../core/result";
import type { LedgerError } from "./ledger";

/** A mirror's answer as it came. */
export interface RawAnswer {
  /** 200, or the mirror's 400 or 404. */
  readonly status: number;
  /** JSON. */
  readonly body: string;
}

export interface RawMirror {
  /** Sends one request to the preferred mirror that answers. `path`: behind `/api/v1`, with its query. */
  raw(path: string): Promise<Result<RawAnswer, LedgerError>>;
}
