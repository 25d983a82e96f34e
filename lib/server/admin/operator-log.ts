import "server-only";
/** Logs actions of operators from the command line beside those of the page: who, when, what, and the result. */
import { hostname, userInfo } from "node:os";
import type { AdminEntry, AdminStore } from "../../ports/store/admin-store";

export interface CommandAction {
  /** `accounts.bind`, `shards.split`, … */
  readonly action: string;
  /** The subject of the action; null for everything. */
  readonly target: string | null;
}

type Detail = AdminEntry["detail"];

/** How the log names who sits at a command line: nobody else's name has a space in it. */
function commandLineActor(): string {
  try {
    return `command line (${userInfo().username}@${hostname()})`;
  } catch {
    // A container may run under a number that has no name.
    return `command line (user ${process.getuid?.() ?? "unknown"}@${hostname()})`;
  }
}

/**
 * Writes the action down, does it, and writes down what it came to. `work` answers details of what it did, null where there is
 * nothing to add, or `{ error }` where it was not done. What it throws is written down as failed, and thrown on.
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
    // The command's own failure is the one that counts.
    await end("failed", { error }).catch(() => {});
    throw cause;
  }
}
