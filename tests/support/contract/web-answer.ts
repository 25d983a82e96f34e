/** A route's answer as the framework's route handlers give it. */
import type { App } from "@/lib/server/boot/app";
import { webResponse } from "@/lib/server/http/answers/web-response";
import { type AnyRoute, answer as plainAnswer, type RouteRequest } from "@/lib/server/http/route";

export type WebRouted = Omit<RouteRequest, "request"> & { readonly request: Request };

export async function answer(app: App, route: AnyRoute, routed: WebRouted): Promise<Response> {
  return webResponse(await plainAnswer(app, route, routed), routed.request.signal);
}
