import "server-only";
import { tooManyProblem } from "../access/caller-limits";
/** The path of every request once the app is open: gate, rate guard, cached answers, then the framework. */
import type { App } from "../boot/app";
import { hasBody } from "../http/read-body";
import type { KeptAnswer } from "../http/remembered-answers";
import { type AnyRoute, answerRemembered } from "../http/route";
import { ROUTES, type RouteName } from "../routes/table";
import type { Serve } from "./front";
import { gated } from "./gated";
import { passOn } from "./pass-on";
import { headersOf, send, sendProblem } from "./plain-answer";
import { RateGuard } from "./rate-guard";
import { notReady } from "./starting";

export interface EntranceOptions {
  readonly app: Pick<App, "clock" | "limits" | "metrics" | "ui">;
  /** The answer of a route whose answers are cached. */
  readonly remembered: (name: RouteName) => Promise<KeptAnswer>;
  /** Serves every request that was admitted and not answered here. */
  readonly next: Serve;
  readonly isEnding: () => boolean;
}

const routeNamed = (name: RouteName): AnyRoute => ROUTES[name];

const isKept = (route: AnyRoute) => route.access === "public" && route.rememberMs !== undefined;

/** Calls the routes directly, without the framework. */
export const rememberedOf =
  (app: App): EntranceOptions["remembered"] =>
  (name) =>
    answerRemembered(app, routeNamed(name), new URL(name.split(" ")[1] as string, "http://localhost"));

export function entrance({ app, remembered, next, isEnding }: EntranceOptions): Serve {
  const guard = new RateGuard(app);
  return gated(app.ui !== null, ({ to, route, limit }, request, response) => {
    const header = headersOf(request);
    if (isEnding() && route === "GET /api/health/ready")
      return notReady(request, response, ["The server is stopping."]);
    const isRemembered = route !== null && isKept(routeNamed(route));
    const enter = async () => {
      if (isRemembered) {
        const { status, headers, body } = await remembered(route);
        return send(request, response, { status, headers: Object.fromEntries(headers), body });
      }
      if (header("expect") !== undefined && hasBody(header)) response.writeContinue();
      return to === "ui" && app.ui !== null ? passOn(app.ui, request, response) : next(request, response);
    };
    return guard.admit({
      ...{ limit, header, enter },
      isCounted: route !== null && !isRemembered,
      isGone: () => response.destroyed,
      refuse: (waitMs) => sendProblem(request, response, tooManyProblem(waitMs)),
    });
  });
}
