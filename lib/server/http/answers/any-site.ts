import "server-only";
/** Answers that pages of any site may read: those of the public mirror, as of every mirror. They never depend on credentials there. */
import type { ApiRequest } from "../api-request";
import type { Answer } from "./answer";

export const FOR_ANY_SITE = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers":
    "ETag, Cache-Status, Retry-After, TrustMesh-As-Of, TrustMesh-Lag-Ms, TrustMesh-Stale",
} as const;

/** The answer to a browser that asks whether another site's page may send a request (Fetch §3.2.2). */
export function preflight(request: Pick<ApiRequest, "headers">): Answer {
  const asked = request.headers.get("access-control-request-headers");
  const headers = {
    "access-control-allow-methods": "GET,HEAD",
    "access-control-max-age": "86400",
    "cache-control": "no-store",
    vary: "Access-Control-Request-Headers",
    ...(asked === null ? {} : { "access-control-allow-headers": asked }),
  };
  return { status: 204, headers, body: null };
}
