import "server-only";
/** The latest errors of this instance, by kind, with the ids of their requests: where to look in the log. No message, no data. */
import type { Clock } from "../../ports/clock";
import type { Log } from "../../ports/log";
import { ERROR_KINDS_MAX, ERRORS_PER_KIND_MAX, type ErrorKind } from "../../wire/recent-errors";
import { currentRequest } from "../http/request-scope";

export class RecentErrors {
  /** By kind; the kind that occurred last is the last one. */
  private readonly kinds = new Map<string, ErrorKind>();

  constructor(private readonly clock: Pick<Clock, "now">) {}

  /** `kind` is a fixed text of ours. `route`: the route's name; null for work in the background. */
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

  /** A log that also notes errors outside requests here. Their messages are fixed texts. */
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
