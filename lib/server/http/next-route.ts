import "server-only";
/** The Next side of a route: the only file of the server layer that knows Next. */
import { after } from "next/server";
import { getApp } from "../boot/start";
import { judge } from "../front/gate";
import { ROUTES, type RouteName } from "../routes/table";
import { apiHeaders } from "./api-headers";
import { problemResponse } from "./problem";
import { type AnyRoute, answer } from "./route";

type Handler = (request: Request, context: { params: Promise<Record<string, string>> }) => Promise<Response>;

/** The route handler for one row of the route table. If our own server is not in front, this checks the request first. */
export function nextRoute(name: RouteName): Handler {
  const route: AnyRoute = ROUTES[name];
  return async (request, context) => {
    const refusal = refusalOf(request);
    if (refusal !== null) return refusal;
    const [app, params] = await Promise.all([getApp(), context.params]);
    return answer(app, route, { request, params, background: (work) => after(work) });
  };
}

/** The handler for addresses of the API that are none: the framework would answer them with a page. */
export const unknownAddress = (request: Request): Response => refusalOf(request) ?? problemResponse(NO_ROUTE_FILE);

/** A route of the table that has no file of its own in app/api. */
const NO_ROUTE_FILE = { code: "not-found", detail: "There is nothing at this address.", options: {} } as const;

function refusalOf(request: Request): Response | null {
  const { pathname, search } = new URL(request.url);
  const header = (name: string) => request.headers.get(name);
  const verdict = judge({
    method: request.method,
    target: pathname + search,
    header,
    headerCount: [...request.headers].length,
  });
  if (verdict.kind === "pass") return null;
  const response = problemResponse(verdict.problem);
  for (const [name, value] of apiHeaders(header("x-forwarded-proto"))) response.headers.set(name, value);
  if (verdict.allow !== null) response.headers.set("allow", verdict.allow);
  return response;
}
