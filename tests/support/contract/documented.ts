/** Checks answers against the OpenAPI document that the server hands out: status, content type, headers and body, strictly. */
import { problemsOf, type Schema } from "./json-schema";

interface Answered {
  /** `GET /api/contacts`, as the route table names it. */
  readonly route: string;
  readonly status: number;
  readonly headers: Headers;
  /** Null for a stream, whose events are checked as they come. */
  readonly body: string | null;
}

interface Operation {
  readonly responses: Readonly<Record<string, Schema>>;
}

/** Headers that HTTP servers add. The document does not list them. */
const TRANSPORT = new Set([
  "connection",
  "content-encoding",
  "content-length",
  "content-type",
  "date",
  "keep-alive",
  "transfer-encoding",
]);

type Json = Readonly<Record<string, unknown>>;

export class Documented {
  constructor(private readonly document: Json) {}

  private readonly resolve = (ref: string): Schema => {
    let found: unknown = this.document;
    for (const name of ref.replace(/^#\//, "").split("/")) found = (found as Json | undefined)?.[name];
    if (found === undefined) throw new Error(`the document has no ${ref}`);
    return found as Schema;
  };

  private deref(schema: Schema): Schema {
    return typeof schema.$ref === "string" ? this.resolve(schema.$ref) : schema;
  }

  /** The documented operation of a route, or null. */
  operation(route: string): Operation | null {
    const [method = "", path = ""] = route.split(" ");
    const paths = this.document.paths as Readonly<Record<string, Readonly<Record<string, Operation>>>>;
    return paths[path]?.[method.toLowerCase()] ?? null;
  }

  /** Deviations from the document, one sentence each. */
  problems({ route, status, headers, body }: Answered): readonly string[] {
    const operation = this.operation(route);
    if (operation === null) return [`${route} is not documented`];
    const given = operation.responses[String(status)];
    if (given === undefined) return [`status ${status} is not documented; the body is ${body?.slice(0, 200)}`];
    const response = this.deref(given);
    return [
      ...this.headerProblems(headers, (response.headers ?? {}) as Readonly<Record<string, Schema>>),
      ...this.bodyProblems(headers, body, (response.content ?? {}) as Readonly<Record<string, { schema: Schema }>>),
    ];
  }

  private headerProblems(headers: Headers, documented: Readonly<Record<string, Schema>>): readonly string[] {
    const known = new Map(Object.entries(documented).map(([name, header]) => [name.toLowerCase(), this.deref(header)]));
    const unknown = [...headers.keys()].filter((name) => !known.has(name) && !TRANSPORT.has(name));
    const wrong = [...known].flatMap(([name, { required, schema }]) => {
      const value = headers.get(name);
      if (value === null) return required === true ? [`header ${name}: missing`] : [];
      const { type } = schema as Schema;
      const typed = type === "integer" ? Number(value) : type === "boolean" ? value === "true" : value;
      return problemsOf(typed, schema as Schema, this.resolve, `header ${name}`);
    });
    return [...unknown.map((name) => `header ${name}: not documented`), ...wrong];
  }

  private bodyProblems(headers: Headers, body: string | null, content: Readonly<Record<string, { schema: Schema }>>) {
    const [type = ""] = (headers.get("content-type") ?? "").split(";", 1);
    const media = content[type];
    if (Object.keys(content).length === 0) return body ? [`a body that is not documented: ${body.slice(0, 200)}`] : [];
    if (media === undefined) return [`content type ${type || "missing"}: not documented`];
    if (body === null || !/json$/.test(type)) return [];
    return problemsOf(JSON.parse(body), media.schema, this.resolve, "body");
  }
}
