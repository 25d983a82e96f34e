import "server-only";
/**
 * Traces of requests. Where a collector is configured, it gets the spans that are measured for metrics and Server-Timing
 * anyway. OpenTelemetry is loaded only where OTEL_EXPORTER_OTLP_ENDPOINT is set (otel.ts).
 */
import type { Env } from "../config/env";
import { currentRequest } from "../http/request-scope";
import type { Measured, Tracing } from "./trace-types";

/** To the trace of the request that the running code works for, if there is one. */
export function trace(measured: Measured): void {
  currentRequest()?.trace?.add(measured);
}

export async function openTracing(env: Env): Promise<Tracing | null> {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint } = env;
  if (endpoint === undefined) return null;
  const { openOtel } = await import("./otel");
  return openOtel({ endpoint, serviceName: env.OTEL_SERVICE_NAME, share: env.OTEL_TRACES_SAMPLER_ARG });
}
