import "server-only";
/** Writes the OpenAPI 3.1 document from the route table. Zod's JSON Schema 2020-12 fits OpenAPI 3.1 unchanged. */
import type { z } from "zod/mini";
import { SESSION_COOKIES } from "../access/session";
import { mayBeLeftOut } from "../http/checked-input";
import type { AnyRoute, HeededHeader } from "../http/route";
import { answersOf, HEADERS, PROBLEM_SCHEMA } from "./answers";
import { jsonSchema } from "./schema";

/** The document's title. By it a client recognises a server of this app. */
export const API_TITLE = "TrustMesh Edge";

/** The document as JSON. `isSecure`: sessions use the cookie that browsers send over TLS only. */
export function openApiDocument(routes: Readonly<Record<string, AnyRoute>>, isSecure = false): Record<string, unknown> {
  const paths: Record<string, Record<string, Operation>> = {};
  for (const [name, route] of Object.entries(routes)) {
    const [method = "", path = ""] = name.split(" ");
    paths[path] = { ...paths[path], [method.toLowerCase()]: operation(method, path, route) };
  }
  const responses = shareResponses(Object.values(paths).flatMap((each) => Object.values(each)));
  const bearer = (description: string) => ({ type: "http", scheme: "bearer", description });
  return {
    openapi: "3.1.0",
    info: {
      title: API_TITLE,
      version: "1.0.0",
      description:
        "Contacts, circle, signals and recognition of TrustMesh, cached from Hedera Consensus Service, verified and live.",
    },
    servers: [{ url: "/", description: "The server that answers this document" }],
    paths,
    components: {
      schemas: { Problem: PROBLEM_SCHEMA },
      responses,
      headers: HEADERS,
      securitySchemes: {
        session: { type: "apiKey", in: "cookie", name: SESSION_COOKIES[isSecure ? "secure" : "plain"] },
        magic: bearer(
          "A DID token of a Magic application that MAGIC_CLIENT_ID names; its answer sets the session's cookie",
        ),
        token: bearer("ADMIN_TOKEN"),
        cron: bearer("CRON_SECRET"),
        metrics: bearer("METRICS_TOKEN; a devnet without it needs no token"),
      },
    },
  };
}

interface Operation extends Record<string, unknown> {
  responses: Record<string, object>;
}

/**
 * Replaces each response that several operations share by a reference, and returns those responses by name. Most responses are
 * refusals, which routes have in common.
 */
function shareResponses(operations: readonly Operation[]): Record<string, object> {
  const users = new Map<string, { readonly status: string; readonly count: number }>();
  for (const { responses } of operations)
    for (const [status, response] of Object.entries(responses)) {
      const text = JSON.stringify(response);
      users.set(text, { status, count: (users.get(text)?.count ?? 0) + 1 });
    }
  const shared = [...users].filter(([, { count }]) => count > 1);
  const names = new Map(shared.map(([text, { status }], index) => [text, `Status${status}-${index + 1}`]));
  for (const operation of operations)
    operation.responses = Object.fromEntries(
      Object.entries(operation.responses).map(([status, response]) => {
        const name = names.get(JSON.stringify(response));
        return [status, name === undefined ? response : { $ref: `#/components/responses/${name}` }];
      }),
    );
  return Object.fromEntries(shared.map(([text]) => [names.get(text) as string, JSON.parse(text) as object]));
}

/** One of the alternatives is enough. */
function securityOf({ access, bearer }: AnyRoute): object[] {
  if (access === "user") return [{ session: [] }, { magic: [] }];
  if (access === "ledger") return [{}, { session: [] }, { magic: [] }];
  if (access === "admin") return [{ session: [] }, { token: [] }];
  return bearer === undefined ? [] : [{ [bearer]: [] }];
}

function operation(method: string, path: string, route: AnyRoute): Operation {
  return {
    operationId: route.operationId ?? operationId(method, path),
    summary: route.summary,
    security: securityOf(route),
    parameters: [
      ...pathParameters(path),
      ...(route.query ? queryParameters(route.query) : []),
      ...headersHeeded(route).map((name) => ({ name, in: "header", required: false, ...REQUEST_HEADERS[name] })),
    ],
    ...(route.body
      ? {
          requestBody: {
            required: !mayBeLeftOut(route.body),
            content: { "application/json": { schema: jsonSchema(route.body, "input") } },
          },
        }
      : {}),
    responses: answersOf(route, method),
  };
}

/** `getHcsEvents`, `postAdminTopicsPause`. Parameters in braces are left out. */
function operationId(method: string, path: string): string {
  const words = path
    .replace(/^\/api\//, "")
    .replaceAll(/\{\w+\}/g, "")
    .split(/[^A-Za-z0-9]+/);
  return method.toLowerCase() + words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join("");
}

const headersHeeded = ({ heeds = [], sends = [] }: AnyRoute): readonly (HeededHeader | "If-None-Match")[] => [
  ...heeds,
  ...(sends.includes("view") ? (["If-None-Match"] as const) : []),
];

const REQUEST_HEADERS: Readonly<Record<HeededHeader | "If-None-Match", object>> = {
  "If-None-Match": {
    description: "The `ETag` of the client's copy: the answer is 304 while the copy is current",
    schema: { type: "string" },
  },
  "If-Min-Sequence": {
    description:
      "`<topicId>=<sequence>`, separated by commas: the answer holds these messages. The server waits 3 seconds for them.",
    schema: { type: "string", examples: ["0.0.7148063=1042"] },
  },
  "Idempotency-Key": {
    description:
      "A key that the client chooses for this request. A second request with the same key gets the first one's answer",
    schema: { type: "string", pattern: "^[\\x21-\\x7e]{1,200}$" },
  },
  "Last-Event-ID": {
    description: "The id of the last event that the client received; the stream continues after it",
    schema: { type: "string", pattern: "^\\d{1,16}$" },
  },
};

function pathParameters(path: string): object[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
}

function queryParameters(query: z.ZodMiniType): object[] {
  const { properties = {}, required = [] } = jsonSchema(query, "input");
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: "query",
    required: required.includes(name),
    schema,
  }));
}
