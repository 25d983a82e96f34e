import "server-only";
/** The shapes of tracing, apart from OpenTelemetry and from the request scope. */

/** A measured span that has just ended. It names no user and quotes nothing that was sent. */
export interface Measured {
  readonly name: string;
  readonly ms: number;
  readonly isError: boolean;
  /** Another server was asked. */
  readonly isCall: boolean;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface RequestTrace {
  readonly traceId: string;
  add(measured: Measured): void;
  end(status: number): void;
}

export interface Tracing {
  /** `route`: as the table names it. `headers` may say of which trace the request is a part. */
  begin(route: string, headers: Headers, requestId: string): RequestTrace;
  /** Sends the ended spans. */
  flush(): Promise<void>;
  close(): Promise<void>;
}
