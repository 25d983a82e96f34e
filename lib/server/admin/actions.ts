import "server-only";
/** Runs operators' actions. Each is recorded before it starts. A repeated request does not start a second action. */
import { keyOf } from "../../core/key";
import type { OperatorLogRow } from "../../ports/store/admin-store";
import type { ActionAnswer, OperatorLogEntry } from "../../wire/operators/admin";
import type { Answer } from "../http/answers/answer";
import { isProblem } from "../http/answers/problem";
import { privateJson } from "../http/answers/reply";
import { fingerprint, idempotencyKey } from "../http/idempotency";
import type { AdminContext } from "../http/route";

/** An operator's action and its target, as the operator log names them. */
export interface Action {
  /** `topic.pause`, `cache.invalidate`, … */
  readonly name: string;
  /** A topic or a user. Null for everything. */
  readonly target: string | null;
}

type Detail = OperatorLogRow["detail"];

/** A row of the operator log as the API shows it. */
export const operatorLogEntry = (entry: OperatorLogRow): OperatorLogEntry => ({
  ...entry,
  detail: entry.detail && { ...entry.detail },
});

/**
 * Records the action, runs `work`, and answers with the log entry. `work` returns the detail of a finished action, or `running`
 * if it continues after the answer and updates the entry itself. A ProblemError is recorded as refused, so `work` may throw one
 * only before it changes anything. Any other error is recorded as failed.
 */
export async function act(
  context: AdminContext<unknown, unknown>,
  { name: action, target }: Action,
  work: (entry: OperatorLogRow) => Promise<Detail | "running">,
): Promise<Answer> {
  const { app, actor, request } = context;
  const { admin } = app.stores;
  const key = idempotencyKey(request);
  const requestKey = key === null ? null : keyOf(actor, action, target ?? "", fingerprint(context.body ?? null), key);
  const { isNew, entry } = await admin.begin({ actor, action, target, requestKey, nowMs: app.clock.now() });
  if (!isNew) return answered(entry, true);
  app.log.info("an operator starts an action", { actor, action, target });
  try {
    const detail = await work(entry);
    if (detail === "running") return answered(entry, false);
    return answered(await admin.update(entry.id, { state: "done", detail, nowMs: app.clock.now() }), false);
  } catch (cause) {
    const [state, error] = isProblem(cause)
      ? (["refused", cause.detail] as const)
      : (["failed", "The action failed. See the server's log."] as const);
    await admin.update(entry.id, { state, detail: { error }, nowMs: app.clock.now() });
    throw cause;
  }
}

function answered(entry: OperatorLogRow, repeated: boolean): Answer {
  const answer: ActionAnswer = { ok: true, repeated, entry: operatorLogEntry(entry) };
  return privateJson(answer);
}
