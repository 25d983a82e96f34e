import "server-only";
import { bearerToken, isSameSecret } from "../../access/secrets";
import type { App } from "../../boot/app";
import { ProblemError } from "../../http/answers/problem";
import type { HeaderValues } from "../../http/api-request";
import { defineRoute } from "../../http/route";

export const metrics = defineRoute({
  summary: "Metrics in Prometheus' text format. Needs METRICS_TOKEN",
  access: "public",
  limit: "operator",
  bearer: "metrics",
  problems: ["no-token", "wrong-token"],
  answer: "text/plain",
  handle: async ({ app, request }) => {
    refuseStrangers(app, request.headers);
    const headers = { "content-type": app.metrics.registry.contentType, "cache-control": "no-store" };
    return { status: 200, headers, body: await app.metrics.text() };
  },
});

/**
 * Behind Next the caller's address is unknown, and a header that names it can be forged. Without a token, only a devnet
 * answers, because it listens on the loopback.
 */
function refuseStrangers({ env }: App, headers: HeaderValues): void {
  if (env.METRICS_TOKEN === undefined) {
    if (env.isDevnet) return;
    throw new ProblemError("no-token", "Set METRICS_TOKEN, then send it as a bearer token to read the metrics.");
  }
  const token = bearerToken(headers);
  if (token === null || !isSameSecret(token, env.METRICS_TOKEN))
    throw new ProblemError("wrong-token", "Send METRICS_TOKEN as a bearer token to read the metrics.");
}
