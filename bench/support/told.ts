import type { ChildProcess } from "node:child_process";
import { once } from "node:events";

/** Sends a message to a child process and resolves with its next one. Rejects when the process ends instead. */
export async function told(process: ChildProcess, message: object | string): Promise<unknown> {
  const settled = new AbortController();
  const { signal } = settled;
  const answer = once(process, "message", { signal });
  const end = once(process, "exit", { signal }).then(() => Promise.reject(new Error("the bench's child has ended")));
  process.send(message);
  try {
    return (await Promise.race([answer, end]))[0];
  } finally {
    settled.abort();
  }
}
