import "server-only";
/**
 * The one wrapper around every route: method, session, scope, input, errors. A handler gets checked input and a signed-in user,
 * and returns a Response. Neither this file nor a handler knows Next.
 */
import type { z } from "zod";
import { parseUserId, type UserId } from "../../core/ledger/ids";
import { isTierUnavailable, type Tier } from "../../ports/tier-unavailable";
import { adminOf } from "../access/admins";
import { callerOf, type SignedIn } from "../access/caller";
import type { LimitName } from "../access/limits";
import type { App } from "../boot/app";
import { FOR_ANY_SITE, preflight } from "./any-site";
import { apiHeaders } from "./api-headers";
import { isProblem, type ProblemCode, ProblemError, problemResponse, problemStatus } from "./problem";
import { readJson } from "./read-body";
import { type KeptAnswer, responseOf } from "./remembered-answers";
import { inRequest, outsideRequests, HEADER as REQUEST_ID, requestIdOf } from "./request-scope";

export interface RouteContext<Query, Body> {
  readonly app: App;
  readonly request: Request;
  readonly url: URL;
  /** Path parameters by name. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  readonly body: Body;
  /** Runs work after the answer was sent, even on a platform that would stop the process then. */
  readonly background: (work: () => Promise<unknown>) => void;
}

export type UserContext<Query, Body> = RouteContext<Query, Body> & { readonly userId: UserId };

/** `actor`: the operator's name in the operator log. */
export type AdminContext<Query, Body> = RouteContext<Query, Body> & { readonly actor: string };

/** The request headers that a handler reads; views also read If-None-Match. */
export type HeededHeader = "If-Min-Sequence" | "Idempotency-Key" | "Last-Event-ID";

interface Common<Query, Body> {
  /** One line for the OpenAPI document. The members below supply the rest of it. */
  readonly summary: string;
  readonly heeds?: readonly HeededHeader[];
  /** `view`: the answer comes from viewResponse, with an ETag and its freshness. `cookie`: the answer sets the session. */
  readonly sends?: readonly ("view" | "cookie" | "compacted")[];
  /** Problems that the handler itself answers with, beside those of this wrapper. Tests refuse undocumented answers. */
  readonly problems?: readonly ProblemCode[];
  /** Pages of any site may read the answers. */
  readonly isForAnySite?: true;
  /** Statuses of refusals in a mirror's own form. */
  readonly mirrorErrors?: readonly (400 | 404)[];
  /** The operation's name in the OpenAPI document, where its path makes none of its own. */
  readonly operationId?: string;
  /** Other statuses of the answer, and their meanings. */
  readonly otherAnswers?: Readonly<Record<number, string>>;
  /** The secret that admits a caller without a session. */
  readonly bearer?: "cron" | "metrics";
  readonly query?: z.ZodType<Query>;
  readonly body?: z.ZodType<Body>;
  /** Members of the body that name no user here, although other routes' members of these names do. */
  readonly namesNobody?: readonly string[];
  /** The limit that counts the request, for its address and its user. */
  readonly limit: LimitName;
  /** The longest address that the route accepts, if more than usual. */
  readonly maxTargetCharacters?: number;
  /** The 200 answer: the schema of its JSON, or its media type. */
  readonly answer: z.ZodType | "text/event-stream" | "text/plain";
}

/**
 * A `user` route needs a session; an `admin` route an operator's session or the token; a `public` route neither. A `ledger` route
 * needs a session only while PUBLIC_LEDGER is off. Every route states its access.
 */
export type Route<Query = unknown, Body = unknown> =
  | (Common<Query, Body> & {
      readonly access: "public";
      /** How long one answer serves everybody. Only for answers that are the same for all callers and queries. */
      readonly rememberMs?: number;
      readonly handle: (context: RouteContext<Query, Body>) => Promise<Response>;
    })
  | (Common<Query, Body> & {
      readonly access: "ledger";
      readonly handle: (context: RouteContext<Query, Body>) => Promise<Response>;
    })
  | (Common<Query, Body> & {
      readonly access: "user";
      readonly handle: (context: UserContext<Query, Body>) => Promise<Response>;
    })
  | (Common<Query, Body> & {
      readonly access: "admin";
      readonly handle: (context: AdminContext<Query, Body>) => Promise<Response>;
    });

// A route's types are checked where it is defined. The table holds all routes as one type.
// biome-ignore lint/suspicious/noExplicitAny: see above
export type AnyRoute = Route<any, any>;

type PublicRoute = Extract<AnyRoute, { access: "public" }>;

export const defineRoute = <Query, Body>(route: Route<Query, Body>): Route<Query, Body> => route;

/** Parameter names that the UI uses for the owner of the data. */
export const OWNER_NAMES: readonly string[] = ["sessionId", "userId", "owner"];

export interface RouteRequest {
  readonly request: Request;
  readonly params: Readonly<Record<string, string>>;
  readonly background: RouteContext<unknown, unknown>["background"];
}

const names = new WeakMap<AnyRoute, string>();

/** Sets the name under which a route's requests are counted. A route without one counts as `other`. */
export function nameRoute(route: AnyRoute, name: string): void {
  names.set(route, name);
}

/** Answers one request, and counts it. Never throws. */
export async function answer(app: App, route: AnyRoute, routed: RouteRequest): Promise<Response> {
  const { headers } = routed.request;
  const requestId = requestIdOf(headers.get(REQUEST_ID));
  const trace = app.tracing?.begin(names.get(route) ?? "other", headers, requestId);
  return inRequest({ requestId, trace }, async () => {
    const startMs = performance.now();
    const isPreflight = route.isForAnySite === true && routed.request.method === "OPTIONS";
    const response = isPreflight
      ? preflight(routed.request)
      : await settled(app, route, () => respond(app, route, routed));
    for (const [name, value] of apiHeaders(headers.get("x-forwarded-proto"))) response.headers.set(name, value);
    response.headers.set(REQUEST_ID, requestId);
    if (route.isForAnySite) for (const [name, value] of FOR_ANY_SITE) response.headers.set(name, value);
    observe(app, route, response.status, performance.now() - startMs);
    trace?.end(response.status);
    // A function is frozen between requests, and unsent spans with it.
    if (app.tracing && app.env.isVercel) routed.background(app.tracing.flush);
    return response;
  });
}

function observe(app: App, route: AnyRoute, status: number, ms: number): void {
  const name = names.get(route) ?? "other";
  app.metrics.observeRequest(name, status, ms);
  if (app.env.LOG_REQUESTS === "on") app.log.info(name, { status, ms: Math.round(ms) });
  // Checks and scrapes come even if nobody is here, so they are not reported to other instances.
  if (app.isShared && route.access !== "public") app.reporter.notice();
}

async function respond(app: App, route: AnyRoute, { request, params, background }: RouteRequest): Promise<Response> {
  const url = new URL(request.url);
  if (request.method !== "GET" && request.method !== "HEAD") refuseCrossSite(request);
  await app.limits.spendAddress(route.limit, (name) => request.headers.get(name));
  const isForUsers = route.access === "user" || (route.access === "ledger" && app.env.PUBLIC_LEDGER === "off");
  const caller = isForUsers ? await callerOf(app, request) : null;
  if (isForUsers && caller === null) throw new ProblemError("no-session", "Sign in to see this.");
  const userId = caller?.userId ?? null;
  const actor = route.access === "admin" ? await adminOf(app, request) : null;
  if (userId !== null)
    refuseOthers(
      userId,
      OWNER_NAMES.flatMap((name) => url.searchParams.getAll(name)),
    );
  if (userId !== null) await app.limits.spendUser(route.limit, userId);
  const query = route.query ? parse(route.query, queryOf(url.searchParams)) : undefined;
  const json = route.body ? await readJson(request, app.clock) : undefined;
  if (userId !== null)
    refuseOthers(
      userId,
      OWNER_NAMES.filter((name) => !route.namesNobody?.includes(name)).map(
        (name) => (json as Record<string, unknown> | null | undefined)?.[name],
      ),
    );
  const body = route.body ? parse(route.body, json) : undefined;
  const context = { app, request, url, params, query, body, background };
  if (route.access === "admin") return route.handle({ ...context, actor: actor as string });
  if (route.access === "user") return signedIn(caller as SignedIn, (userId) => route.handle({ ...context, userId }));
  if (route.access === "ledger" || route.rememberMs === undefined) return route.handle(context);
  return responseOf(await remembered(app, route, context));
}

/** The handler's answer, with a cookie for a caller who came with a token. */
async function signedIn({ userId, setCookie }: SignedIn, handle: (userId: UserId) => Promise<Response>) {
  const response = await handle(userId);
  if (setCookie === null) return response;
  response.headers.append("set-cookie", setCookie);
  // No cache may hand this session on.
  response.headers.set("cache-control", "no-store");
  return response;
}

/** Caches a failure too, because asking again must not cost more while something is down. */
function remembered(app: App, route: PublicRoute, context: RouteContext<unknown, unknown>): Promise<KeptAnswer> {
  // The answer is for everybody, so a refusal must not name the request that happened to come first.
  const make = () => outsideRequests(() => settled(app, route, () => route.handle(context)));
  return app.remembered.get(names.get(route) ?? "other", route.rememberMs ?? 0, make);
}

/** A short form of `answer` for a route with cached answers. It counts the request and makes no Request object. */
export async function answerRemembered(app: App, route: AnyRoute, url: URL): Promise<KeptAnswer> {
  if (route.access !== "public") throw new Error("only a public answer is the same for everybody");
  const startMs = performance.now();
  const fresh = app.remembered.fresh(names.get(route) ?? "other");
  const nothing = {
    params: {},
    query: undefined,
    body: undefined,
    background: (work: () => Promise<unknown>) => void work(),
  };
  const kept = fresh ?? (await remembered(app, route, { app, request: new Request(url), url, ...nothing }));
  observe(app, route, kept.status, performance.now() - startMs);
  return kept;
}

/** The sentence for a request that needs a tier which is down. */
const DOWN: Readonly<Record<Tier, string>> = {
  redis: "The servers' shared state cannot be reached, so this is not safe now. Try again shortly.",
  postgres: "The database does not answer at the moment. Try again shortly.",
};

/** The answer of `work`, or the problem answer for its error. */
async function settled(app: App, route: AnyRoute, work: () => Promise<Response>): Promise<Response> {
  try {
    return await work();
  } catch (cause) {
    const note = (kind: string) => app.errors.note(kind, names.get(route) ?? "other");
    if (isProblem(cause)) {
      if (problemStatus(cause.code) >= 500) note(cause.code);
      return problemResponse(cause);
    }
    if (isTierUnavailable(cause)) {
      note(`${cause.tier} down`);
      return problemResponse({ code: "unavailable", detail: DOWN[cause.tier], options: {} });
    }
    note("internal");
    app.log.error("a request failed", { cause, route: names.get(route) ?? "other" });
    return problemResponse({
      code: "internal",
      detail: "Something went wrong on our side, and was logged. Try again.",
      options: {},
    });
  }
}

/** Turns repeated names into arrays, so that a schema decides whether they may repeat. */
function queryOf(params: URLSearchParams): Record<string, string | string[]> {
  const query: Record<string, string | string[]> = Object.create(null);
  for (const [name, value] of params) {
    const known = query[name];
    if (known === undefined) query[name] = value;
    else if (typeof known === "string") query[name] = [known, value];
    else known.push(value);
  }
  return query;
}

function parse<T>(schema: z.ZodType<T>, input: unknown): T {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const { path, message } = firstIssue(parsed.error.issues);
  // The sender chooses member names, so they are cut.
  const field = (path.join(".") || "body").slice(0, 100);
  throw new ProblemError("bad-input", `${field}: ${message}`, { field });
}

/** The first issue of a union's closest form: the caller most likely meant the form with the fewest faults. */
function firstIssue([issue]: readonly z.core.$ZodIssue[]): { path: readonly PropertyKey[]; message: string } {
  if (issue === undefined) return { path: [], message: "not in the documented form" };
  const { path, message } = issue;
  if (issue.code === "unrecognized_keys")
    return { path: [...path, issue.keys[0] ?? ""], message: "no member has this name" };
  if (issue.code !== "invalid_union") return { path, message };
  const [nearest] = [...issue.errors].sort((a, b) => a.length - b.length);
  const inner = firstIssue(nearest ?? []);
  return { ...inner, path: [...path, ...inner.path] };
}

/** Refuses a request that names another user. Answering it for the caller instead would hide the mistake. */
function refuseOthers(userId: UserId, named: readonly unknown[]): void {
  for (const name of named) {
    if (name === undefined || name === null || name === "" || parseUserId(name) === userId) continue;
    throw new ProblemError("not-yours", "You can only see and change what is yours.");
  }
}

/** Browsers say which site a request comes from. A page of another site must not write with this site's cookie. */
function refuseCrossSite(request: Request): void {
  const site = request.headers.get("sec-fetch-site");
  const origin = request.headers.get("origin");
  const host = request.headers.get("x-forwarded-host") ?? request.headers.get("host");
  const isForeign =
    (site !== null && site !== "same-origin" && site !== "none") ||
    (origin !== null && (!URL.canParse(origin) || new URL(origin).host !== host));
  if (isForeign) throw new ProblemError("cross-site", "This request comes from another site.");
}
