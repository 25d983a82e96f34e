/**
 * One process per data directory: two PGlites on one directory lose data without an error. The lock is a file that names its
 * owner: a process and its start time, since process numbers are used again (in a container, at each start).
 */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseUnusable } from "./errors";

interface Owner {
  readonly pid: number;
  /** Null where the system does not say. */
  readonly startedAt: string | null;
  /** Tells two databases of one process apart. */
  readonly token: string;
}

/** A stale file is set aside this often at most: more than once only where processes race for it. */
const ATTEMPTS = 5;

/** Takes the directory, or throws a sentence that names the process which has it. Returns a function that gives it back. */
export function lockDirectory(directory: string): () => void {
  const path = join(directory, "owner.pid");
  const owner: Owner = { pid: process.pid, startedAt: startOf(process.pid), token: crypto.randomUUID() };
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (create(path, owner)) {
      return () => {
        if (read(path)?.token === owner.token) rmSync(path, { force: true });
      };
    }
    const other = read(path);
    if (other !== null && isRunning(other)) {
      throw new DatabaseUnusable(
        `The database directory ${directory} is in use by process ${other.pid}: stop that process, or set DATA_DIR to another directory.`,
      );
    }
    setAside(path, other);
  }
  throw new DatabaseUnusable(
    `The database directory ${directory} is being taken by another process that starts at this moment: start one of them only, or set DATA_DIR to another directory.`,
  );
}

/** A link fails where the name is taken, as O_EXCL does, and the file appears with its whole content or not at all. */
function create(path: string, owner: Owner): boolean {
  const draft = `${path}.${owner.token}`;
  writeFileSync(draft, JSON.stringify(owner), { flag: "wx" });
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

function read(path: string): Owner | null {
  try {
    const owner = JSON.parse(readFileSync(path, "utf8")) as Partial<Owner>;
    return typeof owner.pid === "number" ? (owner as Owner) : null;
  } catch {
    return null;
  }
}

/** Renaming is atomic, so one of several takes a stale file away; one that took a newer file by mistake puts it back. */
function setAside(path: string, stale: Owner | null): void {
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  if (read(aside)?.token === stale?.token) rmSync(aside, { force: true });
  else renameSync(aside, path);
}

function isRunning(owner: Owner): boolean {
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    // EPERM: it runs, as another user.
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  const startedAt = startOf(owner.pid);
  return owner.startedAt === null || startedAt === null || owner.startedAt === startedAt;
}

/** Field 22 of /proc/PID/stat, counted after the command's closing bracket: ticks since boot. */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
  } catch {
    return null;
  }
}
