import "server-only";
/** Puts the gate in front of a server's answers, both while the app opens and afterwards. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Awaitable } from "../../../core/awaitable";
import { sendAnswer, sendProblem } from "../answers/plain-answer";
import type { Serve } from "../front";
import { allowedSomewhere, type GateVerdict, judgeRequest, type Refused } from "./gate";
import { headOf, type RequestHead } from "./request-head";

type LetIn = Extract<GateVerdict, { kind: "pass" }>;
export type Enter = (letIn: LetIn, request: IncomingMessage, response: ServerResponse) => Awaitable<void>;
type Refuse = (refused: Refused, request: IncomingMessage, response: ServerResponse) => void;

const sendRefusal: Refuse = ({ problem, allow, isForAnySite }, request, response) =>
  sendProblem(request, response, problem, { allow, isForAnySite });

/** Whether a request asks about the server as a whole and names no address (RFC 9110 §9.3.7). */
const isAboutServer = ({ method, target }: RequestHead) => method === "OPTIONS" && target === "*";

/**
 * Answers requests about the server as a whole. Gives requests that the gate refuses to `refuse`, and all others to `enter`, with
 * the gate's verdict. `hasUi`: UI_ORIGIN is set.
 */
export function gated(hasUi: boolean, enter: Enter, refuse = sendRefusal): Serve {
  const verdicts = new WeakMap<RequestHead, GateVerdict>();
  const ofServer = { allow: allowedSomewhere(hasUi), "cache-control": "no-store" };
  return (request, response) => {
    const head = headOf(request);
    if (isAboutServer(head)) return sendAnswer(request, response, { status: 204, headers: ofServer, body: null });
    let verdict = verdicts.get(head);
    if (verdict === undefined) {
      const { method, target, header, headerCount } = head;
      verdict = judgeRequest({ method, target, header, headerCount, hasUi });
      verdicts.set(head, verdict);
    }
    if (verdict.kind === "pass") return enter(verdict, request, response);
    refuse(verdict, request, response);
  };
}
