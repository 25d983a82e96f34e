import "server-only";
/**
 * The latest errors of this instance by kind, with request ids by which to find them in the log. It keeps no message and no
 * data.
 */
import type { Clock } from "../../ports/clock";
import type { Log } from "../../ports/log";
import { ERROR_KINDS_MAX, ERRORS_PER_KIND_MAX, type ErrorKind } from "../../wire/operators/recent-errors";
import { currentRequest } from "../http/request-scope";

export class RecentErrors {
  /** By kind, in the order of the last occurrence. */
  private readonly kinds = new Map<string, ErrorKind>();

  constructor(private readonly clock: Pick<Clock, "now">) {}

  /** `kind` is a fixed text of ours. `route` is the route's name, or null for background work. */
  note(kind: string, route: string | null): void {
    const known = this.kinds.get(kind);
    const requestId = currentRequest()?.requestId ?? null;
    const latest = [{ atMs: this.clock.now(), requestId, route }, ...(known?.latest ?? [])].slice(
      0,
      ERRORS_PER_KIND_MAX,
    );
    this.kinds.delete(kind);
    this.kinds.set(kind, { kind, count: (known?.count ?? 0) + 1, latest });
    const [oldest] = this.kinds.keys();
    if (this.kinds.size > ERROR_KINDS_MAX && oldest !== undefined) this.kinds.delete(oldest);
  }

  /** Newest kind first. */
  list(): ErrorKind[] {
    return [...this.kinds.values()].reverse();
  }

  /** A log that also notes errors outside requests here. Its messages are fixed texts. */
  following(log: Log): Log {
    const write = log.error.bind(log);
    return {
      info: log.info.bind(log),
      warn: log.warn.bind(log),
      error: (message, fields) => {
        if (currentRequest() === undefined) this.note(message, null);
        write(message, fields);
      },
    };
  }
}
