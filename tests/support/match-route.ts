import { ROUTES, type RouteName } from "@/lib/server/routes/table";

export interface RouteMatch {
  readonly name: RouteName;
  /** Path parameters by name. */
  readonly params: Readonly<Record<string, string>>;
}

/** The route of the table that takes a method and a path; null where there is none. */
export function matchRoute(method: string, path: string): RouteMatch | null {
  for (const name of Object.keys(ROUTES) as RouteName[]) {
    const [ofRoute, template = ""] = name.split(" ");
    const names = [...template.matchAll(/\{(\w+)\}/g)].map(([, each]) => each as string);
    const found = new RegExp(`^${template.replaceAll(/[.]/g, "\\.").replaceAll(/\{\w+\}/g, "([^/]+)")}$`).exec(path);
    if (ofRoute === method && found)
      return { name, params: Object.fromEntries(names.map((each, i) => [each, found[i + 1] as string])) };
  }
  return null;
}
