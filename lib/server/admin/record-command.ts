import "server-only";
/** Records operators' commands in the operator log, as the page's actions are: who, when, what, and the result. */
import { hostname, userInfo } from "node:os";
import type { AdminStore, OperatorLogRow } from "../../ports/store/admin-store";

export interface CommandAction {
  /** `accounts.bind`, `shards.split`, … */
  readonly action: string;
  /** The subject of the action. Null for everything. */
  readonly target: string | null;
}

type Detail = OperatorLogRow["detail"];

/** The name in the operator log for a command line. It contains a space, which no user id does. */
function commandLineActor(): string {
  try {
    return `command line (${userInfo().username}@${hostname()})`;
  } catch {
    // A container may run as a user id that has no name.
    return `command line (user ${process.getuid?.() ?? "unknown"}@${hostname()})`;
  }
}

/**
 * Records the action, runs `work`, and records the result. `work` returns details, null for no details, or `{ error }` if it
 * did nothing. An error that it throws is recorded as failed and thrown again.
 */
export async function recordCommand(
  admin: Pick<AdminStore, "begin" | "update">,
  { action, target }: CommandAction,
  work: () => Promise<Detail>,
  now: () => number = Date.now,
): Promise<void> {
  const { entry } = await admin.begin({ actor: commandLineActor(), action, target, requestKey: null, nowMs: now() });
  const end = (state: "done" | "failed", detail: Detail) =>
    admin.update(entry.id, { state, detail, nowMs: now() }).then(() => {});
  try {
    const detail = await work();
    await end(detail !== null && "error" in detail ? "failed" : "done", detail);
  } catch (cause) {
    const error = cause instanceof Error && cause.name === "Refusal" ? cause.message : "The command has failed.";
    // The command's own error matters more than an error of the log.
    await end("failed", { error }).catch(() => {});
    throw cause;
  }
}
