import "server-only";
/** OpenAPI 3.1 out of the route table: its schemas are JSON Schema 2020-12, which is what Zod writes. */
import { z } from "zod";
import { Problem } from "../wire/common";
import type { AnyRoute } from "./route";

const json = (schema: object) => ({ "application/json": { schema } });
const problem = (description: string) => ({
  description,
  content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
});
const schemaOf = (schema: z.ZodType, io: "input" | "output") => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return rest as Record<string, unknown> & { properties?: Record<string, object>; required?: string[] };
};

export function openApiDocument(routes: Readonly<Record<string, AnyRoute>>): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [name, route] of Object.entries(routes)) {
    const [method = "", path = ""] = name.split(" ");
    paths[path] = { ...paths[path], [method.toLowerCase()]: operation(path, route) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "TrustMesh Edge",
      version: "1.0.0",
      description:
        "Contacts, circle, signals and recognition of TrustMesh, cached from Hedera Consensus Service, verified and live.",
    },
    paths,
    components: {
      schemas: { Problem: schemaOf(Problem, "output") },
      securitySchemes: {
        session: { type: "apiKey", in: "cookie", name: "tm_session" },
        token: { type: "http", scheme: "bearer" },
      },
    },
  };
}

/** Either of the alternatives is enough. */
const SECURITY = {
  public: [],
  user: [{ session: [] }],
  admin: [{ session: [] }, { token: [] }],
} as const satisfies Record<AnyRoute["access"], readonly object[]>;

function operation(path: string, route: AnyRoute): Record<string, unknown> {
  const isStream = route.answer === "text/event-stream";
  const answer =
    typeof route.answer === "string"
      ? { [route.answer]: { schema: { type: "string" } } }
      : json(schemaOf(route.answer, "output"));
  return {
    summary: route.summary,
    security: SECURITY[route.access],
    parameters: [...pathParameters(path), ...(route.query ? queryParameters(route.query) : [])],
    ...(route.body ? { requestBody: { required: true, content: json(schemaOf(route.body, "input")) } } : {}),
    responses: {
      200: { description: "OK", content: answer },
      ...(route.access === "user" && !isStream ? { 304: { description: "The client's copy is still right" } } : {}),
      400: problem("Bad input; `field` names it"),
      ...(route.access === "user" ? { 401: problem("Not signed in"), 403: problem("Not yours") } : {}),
      ...(route.access === "admin"
        ? { 401: problem("Not signed in, or a wrong token"), 403: problem("Not an operator") }
        : {}),
      ...(route.limit ? { 429: problem("Too often; `Retry-After` says when again") } : {}),
      503: problem("A tier is down and nothing is cached, or the answer is not there yet"),
    },
  };
}

function pathParameters(path: string): object[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
}

function queryParameters(query: z.ZodType): object[] {
  const { properties = {}, required = [] } = schemaOf(query, "input");
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: "query",
    required: required.includes(name),
    schema,
  }));
}
