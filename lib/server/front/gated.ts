import "server-only";
/** Puts the gate in front of a server's answers, both while the app opens and afterwards. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Awaitable } from "../../core/awaitable";
import type { Serve } from "./front";
import { judge, type Verdict } from "./gate";
import { headersOf, sendProblem } from "./plain-answer";

export type LetIn = Extract<Verdict, { kind: "pass" }>;

/** Answers requests that the gate refuses. Passes all others to `enter` with the gate's verdict. `hasUi`: UI_ORIGIN is set. */
export const gated =
  (
    hasUi: boolean,
    enter: (letIn: LetIn, request: IncomingMessage, response: ServerResponse) => Awaitable<void>,
  ): Serve =>
  (request, response) => {
    const { method = "GET", url: target = "/", rawHeaders } = request;
    const verdict = judge({ method, target, header: headersOf(request), headerCount: rawHeaders.length / 2, hasUi });
    if (verdict.kind === "pass") return enter(verdict, request, response);
    sendProblem(request, response, verdict.problem, { allow: verdict.allow });
  };
