import "server-only";
/** The Next side of a route: the only file of the server layer that knows Next. */
import { after } from "next/server";
import { type AnyRoute, answer } from "./route";
import { ROUTES, type RouteName } from "./routes/table";
import { getApp } from "./start";

type Handler = (request: Request, context: { params: Promise<Record<string, string>> }) => Promise<Response>;

/** The route handler for one line of the table. */
export function nextRoute(name: RouteName): Handler {
  const route: AnyRoute = ROUTES[name];
  return async (request, context) => {
    const [app, params] = await Promise.all([getApp(), context.params]);
    return answer(app, route, { request, params, background: (work) => after(work) });
  };
}
