import "server-only";
/**
 * Traces of requests. If a collector is configured, it gets the spans that are measured anyway for metrics and Server-Timing.
 * OpenTelemetry is loaded only if OTEL_EXPORTER_OTLP_ENDPOINT is set (otel.ts).
 */
import type { Env } from "../config/env";
import { currentRequest } from "../http/request-scope";
import type { Measured, Tracing } from "./trace-types";

/** Adds a span to the trace of the current request, if there is one. Only then is `measured` called. */
export function trace(measured: () => Measured): void {
  const traced = currentRequest()?.trace;
  if (traced !== undefined) traced.add(measured());
}

/** Null if no collector is configured: then OpenTelemetry is not loaded. */
export async function openTracing(env: Env): Promise<Tracing | null> {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint } = env;
  if (endpoint === undefined) return null;
  const { openOtel } = await import("./otel");
  return openOtel({ endpoint, serviceName: env.OTEL_SERVICE_NAME, share: env.OTEL_TRACES_SAMPLER_ARG });
}
