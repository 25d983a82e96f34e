import "server-only";
/**
 * Decides by the request line and the headers which requests may enter. A refusal here costs some microseconds. The framework
 * would need 2 ms to 2 s of CPU for the same request, and up to 10 MB of memory for a body that a page ignores.
 */
import { BUILD_PREFIX, isOwnAddress } from "../../../core/own-addresses";
import { readTarget, TARGET_FAULTS } from "../../../core/request-target";
import type { HeaderReader } from "../../access/client-address";
import type { LimitName } from "../../access/limits";
import type { ProblemParts } from "../../http/answers/problem";
import {
  BODY_TOO_LARGE,
  hasBody,
  hasContentCoding,
  hasOtherTransferCoding,
  MAX_BODY_BYTES,
} from "../../http/read-body";
import type { AnyRoute } from "../../http/route";
import { ROUTES, type RouteName } from "../../routes/table";
import { MAX_PASSED_BYTES, PASSED_TOO_LARGE } from "../../ui-origin/forward";

/** Browsers send about 20. The framework copies each header once or twice. */
export const MAX_HEADERS = 100;

export interface GateRequest {
  readonly method: string;
  /** The request target: path and query, percent-encoded. */
  readonly target: string;
  readonly header: HeaderReader;
  /** The number of header lines, repeated ones included. */
  readonly headerCount: number;
  /** Whether addresses that are not ours are passed on to UI_ORIGIN. */
  readonly hasUi: boolean;
}

export type GateVerdict =
  | {
      readonly kind: "pass";
      /** `ui`: the request goes on to UI_ORIGIN. */
      readonly to: "us" | "ui";
      /** Null for pages and files. */
      readonly route: RouteName | null;
      readonly params: Readonly<Record<string, string>>;
      readonly limit: LimitName;
    }
  | {
      readonly kind: "refuse";
      readonly problem: ProblemParts;
      /** Null if the request was refused before its route was known, or has none. */
      readonly route: RouteName | null;
      /** Pages of any site may read the refusal. */
      readonly isForAnySite: boolean;
      /** The Allow header of a 405. */
      readonly allow: string | null;
    };

interface Path {
  readonly template: readonly string[];
  readonly routes: ReadonlyMap<string, RouteName>;
}

const routeNamed = (name: RouteName): AnyRoute => ROUTES[name];

/** Whether pages of any site may read the route's answers. */
export const isForAnySite = (name: RouteName | null): boolean =>
  name !== null && routeNamed(name).isForAnySite === true;

/** Every path of the route table, with its methods. HEAD is GET without a body, so streams do not have it. */
const PATHS: readonly Path[] = (() => {
  const byTemplate = new Map<string, Map<string, RouteName>>();
  for (const name of Object.keys(ROUTES) as RouteName[]) {
    const [method = "", template = ""] = name.split(" ");
    const routes = byTemplate.get(template) ?? new Map<string, RouteName>();
    routes.set(method, name);
    if (method === "GET" && routeNamed(name).answer !== "text/event-stream") routes.set("HEAD", name);
    if (routeNamed(name).isForAnySite) routes.set("OPTIONS", name);
    byTemplate.set(template, routes);
  }
  return [...byTemplate].map(([template, routes]) => ({ template: template.slice(1).split("/"), routes }));
})();

/** Paths that accept a longer address than usual, with the limit in characters. */
const LONGER: ReadonlyMap<string, number> = new Map(
  (Object.keys(ROUTES) as RouteName[]).flatMap((name) => {
    const { maxTargetCharacters } = routeNamed(name);
    return maxTargetCharacters === undefined ? [] : [[name.split(" ")[1] as string, maxTargetCharacters] as const];
  }),
);

/** Judges a request. Returns its route, parameters and limit, or the refusal. Reads nothing of the body. */
export function judgeRequest({ method, target, header, headerCount, hasUi }: GateRequest): GateVerdict {
  const read = readTarget(target, LONGER.get(target.split("?", 1)[0] as string));
  if (!read.ok) return refuse(read.error === "too-long" ? "address-too-long" : "bad-input", TARGET_FAULTS[read.error]);
  if (headerCount > MAX_HEADERS)
    return refuse("headers-too-large", `A request may have at most ${MAX_HEADERS} headers.`);
  if (hasOtherTransferCoding(header)) return refuse("bad-transfer-coding", ONLY_CHUNKED, { field: "body" });
  const segments = read.value;
  if (segments[0] === "api")
    return judgeRoute(method, segments, header) ?? (hasUi ? judgePassed(method, header) : NO_ROUTE);
  if (hasUi && !isOwnAddress(segments)) return judgePassed(method, header);
  if (method !== "GET" && method !== "HEAD") return notAllowed(["GET", "HEAD"]);
  if (hasBody(header)) return noBody();
  return { kind: "pass", to: "us", route: null, params: {}, limit: isFile(segments) ? "file" : "page" };
}

/** The methods of HTTP that carry a request to a server's resource (RFC 9110 §9.3, RFC 5789). */
const PASSED_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
const OWN_METHODS = ["GET", "HEAD", "POST", "OPTIONS"];

/** The Allow header for the server as a whole: every method that some address has. */
export const allowedSomewhere = (hasUi: boolean): string => (hasUi ? PASSED_METHODS : OWN_METHODS).join(", ");

/** Requests that go on to UI_ORIGIN. Their bodies are counted again while they pass. */
function judgePassed(method: string, header: HeaderReader): GateVerdict {
  if (!PASSED_METHODS.includes(method)) return notAllowed(PASSED_METHODS);
  if (Number(header("content-length") ?? 0) > MAX_PASSED_BYTES) return refuseBody(PASSED_TOO_LARGE);
  return { kind: "pass", to: "ui", route: null, params: {}, limit: "passed" };
}

/** Static files: the framework serves them from disk, or answers 404. */
const isFile = ([first, second]: readonly string[]) =>
  first === BUILD_PREFIX || (second === undefined && first?.includes("."));

/** Null if no route has this path. */
function judgeRoute(method: string, segments: readonly string[], header: HeaderReader): GateVerdict | null {
  for (const { template, routes } of PATHS) {
    const params = matched(template, segments);
    if (params === null) continue;
    const name = routes.get(method);
    if (name === undefined)
      return { ...notAllowed([...routes.keys()]), isForAnySite: [...routes.values()].some(isForAnySite) };
    const route = routeNamed(name);
    if (route.body === undefined && hasBody(header)) return noBody(name);
    if (Number(header("content-length") ?? 0) > MAX_BODY_BYTES) return refuseBody(BODY_TOO_LARGE, name);
    if (hasBody(header) && hasContentCoding(header))
      return refuse("bad-content-coding", NO_CODING, { field: "body", route: name, isForAnySite: isForAnySite(name) });
    return { kind: "pass", to: "us", route: name, params, limit: route.limit };
  }
  return null;
}

/** The parameters of a path; null where the path does not match the template. */
function matched(template: readonly string[], segments: readonly string[]): Record<string, string> | null {
  if (template.length !== segments.length) return null;
  const params: Record<string, string> = {};
  for (const [i, part] of template.entries()) {
    if (part.startsWith("{")) params[part.slice(1, -1)] = segments[i] as string;
    else if (part !== segments[i]) return null;
  }
  return params;
}

export type Refused = Extract<GateVerdict, { kind: "refuse" }>;

/** `field`: the part of the request that is at fault. */
const refuse = (
  code: ProblemParts["code"],
  detail: string,
  { field, ...more }: Partial<Refused> & { readonly field?: string } = {},
): Refused => ({
  kind: "refuse",
  problem: { code, detail, options: field === undefined ? {} : { field } },
  route: null,
  isForAnySite: false,
  allow: null,
  ...more,
});

const refuseBody = (detail: string, route: RouteName | null = null): Refused =>
  refuse("too-large", detail, { field: "body", route, isForAnySite: isForAnySite(route) });

/** A body in another coding would be read as if it were text (RFC 9112 §6.1). */
const ONLY_CHUNKED =
  "The body has a Transfer-Encoding other than chunked, which this server cannot decode. Send only chunked.";
const NO_CODING = "The body is compressed, and this server reads none such. Send it without Content-Encoding.";
const NO_ROUTE = refuse("not-found", "Nothing exists at this address. /api/openapi.json lists all addresses.");

const noBody = (route: RouteName | null = null) =>
  refuseBody("This address accepts no body. Send the request without one.", route);

function notAllowed(methods: readonly string[]): Refused {
  const allow = methods.join(", ");
  return refuse("method-not-allowed", `This address accepts only ${allow}.`, { allow });
}
