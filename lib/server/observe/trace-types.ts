import "server-only";
/** Types of tracing that need neither OpenTelemetry nor the request scope. */
import type { HeaderValues } from "../http/api-request";

/** A measured span that has just ended. It names no user and quotes nothing that people sent. */
export interface Measured {
  readonly name: string;
  readonly ms: number;
  readonly isError: boolean;
  /** True if the span is a call to another server. */
  readonly isCall: boolean;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface RequestTrace {
  readonly traceId: string;
  add(measured: Measured): void;
  end(status: number): void;
}

export interface Tracing {
  /** `route` is the name in the route table. `headers` may name the trace that the request belongs to. */
  begin(route: string, headers: HeaderValues, requestId: string): RequestTrace;
  /** Sends the ended spans. */
  flush(): Promise<void>;
  close(): Promise<void>;
}
