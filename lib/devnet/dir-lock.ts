/**
 * One devnet per directory: a pid file made with O_EXCL. The owner is a process *and* when it started, since process
 * numbers are used again (in containers at every start). A file left behind by a dead owner is taken over.
 */
import { closeSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";

interface Owner {
  readonly pid: number;
  /** From /proc; null where there is none. */
  readonly startedAt: string | null;
  /** Tells two devnets of one process apart. */
  readonly token: string;
}

const LOCK_FILE = "devnet.lock";
const ATTEMPTS = 3;

/** Takes the directory for this devnet, or throws a sentence that says who has it. Returns what gives it back. */
export function lockDirectory(dir: string): () => void {
  const path = join(dir, LOCK_FILE);
  const owner: Owner = { pid: process.pid, startedAt: startOf(process.pid), token: crypto.randomUUID() };
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (create(path, owner)) {
      return () => {
        if (read(path)?.token === owner.token) rmSync(path, { force: true });
      };
    }
    const other = read(path);
    if (other && isRunning(other)) {
      throw new Error(
        `the devnet directory ${dir} is in use by process ${other.pid}: stop that process, or set DATA_DIR to another directory, and start again`,
      );
    }
    setAside(path, other);
  }
  throw new Error(`could not lock the devnet directory ${dir}`);
}

function create(path: string, owner: Owner): boolean {
  try {
    const fd = openSync(path, "wx");
    writeSync(fd, JSON.stringify(owner));
    closeSync(fd);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function read(path: string): Owner | null {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Owner;
  } catch {
    return null;
  }
}

/** Renaming is atomic: of several that find a stale file, one moves it. What turns out not to be stale is put back. */
function setAside(path: string, stale: Owner | null): void {
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  if (stale && read(aside)?.token !== stale.token) renameSync(aside, path);
  else rmSync(aside, { force: true });
}

function isRunning(owner: Owner): boolean {
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  const startedAt = startOf(owner.pid);
  return owner.startedAt === null || startedAt === null || owner.startedAt === startedAt;
}

/** When a process started, in clock ticks since boot: field 22 of /proc/PID/stat, counted after the name in brackets. */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
  } catch {
    return null;
  }
}
