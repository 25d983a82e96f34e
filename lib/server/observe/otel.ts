import "server-only";
/**
 * Sends traces with OpenTelemetry to a collector that speaks OTLP over HTTP. The exporter itself reads
 * OTEL_EXPORTER_OTLP_HEADERS. The provider is not registered globally: Next would put page addresses, and so ids of people,
 * into a global one.
 */
import {
  type Context,
  defaultTextMapGetter,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from "@opentelemetry/sdk-trace-base";
import type { Measured, RequestTrace, Tracing } from "./trace-types";
import { VERSION } from "./version";

export interface OtelOptions {
  /** The collector's address, without `/v1/traces`. */
  readonly endpoint: string;
  readonly serviceName: string;
  /** The share of requests that are traced, 0 to 1. */
  readonly share: number;
}

/** A collector that hangs must not keep a server from ending. */
const EXPORT_TIMEOUT_MS = 5_000;

/** Milliseconds since 1970, with fractions. */
const nowMs = () => performance.timeOrigin + performance.now();

/** Traces requests, and exports `share` of them to the collector at `endpoint`. */
export function openOtel({ endpoint, serviceName, share }: OtelOptions): Tracing {
  const exporter = new OTLPTraceExporter({
    url: `${endpoint.replace(/\/+$/, "")}/v1/traces`,
    timeoutMillis: EXPORT_TIMEOUT_MS,
  });
  const ratio = new TraceIdRatioBasedSampler(share);
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ "service.name": serviceName, "service.version": VERSION }),
    // A caller may name the trace of a request, but cannot decide that it is kept.
    sampler: new ParentBasedSampler({ root: ratio, remoteParentSampled: ratio }),
    spanProcessors: [new BatchSpanProcessor(exporter, { exportTimeoutMillis: EXPORT_TIMEOUT_MS })],
  });
  const tracer = provider.getTracer(serviceName, VERSION);
  const propagator = new W3CTraceContextPropagator();

  return {
    begin(route, headers, requestId) {
      const given = { traceparent: headers.get("traceparent") ?? undefined };
      const around = propagator.extract(ROOT_CONTEXT, given, defaultTextMapGetter);
      const [method = "", path = ""] = route.split(" ");
      const attributes = { "http.request.method": method, "http.route": path, "trustmesh.request_id": requestId };
      const span = tracer.startSpan(route, { kind: SpanKind.SERVER, attributes, startTime: nowMs() }, around);
      return new Request(span, trace.setSpan(around, span), (measured, context) => {
        const { name, ms, isError, isCall, attributes: of } = measured;
        const endMs = nowMs();
        const kind = isCall ? SpanKind.CLIENT : SpanKind.INTERNAL;
        const part = tracer.startSpan(name, { kind, attributes: of, startTime: endMs - ms }, context);
        if (isError) part.setStatus({ code: SpanStatusCode.ERROR });
        part.end(endMs);
      });
    },
    flush: () => provider.forceFlush().catch(() => {}),
    close: () => provider.shutdown().catch(() => {}),
  };
}

class Request implements RequestTrace {
  constructor(
    private readonly span: Span,
    private readonly inside: Context,
    private readonly record: (measured: Measured, context: Context) => void,
  ) {}

  get traceId(): string {
    return this.span.spanContext().traceId;
  }

  add(measured: Measured): void {
    if (this.span.spanContext().traceFlags !== 0) this.record(measured, this.inside);
  }

  end(status: number): void {
    this.span.setAttribute("http.response.status_code", status);
    if (status >= 500) this.span.setStatus({ code: SpanStatusCode.ERROR });
    this.span.end(nowMs());
  }
}
