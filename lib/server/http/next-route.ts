import "server-only";
/** The Next side of a route: the only file of the server layer that knows Next. */
import { headers } from "next/headers";
import { after } from "next/server";
import { systemClock } from "../../adapters/memory/system-clock";
import type { Rendered } from "../../wire/rendered";
import { getApp } from "../boot/start";
import { uiOrigin } from "../config/ui-origin";
import { judge } from "../front/admission/gate";
import { ROUTES, type RouteName } from "../routes/table";
import { passWebRequest, refusal } from "../ui-origin/pass-web";
import { webResponse } from "./answers/web-response";
import { firstViews } from "./first-views";
import { PAGE_HEADER } from "./page-header";
import { type AnyRoute, answer } from "./route";

type Handler = (request: Request, context: { params: Promise<Record<string, string>> }) => Promise<Response>;

/** The route handler for one row of the route table. If our own server is not in front, this checks the request first. */
export function nextRoute(name: RouteName): Handler {
  const route: AnyRoute = ROUTES[name];
  return async (request, context) => {
    const refusal = refusalOf(request, false);
    if (refusal !== null) return refusal;
    const [app, params] = await Promise.all([getApp(), context.params]);
    const answered = await answer(app, route, { request, params, background: (work) => after(work) });
    return webResponse(answered, request.signal);
  };
}

/** The handler for addresses that have no page and no route: passes requests on to UI_ORIGIN, or refuses them. */
export async function passOn(request: Request): Promise<Response> {
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
  const { pathname, search } = new URL(request.url);
  const verdict = judge({
    method: request.method,
    target: pathname + search,
    header: (name) => request.headers.get(name),
    headerCount: [...request.headers].length,
    hasUi,
  });
  return verdict.kind === "pass" ? null : refusal(request, verdict.problem, verdict.allow);
}
