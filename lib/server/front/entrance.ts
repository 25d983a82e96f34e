import "server-only";
/** The path of every request once the app is open: gate, rate guard, then the route itself, the web UI or the framework. */
import { tooManyProblem } from "../access/caller-limits";
import { SOCKET_HEADER } from "../access/client-address";
import type { App } from "../boot/app";
import type { AnyRoute } from "../http/route";
import { ROUTES, type RouteName } from "../routes/table";
import { gated } from "./admission/gated";
import { RateGuard } from "./admission/rate-guard";
import { headOf } from "./admission/request-head";
import { sendProblem, setApiHeaders } from "./answers/plain-answer";
import { notReady } from "./answers/starting";
import type { ServeRoute } from "./direct";
import type { Serve } from "./front";
import { passOn } from "./pass-on";

export interface EntranceOptions {
  readonly app: Pick<App, "clock" | "limits" | "metrics" | "ui">;
  /** Serves the routes of the table. */
  readonly routes: ServeRoute;
  /** Serves pages and files. */
  readonly next: Serve;
  readonly isEnding: () => boolean;
}

const isForAnySite = (name: RouteName | null): boolean =>
  name !== null && (ROUTES[name] as AnyRoute).isForAnySite === true;

export function entrance({ app, routes, next, isEnding }: EntranceOptions): Serve {
  const guard = new RateGuard(app);
  return gated(app.ui !== null, ({ to, route, params, limit }, request, response) => {
    const head = headOf(request);
    if (isEnding() && route === "GET /api/health/ready")
      return notReady(request, response, ["The server is stopping."]);
    return guard.admit({
      limit,
      header: head.header,
      isCounted: route !== null,
      // A pipelined response that is not the next one has no socket yet, so it does not learn that its client has left.
      isGone: () => response.destroyed || request.socket.destroyed,
      enter: (address) => {
        if (head.hasBody && head.get("expect") !== null) response.writeContinue();
        if (route !== null) return routes({ name: route, params, address }, request, response);
        request.headers[SOCKET_HEADER] = head.get(SOCKET_HEADER) ?? "";
        if (to === "ui" && app.ui !== null) return passOn(app.ui, request, response);
        setApiHeaders(head, response);
        return next(request, response);
      },
      refuse: (waitMs) => sendProblem(request, response, tooManyProblem(waitMs), { isForAnySite: isForAnySite(route) }),
    });
  });
}
