import "server-only";
/** The Next side of a route: the only file of the server layer that knows Next. */
import { headers } from "next/headers";
import { after } from "next/server";
import { systemClock } from "../../adapters/memory/system-clock";
import type { Rendered } from "../../wire/rendered";
import { getApp } from "../boot/start";
import { uiOrigin } from "../config/ui-origin";
import { type GateVerdict, judgeRequest } from "../front/admission/gate";
import { ROUTES, type RouteName } from "../routes/table";
import { passWebRequest, problemResponse } from "../ui-origin/pass-web";
import { webResponse } from "./answers/web-response";
import { firstViews } from "./first-views";
import { PAGE_HEADER } from "./page-header";
import { type AnyRoute, answer } from "./route";

type Handler = (request: Request, context: { params: Promise<Record<string, string>> }) => Promise<Response>;

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;

/**
 * The route handlers for one address: `names` are its rows of the route table. They check the request first, as our own server does. There
 * is one for every method, because Next would refuse a missing method without a sentence, and would answer OPTIONS by itself.
 */
export function nextRoute(...names: readonly RouteName[]): Record<(typeof METHODS)[number], Handler> {
  const handle: Handler = async (request, context) => {
    const verdict = verdictOn(request, false);
    if (verdict.kind === "refuse") return problemResponse(request, verdict.problem, verdict);
    const name = names.find((each) => each === verdict.route);
    if (name === undefined) throw new Error(`the file of ${names.join(", ")} has another address than these`);
    const route: AnyRoute = ROUTES[name];
    const [app, params] = await Promise.all([getApp(), context.params]);
    const answered = await answer(app, route, { request, params, background: (work) => after(work) });
    return webResponse(answered, request.signal);
  };
  return Object.fromEntries(METHODS.map((method) => [method, handle])) as ReturnType<typeof nextRoute>;
}

/** The refusal of a request for a page, as our own server gives it; null if it may go on. */
export const pageRefusal = (request: Request): Response | null => refusalOf(request, false);

/** The handler for addresses that have no page and no route: passes requests on to UI_ORIGIN, or refuses them. */
export async function nextPassOn(request: Request): Promise<Response> {
  return refusalOf(request, uiOrigin(process.env) !== null) ?? passWebRequest(await getApp(), request);
}

/** The first data of the page that is rendered now. Null for a page that reads its data itself, as filtered signals do. */
export async function renderedData(): Promise<Rendered | null> {
  const given = await headers();
  const { pathname, searchParams } = new URL(given.get(PAGE_HEADER) ?? "/", "http://page");
  if (pathname !== "/signals" || searchParams.has("show")) return null;
  return firstViews(getApp, given, (work) => after(work), systemClock);
}

function refusalOf(request: Request, hasUi: boolean): Response | null {
  const verdict = verdictOn(request, hasUi);
  return verdict.kind === "pass" ? null : problemResponse(request, verdict.problem, verdict);
}

function verdictOn(request: Request, hasUi: boolean): GateVerdict {
  const { pathname, search } = new URL(request.url);
  return judgeRequest({
    method: request.method,
    target: pathname + search,
    header: (name) => request.headers.get(name),
    headerCount: [...request.headers].length,
    hasUi,
  });
}
