/** An API client that checks every answer against the OpenAPI document of the very server that it asks. */
import type { APIRequestContext, APIResponse } from "@playwright/test";
import { Documented } from "../../support/contract/documented";

type Paths = Readonly<Record<string, object>>;
type Method = "get" | "post";

/** The route that takes a path, out of the document. */
function templateOf(paths: Paths, path: string): string {
  const matches = (template: string) =>
    new RegExp(`^${template.replaceAll(".", "\\.").replaceAll(/\{\w+\}/g, "[^/]+")}$`).test(path);
  // A literal path wins over one with parameters.
  return paths[path] ? path : (Object.keys(paths).find(matches) ?? path);
}

async function checked(
  method: Method,
  response: APIResponse,
  { document, paths }: { document: Documented; paths: Paths },
) {
  const { pathname } = new URL(response.url());
  if (!pathname.startsWith("/api/")) return;
  const template = templateOf(paths, pathname);
  // An address that is none is in no document.
  if (!(template in paths) && response.status() === 404) return;
  const route = `${method.toUpperCase()} ${template}`;
  const headers = new Headers(response.headersArray().map(({ name, value }): [string, string] => [name, value]));
  const body = await response.text();
  const problems = document.problems({ route, status: response.status(), headers, body });
  if (problems.length > 0)
    throw new Error(
      `${route} answered ${response.status()}, which differs from openapi.json:\n  ${problems.join("\n  ")}`,
    );
}

export function documentedApi(api: APIRequestContext): APIRequestContext {
  let known: Promise<{ document: Documented; paths: Paths }> | undefined;
  const load = async () => {
    const json = (await (await api.get("/api/openapi.json")).json()) as { paths: Paths };
    return { document: new Documented(json), paths: json.paths };
  };
  const wrap =
    (method: Method): APIRequestContext[Method] =>
    async (...args) => {
      const response = await api[method](...args);
      known ??= load();
      await checked(method, response, await known);
      return response;
    };
  return new Proxy(api, {
    get: (target, name) => {
      if (name === "get" || name === "post") return wrap(name);
      const member: unknown = Reflect.get(target, name);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}
