import "server-only";
/** Logs actions of operators from the command line beside those of the page: who, when, what, and the result. */
import { hostname, userInfo } from "node:os";
import type { AdminStore, OperatorLogRow } from "../../ports/store/admin-store";

export interface CommandAction {
  /** `accounts.bind`, `shards.split`, … */
  readonly action: string;
  /** The subject of the action; null for everything. */
  readonly target: string | null;
}

type Detail = OperatorLogRow["detail"];

/** The operator log's name for a command line. It has a space, which no user id has. */
function commandLineActor(): string {
  try {
    return `command line (${userInfo().username}@${hostname()})`;
  } catch {
    // A container may run under a user number without a name.
    return `command line (user ${process.getuid?.() ?? "unknown"}@${hostname()})`;
  }
}

/**
 * Records the action, runs `work`, and records the result. `work` returns details, null for none, or `{ error }` if it did
 * nothing. An error it throws is recorded as failed and thrown again.
 */
export async function recorded(
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
    // The error of the command matters more than this one.
    await end("failed", { error }).catch(() => {});
    throw cause;
  }
}
