import { judge } from "@/lib/server/front/gate";
import type { RouteName } from "@/lib/server/routes/table";

export interface RouteMatch {
  readonly name: RouteName;
  /** Path parameters by name. */
  readonly params: Readonly<Record<string, string>>;
}

/** The route of the table for a method and a path, or null. */
export function matchRoute(method: string, path: string): RouteMatch | null {
  const verdict = judge({ method, target: path, header: () => null, headerCount: 0, hasUi: false });
  return verdict.kind === "pass" && verdict.route !== null ? { name: verdict.route, params: verdict.params } : null;
}
