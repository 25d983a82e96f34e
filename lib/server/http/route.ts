import "server-only";
/**
 * The one wrapper around every route: method, session, scope, input, errors. A handler gets checked input and a signed-in user,
 * and returns an answer. Neither this file nor a handler knows Next.
 */
import type * as z from "zod/mini";
import { type Awaitable, andThen, orElse } from "../../core/awaitable";
import { parseUserId, type SessionId, type UserId } from "../../core/ledger/ids";
import { isTierUnavailable, type Tier } from "../../ports/tier-unavailable";
import { adminOf } from "../access/admins";
import { callerOf, type SignedIn } from "../access/caller";
import type { LimitName } from "../access/limits";
import type { App } from "../boot/app";
import type { Answer } from "./answers/answer";
import { preflight } from "./answers/any-site";
import { routeHeaders } from "./answers/api-headers";
import { compressed } from "./answers/compression";
import { isProblem, type ProblemCode, ProblemError, problemAnswer, problemStatus } from "./answers/problem";
import { type ApiRequest, onlyReads, perHead, urlOf } from "./api-request";
import { checkedBody, checkedQuery } from "./checked-input";
import { readJsonBody } from "./read-body";
import { NO_FLOOR, parseFloor, type ReadFloor, reachFloor } from "./read-floor";
import { inRequest, outsideRequests, REQUEST_ID_HEADER, requestIdOf } from "./request-scope";

export interface RouteContext<Query, Body> {
  readonly app: App;
  readonly request: ApiRequest;
  readonly url: URL;
  /** Path parameters by name. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  readonly body: Body;
  /** The messages that the answer must hold, if the route heeds `If-Min-Sequence`. All of them are stored. */
  readonly floor: ReadFloor;
  /** Runs work after the answer was sent, even on a platform that would stop the process then. */
  readonly background: (work: () => Promise<unknown>) => void;
}

export type UserContext<Query, Body> = RouteContext<Query, Body> & Pick<SignedIn, "userId" | "session">;

/** `actor`: the operator's name in the operator log. */
export type AdminContext<Query, Body> = RouteContext<Query, Body> & { readonly actor: string };

/** The request headers that a handler reads; views also read If-None-Match. */
export type HeededHeader = "If-Min-Sequence" | "Idempotency-Key" | "Last-Event-ID";

interface Common<Query, Body> {
  /** One line for the OpenAPI document. The members below supply the rest of it. */
  readonly summary: string;
  readonly heeds?: readonly HeededHeader[];
  /** `view`: the answer comes from viewAnswer, with an ETag and its freshness. `cookie`: the answer sets the session. */
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
  readonly query?: z.ZodMiniType<Query>;
  readonly body?: z.ZodMiniType<Body>;
  /** Members of the body that name no user here, although other routes' members of these names do. */
  readonly namesNobody?: readonly string[];
  /** The limit that counts the request, for its address and its user. */
  readonly limit: LimitName;
  /** The longest address that the route accepts, if more than usual. */
  readonly maxTargetCharacters?: number;
  /** The 200 answer: the schema of its JSON, or its media type. */
  readonly answer: z.ZodMiniType | "text/event-stream" | "text/plain";
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
      readonly handle: (context: RouteContext<Query, Body>) => Awaitable<Answer>;
    })
  | (Common<Query, Body> & {
      readonly access: "ledger";
      readonly handle: (context: RouteContext<Query, Body>) => Awaitable<Answer>;
    })
  | (Common<Query, Body> & {
      readonly access: "user";
      readonly handle: (context: UserContext<Query, Body>) => Awaitable<Answer>;
    })
  | (Common<Query, Body> & {
      readonly access: "admin";
      readonly handle: (context: AdminContext<Query, Body>) => Awaitable<Answer>;
    });

// A route's types are checked where it is defined. The table holds all routes as one type.
// biome-ignore lint/suspicious/noExplicitAny: see above
export type AnyRoute = Route<any, any>;

type PublicRoute = Extract<AnyRoute, { access: "public" }>;

/** Returns the route as it is. The call lets the compiler infer the types of its query and body from its schemas. */
export const defineRoute = <Query, Body>(route: Route<Query, Body>): Route<Query, Body> => route;

/** Parameter names that the UI uses for the owner of the data. */
export const OWNER_NAMES: readonly string[] = ["sessionId", "userId", "owner"];

export interface RouteRequest {
  readonly request: ApiRequest;
  readonly params: Readonly<Record<string, string>>;
  readonly background: RouteContext<unknown, unknown>["background"];
  /** The client's address, if the server in front has already read it (CallerLimits.addressOf). */
  readonly address?: string;
  /** The Accept-Encoding header by which the answer is compressed. Null or absent: it is not. */
  readonly encoding?: string | null;
}

const names = new WeakMap<AnyRoute, string>();
const nameOf = (route: AnyRoute): string => names.get(route) ?? "other";

/** Sets the name under which a route's requests are counted. A route without one counts as `other`. */
export function nameRoute(route: AnyRoute, name: string): void {
  names.set(route, name);
}

/** Answers one request, and counts it. Never throws. Returns the answer itself, and no promise, if there was nothing to wait for. */
export function answer(app: App, route: AnyRoute, routed: RouteRequest): Awaitable<Answer> {
  const { headers } = routed.request;
  const requestId = requestIdOf(headers.get(REQUEST_ID_HEADER));
  const trace = app.tracing?.begin(nameOf(route), headers, requestId);
  return inRequest({ requestId, trace }, () => {
    const startMs = performance.now();
    const isPreflight = route.isForAnySite === true && routed.request.method === "OPTIONS";
    const made = isPreflight ? preflight(routed.request) : settled(app, route, () => respond(app, route, routed));
    return andThen(made, ({ status, headers: own, lines = [], body }): Answer => {
      observe(app, route, status, performance.now() - startMs);
      trace?.end(status);
      // A function is frozen between requests, and unsent spans with it.
      if (app.tracing && app.env.isVercel) routed.background(app.tracing.flush);
      const common = routeHeaders(headers.get("x-forwarded-proto"), route.isForAnySite === true);
      return { status, headers: own, common, lines: [REQUEST_ID_HEADER, requestId, ...lines], body };
    });
  });
}

function observe(app: App, route: AnyRoute, status: number, ms: number): void {
  const name = nameOf(route);
  app.metrics.observeRequest(name, status, ms);
  if (app.env.LOG_REQUESTS === "on") app.log.info(name, { status, ms: Math.round(ms) });
  // Checks and scrapes come even if nobody is here, so they are not reported to other instances.
  if (app.isShared && route.access !== "public") app.reporter.notice();
}

function respond(app: App, route: AnyRoute, routed: RouteRequest): Awaitable<Answer> {
  const { request, address } = routed;
  if (!onlyReads(request)) refuseCrossSite(request);
  const from = address ?? app.limits.addressOf((name) => request.headers.get(name));
  return andThen(app.limits.spendAddress(route.limit, from), () => {
    if (route.access === "admin")
      return andThen(adminOf(app, request), (actor) =>
        withInput(route, new Context(app, routed, from, null, actor), (context) => route.handle(context as AdminOf)),
      );
    if (route.access === "public" || (route.access === "ledger" && app.env.PUBLIC_LEDGER === "on"))
      return withInput(route, new Context(app, routed, from), (context) =>
        route.access === "ledger" || route.rememberMs === undefined
          ? route.handle(context)
          : remembered(app, route, context),
      );
    return andThen(callerOf(app, request), (caller) => {
      if (caller === null)
        throw new ProblemError("no-session", `Sign in to ${onlyReads(request) ? "see" : "do"} this.`);
      return withInput(route, new Context(app, routed, from, caller), (context) =>
        route.access === "ledger" ? route.handle(context) : signedIn(caller, () => route.handle(context as UserOf)),
      );
    });
  });
}

type AdminOf = AdminContext<unknown, unknown>;
type UserOf = UserContext<unknown, unknown>;

/** The context of one request. It parses the URL only when a handler asks for it. */
class Context implements RouteContext<unknown, unknown> {
  readonly request: ApiRequest;
  readonly params: RouteRequest["params"];
  readonly background: RouteRequest["background"];
  query: unknown = undefined;
  body: unknown = undefined;
  floor = NO_FLOOR;
  /** The signed-in user, for whom the request is counted. */
  readonly userId: UserId | null;
  readonly session: SessionId | null;
  readonly encoding: string | null;

  constructor(
    readonly app: App,
    { request, params, background, encoding = null }: RouteRequest,
    /** The client's address, as limits count it. */
    readonly address: string,
    /** Null without a signed-in user. */
    caller: SignedIn | null = null,
    readonly actor: string | null = null,
  ) {
    this.request = request;
    this.params = params;
    this.background = background;
    this.encoding = encoding;
    this.userId = caller?.userId ?? null;
    this.session = caller?.session ?? null;
  }

  get url(): URL {
    return urlOf(this.request);
  }

  get searchParams(): URLSearchParams {
    return parametersOf(this.request);
  }
}

const NO_PARAMETERS = new URLSearchParams();
const parametersOf = (request: ApiRequest): URLSearchParams =>
  request.url.includes("?") ? urlOf(request).searchParams : NO_PARAMETERS;
const ownersNamedIn = perHead((request): readonly string[] =>
  OWNER_NAMES.flatMap((name) => parametersOf(request).getAll(name)),
);

/** Calls `handle` with checked input. */
function withInput(
  route: AnyRoute,
  context: Context,
  handle: (context: Context) => Awaitable<Answer>,
): Awaitable<Answer> {
  const { app, request, address, userId, encoding } = context;
  if (userId !== null) refuseOthers(userId, ownersNamedIn(request));
  // Compressing is a part of the work: it takes as much CPU as loading.
  const make = () => andThen(handle(context), (made) => compressed(made, encoding));
  const work = () => app.limits.limitAddressConcurrency(route.limit, address, make);
  const inTurn = () => (userId === null ? work() : app.limits.limitUserConcurrency(route.limit, userId, work));
  const begin = () => {
    if (!route.heeds?.includes("If-Min-Sequence")) return inTurn();
    context.floor = parseFloor(request.headers.get("if-min-sequence"), app);
    // A read that waits for its floor does no work, so it takes no turn from the caller's other reads.
    return context.floor.size === 0 ? inTurn() : reachFloor(app, context.floor).then(inTurn);
  };
  return andThen(userId === null ? undefined : app.limits.spendUser(route.limit, userId), () => {
    if (route.query) context.query = checkedQuery(route.query, queryOf(context.searchParams), OWNER_NAMES);
    if (!route.body) return begin();
    const { body: schema, namesNobody } = route;
    return andThen(readJsonBody(request, app.clock), (json) => {
      if (userId !== null)
        refuseOthers(
          userId,
          OWNER_NAMES.filter((name) => !namesNobody?.includes(name)).map(
            (name) => (json as Record<string, unknown> | null | undefined)?.[name],
          ),
        );
      context.body = checkedBody(schema, json);
      return begin();
    });
  });
}

/** The handler's answer, with a cookie for a caller who came with a token. */
function signedIn({ setCookie }: SignedIn, handle: () => Awaitable<Answer>): Awaitable<Answer> {
  if (setCookie === null) return handle();
  return andThen(handle(), (given) => ({
    ...given,
    // No cache may hand this session on.
    headers: { ...given.headers, "set-cookie": setCookie, "cache-control": "no-store" },
  }));
}

/** Caches a failure too, because asking again must not cost more while something is down. */
function remembered(app: App, route: PublicRoute, context: RouteContext<unknown, unknown>): Awaitable<Answer> {
  // The answer is for everybody, so a refusal must not name the request that happened to come first.
  const make = () => outsideRequests(() => settled(app, route, () => route.handle(context)));
  return app.remembered.get(nameOf(route), route.rememberMs ?? 0, make);
}

/** The sentence for a request that needs a tier which is down. */
const DOWN: Readonly<Record<Tier, string>> = {
  redis: "The servers' shared state cannot be reached, so this is not safe now. Try again shortly.",
  postgres: "The database does not answer at the moment. Try again shortly.",
};

/** The answer of `work`, or the problem answer for its error. */
const settled = (app: App, route: AnyRoute, work: () => Awaitable<Answer>): Awaitable<Answer> =>
  orElse(work, (cause) => {
    const note = (kind: string) => app.errors.note(kind, nameOf(route));
    if (isProblem(cause)) {
      if (problemStatus(cause.code) >= 500) note(cause.code);
      return problemAnswer(cause);
    }
    if (isTierUnavailable(cause)) {
      note(`${cause.tier} down`);
      return problemAnswer({ code: "unavailable", detail: DOWN[cause.tier], options: {} });
    }
    note("internal");
    app.log.error("a request failed", { cause, route: nameOf(route) });
    return problemAnswer({
      code: "internal",
      detail: "Something went wrong on our side, and was logged. Try again.",
      options: {},
    });
  });

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

/** Refuses a request that names another user. Answering it for the caller instead would hide the mistake. */
function refuseOthers(userId: UserId, named: readonly unknown[]): void {
  for (const name of named) {
    if (name === undefined || name === null || name === "" || parseUserId(name) === userId) continue;
    throw new ProblemError("not-yours", "You can only see and change what is yours.");
  }
}

/** Browsers say which site a request comes from. A page of another site must not write with this site's cookie. */
function refuseCrossSite(request: ApiRequest): void {
  const site = request.headers.get("sec-fetch-site");
  const origin = request.headers.get("origin");
  const host = request.headers.get("x-forwarded-host") ?? request.headers.get("host");
  const isForeign =
    (site !== null && site !== "same-origin" && site !== "none") ||
    (origin !== null && (!URL.canParse(origin) || new URL(origin).host !== host));
  if (isForeign) throw new ProblemError("cross-site", "This request comes from another site.");
}
