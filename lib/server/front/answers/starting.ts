import "server-only";
/** Answers for visitors and balancers while the app is still opening. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { ReadyAnswer } from "../../../wire/operators/health";
import { isForAnySite } from "../admission/gate";
import { gated } from "../admission/gated";
import type { Serve } from "../front";
import { sendAnswer, sendProblem } from "./plain-answer";

/** Seconds after which a page reloads itself. */
const REFRESH_S = 2;

/**
 * Answers every request that passes the gate, without the app: alive, not ready, and which parts are loading. `loading` returns
 * one sentence for each. `hasUi`: UI_ORIGIN is set.
 */
export const starting = (loading: () => readonly string[], hasUi: boolean): Serve =>
  gated(hasUi, ({ route }, request, response) => {
    const reasons = ["The server is starting.", ...loading()];
    if (route === "GET /api/health") return alive(request, response);
    if (route === "GET /api/health/ready") return notReady(request, response, reasons);
    const detail = [...reasons, "Try again in a few seconds."].join(" ");
    const problem = { code: "unavailable", detail, options: { retryAfterS: REFRESH_S } } as const;
    sendProblem(request, response, problem, {
      title: "TrustMesh is starting",
      refreshS: REFRESH_S,
      isForAnySite: isForAnySite(route),
    });
  });

function alive(request: IncomingMessage, response: ServerResponse): void {
  sendJson(request, response, 200, { ok: true, uptimeSeconds: Math.floor(process.uptime()) });
}

/** Answers 503 in the shape of `GET /api/health/ready`, with the reasons. */
export function notReady(request: IncomingMessage, response: ServerResponse, reasons: readonly string[]): void {
  const tiers = { server: { ok: false, detail: reasons.join(" ") } };
  const body: ReadyAnswer = { ready: false, degraded: false, incidents: [], progress: null, tiers };
  sendJson(request, response, 503, body, { "retry-after": String(REFRESH_S) });
}

function sendJson(request: IncomingMessage, response: ServerResponse, status: number, body: object, more = {}): void {
  const headers = { "content-type": "application/json", "cache-control": "no-store", ...more };
  sendAnswer(request, response, { status, headers, body: JSON.stringify(body) });
}
