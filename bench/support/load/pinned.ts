/** Child processes on a core of their own, so that a server and its client do not compete. */
import { type ChildProcess, execFileSync, fork } from "node:child_process";
import { bundleOf } from "@/tests/support/fleet/processes/bundle";

/** Servers run on the first core, clients on the second. */
export const CORES = { server: 0, client: 1 } as const;

/** Moves a process with all its threads to one core (taskset of util-linux). */
export function pin(pid: number, core: number): void {
  execFileSync("taskset", ["--all-tasks", "--cpu-list", "--pid", String(core), String(pid)], { stdio: "ignore" });
}

/** Starts a program of this folder. `entry` is its path from the root. */
export async function pinned(entry: string, core: number): Promise<ChildProcess> {
  const child = fork(await bundleOf(entry), { execArgv: [] });
  pin(child.pid as number, core);
  return child;
}
