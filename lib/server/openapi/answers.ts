import "server-only";
/** The answers of a route in OpenAPI's form: statuses with their problems, headers, bodies. */
import { Problem } from "../../wire/common";
import { MirrorError } from "../../wire/mirror";
import { STREAM_EVENTS } from "../../wire/stream";
import { PROBLEM_CODES, type ProblemCode, problemStatus, problemTitle } from "../http/answers/problem";
import type { AnyRoute } from "../http/route";
import { jsonSchema } from "./schema";

const text = { type: "string" } as const;
const header = (description: string, schema: object = text, required = false) => ({
  description,
  required,
  schema,
});

/** Headers of answers by name. Every answer has those of `ALWAYS`. */
export const HEADERS = {
  "X-Request-Id": header("The request's id in the server's log", text, true),
  "Content-Security-Policy": header("A browser that shows the answer as a page runs and loads nothing", text, true),
  "X-Content-Type-Options": header("The browser does not guess the media type", { const: "nosniff" }, true),
  "Referrer-Policy": header("The browser sends its address to this site only", text, true),
  "Cross-Origin-Resource-Policy": header("Pages of other sites cannot embed answers", text, true),
  "Permissions-Policy": header("Pages get no access to devices", text, true),
  "Cross-Origin-Opener-Policy": header("Other sites' windows cannot reach in", text, true),
  "X-Frame-Options": header("No frame may show an answer", { const: "DENY" }, true),
  "Strict-Transport-Security": header("Present if the client uses TLS"),
  "Cache-Control": header("How long a cache may keep the answer", text, true),
  Vary: header("The request headers that the answer depends on"),
  ETag: header("Identifies the data; send it as `If-None-Match`", text, true),
  "Cache-Status": header("The tiers that were asked, closest to the origin first (RFC 9211)", text, true),
  "Server-Timing": header("Milliseconds spent in each tier, and in all", text, true),
  "TrustMesh-As-Of": header("Same as `asOf` in the body; missing before the first sync", {
    type: "string",
    pattern: "^\\d+\\.\\d{9}$",
  }),
  "TrustMesh-Lag-Ms": header("Same as `lagMs` in the body; missing if that is null", { type: "integer", minimum: 0 }),
  "TrustMesh-Stale": header("Same as `stale` in the body", { type: "boolean" }, true),
  "Retry-After": header("Seconds after which the request may be sent again", { type: "integer", minimum: 0 }),
  "Set-Cookie": header("Sets or clears the session cookie"),
  "Access-Control-Allow-Origin": header("Pages of any site may read the answer", { const: "*" }, true),
  "Access-Control-Expose-Headers": header("The headers that they may read", text, true),
  "TrustMesh-Form": header(
    "The messages were made here: they are not the ledger's bytes",
    { const: "compacted" },
    true,
  ),
  "X-Accel-Buffering": header("Tells proxies not to buffer events", { const: "no" }, true),
} as const;
type HeaderName = keyof typeof HEADERS;

const ALWAYS = [
  "X-Request-Id",
  "Content-Security-Policy",
  "X-Content-Type-Options",
  "Referrer-Policy",
  "Cross-Origin-Resource-Policy",
  "Permissions-Policy",
  "Cross-Origin-Opener-Policy",
  "X-Frame-Options",
  "Strict-Transport-Security",
  "Cache-Control",
  "Vary",
] as const satisfies readonly HeaderName[];
const OF_VIEWS = [
  "ETag",
  "Cache-Status",
  "Server-Timing",
  "TrustMesh-As-Of",
  "TrustMesh-Lag-Ms",
  "TrustMesh-Stale",
] as const;

const OF_ANY_SITE = ["Access-Control-Allow-Origin", "Access-Control-Expose-Headers"] as const;

const headersOf = (...names: readonly HeaderName[]) =>
  Object.fromEntries([...ALWAYS, ...names].map((name) => [name, { $ref: `#/components/headers/${name}` }]));

/** Every failure is a problem (RFC 9457). */
export const PROBLEM_SCHEMA = jsonSchema(Problem, "output");

/** Every problem of a route: the refusals of the gate and of the wrapper, and the route's own. */
function problemsOf(route: AnyRoute, method: string): ReadonlySet<ProblemCode> {
  const { access, body, heeds = [], problems = [] } = route;
  return new Set<ProblemCode>([
    // The gate (front/admission/gate.ts).
    "bad-input",
    "too-large",
    "address-too-long",
    "headers-too-large",
    "bad-transfer-coding",
    "too-many",
    "internal",
    "unavailable",
    ...(method === "GET" ? [] : (["cross-site"] as const)),
    ...(access === "user" || access === "ledger"
      ? (["no-session", "not-yours", "wrong-token", "account-refused", "ledger-unavailable"] as const)
      : []),
    ...(access === "admin" ? (["no-session", "wrong-token", "not-admin"] as const) : []),
    ...(body ? (["bad-media-type", "bad-content-coding", "too-slow"] as const) : []),
    ...(heeds.includes("If-Min-Sequence") ? (["not-yet", "paused"] as const) : []),
    ...problems,
  ]);
}

function problemAnswers(codes: ReadonlySet<ProblemCode>, more: readonly HeaderName[]): Record<string, object> {
  const statuses = new Set([...codes].map(problemStatus).sort());
  const answers = [...statuses].map((status) => {
    const ofStatus = PROBLEM_CODES.filter((code) => codes.has(code) && problemStatus(code) === status);
    const description = ofStatus.map((code) => `\`${code}\`: ${problemTitle(code)}`).join("; ");
    const schema = {
      allOf: [{ $ref: "#/components/schemas/Problem" }, { properties: { code: { enum: ofStatus } } }],
    };
    return [
      status,
      { description, headers: headersOf("Retry-After", ...more), content: { "application/problem+json": { schema } } },
    ];
  });
  return Object.fromEntries(answers);
}

function contentOf({ answer }: AnyRoute): Record<string, object> {
  if (answer === "text/plain") return { "text/plain": { schema: text } };
  if (answer !== "text/event-stream") return { "application/json": { schema: jsonSchema(answer, "output") } };
  const events = Object.entries(STREAM_EVENTS).map(([name, schema]) => [name, jsonSchema(schema, "output")]);
  return { "text/event-stream": { schema: text, "x-events": Object.fromEntries(events) } };
}

const MIRROR_ERROR = { "application/json": { schema: jsonSchema(MirrorError, "output") } };

/** All answers of a route by status. */
export function answersOf(route: AnyRoute, method: string): Record<string, object> {
  const { sends = [] } = route;
  const isStream = route.answer === "text/event-stream";
  const isView = sends.includes("view");
  const always = route.isForAnySite ? OF_ANY_SITE : [];
  const headers = headersOf(
    ...always,
    ...(isView ? OF_VIEWS : []),
    ...(sends.includes("cookie") || route.access === "user" ? (["Set-Cookie"] as const) : []),
    ...(sends.includes("compacted") ? (["TrustMesh-Form"] as const) : []),
    ...(isStream ? (["X-Accel-Buffering"] as const) : []),
  );
  const problems = problemAnswers(problemsOf(route, method), always);
  const answers: Record<string, object> = {
    ...problems,
    200: { description: "OK", headers, content: contentOf(route) },
  };
  if (isView) answers[304] = { description: "The client's copy is current", headers };
  for (const [status, description] of Object.entries(route.otherAnswers ?? {}))
    answers[status] = withContent(problems[status], description, headers, contentOf(route));
  for (const status of route.mirrorErrors ?? [])
    answers[status] = withContent(
      problems[status],
      "Refused in a mirror's own form",
      headersOf(...always),
      MIRROR_ERROR,
    );
  return answers;
}

/** A status with two meanings: the route's own answer, and a problem. */
function withContent(problem: object | undefined, description: string, headers: object, content: object): object {
  const { content: other = {}, description: more } = (problem ?? {}) as { content?: object; description?: string };
  return {
    description: more === undefined ? description : `${description}, or ${more}`,
    headers: { ...(problem && headersOf("Retry-After")), ...headers },
    content: { ...content, ...other },
  };
}
