/**
 * One process per directory. Two PGlites, or two devnets, on one directory lose data without a word. The lock is a file that names its
 * owner: a process and when it started, because process ids are used again (in a container, at each start). A file whose owner is gone
 * is taken over. An owner that has ended is gone, even while its parent has not asked how it ended (a zombie).
 */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

interface Owner {
  readonly pid: number;
  /** Null if the system does not tell. */
  readonly startedAt: string | null;
  /** Tells two owners in one process apart. */
  readonly token: string;
}

/** Several attempts are needed only while processes race for a file whose owner is gone. */
const ATTEMPTS = 5;

/** Another process has the directory. */
export class DirectoryTaken extends Error {
  override readonly name = "DirectoryTaken";

  /** `pid`: the owner; null while several starting processes race for the directory. */
  constructor(readonly pid: number | null) {
    super(pid === null ? "another process is taking the directory" : `process ${pid} has the directory`);
  }
}

/** Makes the file `name` in the directory. Returns the function that gives the directory back. Throws DirectoryTaken. */
export function lockDirectory(directory: string, name: string): () => void {
  const path = join(directory, name);
  const owner: Owner = {
    pid: process.pid,
    startedAt: statOf(process.pid)?.startedAt ?? null,
    token: crypto.randomUUID(),
  };
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (create(path, owner)) {
      return () => {
        if (read(path)?.token === owner.token) rmSync(path, { force: true });
      };
    }
    const other = read(path);
    if (other !== null && isRunning(other)) throw new DirectoryTaken(other.pid);
    setAside(path, other);
  }
  throw new DirectoryTaken(null);
}

/** The running process that owns the file `name` in the directory; null if there is none. Changes nothing. */
export function ownerOf(directory: string, name: string): number | null {
  const owner = read(join(directory, name));
  return owner !== null && isRunning(owner) ? owner.pid : null;
}

/** A link fails if the name is taken, as O_EXCL does, and the file appears with its whole content or not at all. */
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

/** Renaming is atomic, so one of several processes takes a stale file away. A process that took a newer file puts it back. */
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
  const stat = statOf(owner.pid);
  if (stat === null) return true;
  return !stat.hasEnded && (owner.startedAt === null || owner.startedAt === stat.startedAt);
}

/**
 * Reads /proc/PID/stat after the command's closing bracket (proc(5)): the state is field 3 (Z: zombie, X: dead), the number of threads
 * is field 20, the start is field 22 in ticks since boot. The state is the first thread's, and another thread may still write a file.
 * Null if the system does not tell.
 */
function statOf(pid: number): { readonly hasEnded: boolean; readonly startedAt: string | null } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const hasEnded = /^[ZX]$/.test(fields[0] ?? "") && Number(fields[17]) <= 1;
    return { hasEnded, startedAt: fields[19] ?? null };
  } catch {
    return null;
  }
}
