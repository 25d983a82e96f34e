/** Keeps processes that would run on other machines from competing with each other for CPU. */
import { type ChildProcess, execFileSync, fork } from "node:child_process";
import { readFileSync } from "node:fs";
import { bundleOf } from "@/tests/support/fleet/processes/bundle";

/** Servers run on the first core, clients on the second. */
export const CORES = { server: 0, client: 1 } as const;

/** Moves a process with all its threads to one core (taskset of util-linux). */
export function pin(pid: number, core: number): void {
  execFileSync("taskset", ["--all-tasks", "--cpu-list", "--pid", String(core), String(pid)], { stdio: "ignore" });
}

/**
 * Gives a process with all its threads only the CPU time that nobody else wants (SCHED_IDLE, chrt of util-linux). Even with the lowest
 * priority, a process keeps a core for some milliseconds when another one wakes up.
 */
export function yieldCpu(pid: number): void {
  execFileSync("chrt", ["--all-tasks", "--idle", "--pid", "0", String(pid)], { stdio: "ignore" });
}

/** The processes that the main thread of this process has started. */
export const childrenOf = (pid: number): readonly number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);

/** Starts a program of this folder. `entry` is its path from the root. */
export async function pinned(entry: string, core: number): Promise<ChildProcess> {
  const child = fork(await bundleOf(entry), { execArgv: [] });
  pin(child.pid as number, core);
  return child;
}
