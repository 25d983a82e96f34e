/** Attempts as Redis stores them: `r` and the digest while one runs, then `d`, the digest, a line break and the answer. */
import type { Attempt } from "../../ports/shared/hot-cache";

/** Reads an attempt that was stored earlier. Old releases stored no digest, and their answers had one line. */
export function attemptOf(known: string, digest: string): Exclude<Attempt, { kind: "first" }> {
  const end = known.indexOf("\n");
  const isDone = known.startsWith("d");
  const stored = isDone ? known.slice(1, Math.max(1, end)) : known.slice(1);
  if (stored !== "" && stored !== digest) return { kind: "other" };
  return isDone ? { kind: "done", answer: known.slice(Math.max(1, end + 1)) } : { kind: "running" };
}
