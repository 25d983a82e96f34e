import "server-only";
/** The path of every request once the app is open: gate, rate guard, then the route itself, the web UI or the framework. */
import { tooManyProblem } from "../access/caller-limits";
import { SOCKET_HEADER } from "../access/client-address";
import type { App } from "../boot/app";
import { type ProblemParts, problemStatus } from "../http/answers/problem";
import { inRequest } from "../http/request-scope";
import type { RouteName } from "../routes/table";
import { isForAnySite } from "./admission/gate";
import { type Enter, gated } from "./admission/gated";
import { RateGuard } from "./admission/rate-guard";
import { headOf } from "./admission/request-head";
import { idOf, isOfApi, type ProblemPageOptions, sendProblem, setApiHeaders } from "./answers/plain-answer";
import { notReady } from "./answers/starting";
import type { ServeRoute } from "./direct";
import type { Serve } from "./front";
import { endWithClient } from "./half-closed";
import { passOn } from "./pass-on";

export interface EntranceOptions {
  readonly app: Pick<App, "clock" | "limits" | "metrics" | "ui" | "log"> & {
    readonly env: Pick<App["env"], "LOG_REQUESTS">;
  };
  /** Serves the routes of the table. */
  readonly routes: ServeRoute;
  /** Serves pages and files. */
  readonly next: Serve;
  readonly isEnding: () => boolean;
}

/** The handler of every request: request gate, rate guard, then our routes, the web UI or Next. */
export function entrance({ app, routes, next, isEnding }: EntranceOptions): Serve {
  const guard = new RateGuard(app);
  /** Sends a refusal, and logs it as `answer` does the answers of routes. */
  const refuse = (
    route: RouteName | null,
    problem: ProblemParts,
    options: ProblemPageOptions,
    [request, response]: Parameters<Serve>,
  ) => {
    const requestId = idOf(request);
    sendProblem(request, response, problem, { ...options, requestId });
    if (app.env.LOG_REQUESTS !== "on" || !isOfApi(request)) return;
    inRequest({ requestId }, () => app.log.info(route ?? "other", { status: problemStatus(problem.code) }));
  };
  const enter: Enter = ({ to, route, params, limit }, request, response) => {
    const head = headOf(request);
    if (isEnding() && route === "GET /api/health/ready")
      return notReady(request, response, ["The server is stopping."]);
    let release: (() => void) | null = null;
    let isDecided = false;
    const decide = () => {
      isDecided = true;
      release?.();
    };
    const admitted = guard.admit({
      limit,
      header: head.header,
      isCounted: route !== null,
      isGone: () => response.destroyed || request.socket.destroyed,
      enter: (address) => {
        decide();
        if (head.hasBody && head.get("expect") !== null) response.writeContinue();
        if (route !== null) return routes({ name: route, params, address }, request, response);
        request.headers[SOCKET_HEADER] = head.get(SOCKET_HEADER) ?? "";
        if (to === "ui" && app.ui !== null) return passOn(app.ui, request, response);
        setApiHeaders(head, response);
        return next(request, response);
      },
      refuse: (waitMs) => {
        decide();
        refuse(route, tooManyProblem(waitMs), { isForAnySite: isForAnySite(route) }, [request, response]);
      },
    });
    if (isDecided || !(admitted instanceof Promise)) return admitted;
    // It waits for its turn, which does not come for a client that has left.
    release = endWithClient(request.socket);
    return admitted.finally(release);
  };
  return gated(app.ui !== null, enter, ({ route, problem, allow, isForAnySite }, ...sent) =>
    refuse(route, problem, { allow, isForAnySite }, sent),
  );
}
