import "server-only";
/** Actions of operators: each is recorded before it begins, and a request that is sent again is the same action. */
import { keyOf } from "../../core/key";
import type { AdminEntry } from "../../ports/store/admin-store";
import type { ActionAnswer, AuditEntry } from "../../wire/admin";
import { idempotencyKey } from "../http/idempotency";
import { isProblem } from "../http/problem";
import { privateJson } from "../http/reply";
import type { AdminContext } from "../http/route";

export interface Action {
  /** `topic.pause`, `cache.invalidate`, … */
  readonly name: string;
  /** A topic or a user; null for everything. */
  readonly target: string | null;
}

type Detail = AdminEntry["detail"];

export const auditEntry = (entry: AdminEntry): AuditEntry => ({
  ...entry,
  detail: entry.detail && { ...entry.detail },
});

/**
 * Records the action, does it, and answers with its entry. `work` answers what it came to, and the entry is done; or `running`,
 * and whatever goes on after the answer brings the entry up to date. What `work` throws is recorded, and answered: as refused
 * where it is a problem that it says of itself, which it does before it does anything.
 */
export async function act(
  context: AdminContext<unknown, unknown>,
  { name: action, target }: Action,
  work: (entry: AdminEntry) => Promise<Detail | "running">,
): Promise<Response> {
  const { app, actor, request } = context;
  const { admin } = app.stores;
  const key = idempotencyKey(request);
  const requestKey = key === null ? null : keyOf(actor, action, target ?? "", key);
  const { isNew, entry } = await admin.begin({ actor, action, target, requestKey, nowMs: app.clock.now() });
  if (!isNew) return answered(entry, true);
  app.log.info("an operator acts", { actor, action, target });
  try {
    const detail = await work(entry);
    if (detail === "running") return answered(entry, false);
    return answered(await admin.update(entry.id, { state: "done", detail, nowMs: app.clock.now() }), false);
  } catch (cause) {
    const [state, error] = isProblem(cause)
      ? (["refused", cause.detail] as const)
      : (["failed", "It could not be done; the server's log says more."] as const);
    await admin.update(entry.id, { state, detail: { error }, nowMs: app.clock.now() });
    throw cause;
  }
}

function answered(entry: AdminEntry, repeated: boolean): Response {
  const answer: ActionAnswer = { ok: true, repeated, entry: auditEntry(entry) };
  return privateJson(answer);
}
