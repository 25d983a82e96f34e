/** A collector of traces. It receives OTLP over HTTP in JSON, and keeps every span. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface CollectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Null for a trace's first span. */
  readonly parentSpanId: string | null;
  readonly name: string;
  /** OTLP's number: 1 internal, 2 server, 3 client. */
  readonly kind: number;
  readonly ms: number;
  readonly isError: boolean;
  readonly attributes: Readonly<Record<string, unknown>>;
}

export interface OtlpStandIn {
  readonly url: string;
  readonly spans: CollectedSpan[];
  /** Every request as text: method, path, headers and body. */
  readonly raw: string[];
  stop(): Promise<void>;
}

interface WireSpan extends Omit<CollectedSpan, "parentSpanId" | "ms" | "isError" | "attributes"> {
  readonly parentSpanId?: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly status?: { readonly code?: number };
  readonly attributes: readonly { readonly key: string; readonly value: Record<string, unknown> }[];
}
interface WireBody {
  readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly WireSpan[] }[] }[];
}

const ERROR = 2;

function spanOf({ startTimeUnixNano, endTimeUnixNano, status, attributes, ...span }: WireSpan): CollectedSpan {
  return {
    ...span,
    parentSpanId: span.parentSpanId ?? null,
    ms: Number(BigInt(endTimeUnixNano) - BigInt(startTimeUnixNano)) / 1e6,
    isError: status?.code === ERROR,
    attributes: Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]])),
  };
}

export async function startOtlp(): Promise<OtlpStandIn> {
  const spans: CollectedSpan[] = [];
  const raw: string[] = [];
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    raw.push(`${request.method} ${request.url} ${JSON.stringify(request.headers)}\n${text}`);
    const { resourceSpans } = JSON.parse(text) as WireBody;
    spans.push(...resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans.map(spanOf))));
    response.setHeader("content-type", "application/json").end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    raw,
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
