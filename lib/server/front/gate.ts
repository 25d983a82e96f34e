import "server-only";
/**
 * Decides which requests may come in at all, from the request line and the headers alone. A refusal costs some microseconds; what the
 * framework does with the same request costs 2 ms to 2 s of CPU, and up to 10 MB of memory for a body that a page ignores.
 */
import { readTarget, TARGET_FAULTS } from "../../core/request-target";
import type { HeaderReader } from "../access/client-address";
import type { LimitName } from "../access/limits";
import type { ProblemParts } from "../http/problem";
import { hasBody, MAX_BODY_BYTES } from "../http/read-body";
import type { AnyRoute } from "../http/route";
import { ROUTES, type RouteName } from "../routes/table";

/** Browsers send some 20; each costs the framework a copy or two. */
export const MAX_HEADERS = 100;

export interface Asked {
  readonly method: string;
  /** As it stands in the request line: path and query, percent-encoded. */
  readonly target: string;
  readonly header: HeaderReader;
  /** Lines of headers, repeated ones counted each. */
  readonly headerCount: number;
}

export type Verdict =
  | {
      readonly kind: "pass";
      /** Null for pages and files. */
      readonly route: RouteName | null;
      readonly params: Readonly<Record<string, string>>;
      readonly limit: LimitName;
    }
  | {
      readonly kind: "refuse";
      readonly problem: ProblemParts;
      /** The Allow header of a 405. */
      readonly allow: string | null;
    };

interface Path {
  readonly template: readonly string[];
  readonly routes: ReadonlyMap<string, RouteName>;
}

const routeNamed = (name: RouteName): AnyRoute => ROUTES[name];

/** Every path of the table, with its methods. HEAD is GET without the body, and so nothing to ask a stream for. */
const PATHS: readonly Path[] = (() => {
  const byTemplate = new Map<string, Map<string, RouteName>>();
  for (const name of Object.keys(ROUTES) as RouteName[]) {
    const [method = "", template = ""] = name.split(" ");
    const routes = byTemplate.get(template) ?? new Map<string, RouteName>();
    routes.set(method, name);
    if (method === "GET" && routeNamed(name).answer !== "text/event-stream") routes.set("HEAD", name);
    byTemplate.set(template, routes);
  }
  return [...byTemplate].map(([template, routes]) => ({ template: template.slice(1).split("/"), routes }));
})();

/** Paths whose address may be longer than others. */
const LONGER: ReadonlyMap<string, number> = new Map(
  (Object.keys(ROUTES) as RouteName[]).flatMap((name) => {
    const { maxTargetCharacters } = routeNamed(name);
    return maxTargetCharacters === undefined ? [] : [[name.split(" ")[1] as string, maxTargetCharacters] as const];
  }),
);

/** Whether a request may go on, and as what; it reads nothing of the body. */
export function judge({ method, target, header, headerCount }: Asked): Verdict {
  const read = readTarget(target, LONGER.get(target.split("?", 1)[0] as string));
  if (!read.ok) return refuse(read.error === "too-long" ? "address-too-long" : "bad-input", TARGET_FAULTS[read.error]);
  if (headerCount > MAX_HEADERS) return refuse("headers-too-large", `A request may have ${MAX_HEADERS} headers.`);
  const segments = read.value;
  if (segments[0] === "api") return judgeRoute(method, segments, header);
  if (method !== "GET" && method !== "HEAD") return notAllowed(["GET", "HEAD"]);
  if (hasBody(header)) return noBody();
  return { kind: "pass", route: null, params: {}, limit: isFile(segments) ? "file" : "page" };
}

/** Static files: the framework serves them from disk, or answers 404. */
const isFile = ([first, second]: readonly string[]) =>
  first === "_next" || (second === undefined && first?.includes("."));

function judgeRoute(method: string, segments: readonly string[], header: HeaderReader): Verdict {
  for (const { template, routes } of PATHS) {
    const params = matched(template, segments);
    if (params === null) continue;
    const name = routes.get(method);
    if (name === undefined) return notAllowed([...routes.keys()]);
    const route = routeNamed(name);
    if (route.body === undefined && hasBody(header)) return noBody();
    if (Number(header("content-length") ?? 0) > MAX_BODY_BYTES)
      return refuse("too-large", `The body is larger than ${MAX_BODY_BYTES} bytes.`);
    return { kind: "pass", route: name, params, limit: route.limit };
  }
  return refuse("not-found", "There is nothing at this address. /api/openapi.json lists what there is.");
}

/** The parameters of a path, or null where it is another one. */
function matched(template: readonly string[], segments: readonly string[]): Record<string, string> | null {
  if (template.length !== segments.length) return null;
  const params: Record<string, string> = {};
  for (const [i, part] of template.entries()) {
    if (part.startsWith("{")) params[part.slice(1, -1)] = segments[i] as string;
    else if (part !== segments[i]) return null;
  }
  return params;
}

const refuse = (code: ProblemParts["code"], detail: string, allow: string | null = null): Verdict => ({
  kind: "refuse",
  problem: { code, detail, options: {} },
  allow,
});

const noBody = () => refuse("too-large", "This address takes no body. Send the request without one.");

function notAllowed(methods: readonly string[]): Verdict {
  const allow = methods.join(", ");
  return refuse("method-not-allowed", `This address takes ${allow} only.`, allow);
}
