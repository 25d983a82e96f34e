/**
 * An append-only file of JSON lines. Lines are on the disk before `append` returns, and only then is anybody told of them.
 * Otherwise a machine that loses power would have a ledger that is shorter than what was read of it.
 *
 * A crash can tear the last line. It is dropped on opening, since nobody was told that it had been written. A damaged line
 * anywhere else is an error: silently skipping it would rewrite history.
 */
import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from "node:fs";

export interface JournalFile {
  append(lines: readonly string[]): void;
  close(): void;
}

/** Opens (or makes) the journal and hands each line's value to `replay`, in order. */
export function openJournal(
  path: string,
  replay: (value: unknown, line: number) => void,
  sync: (fd: number) => void = fdatasyncSync,
): JournalFile {
  const fd = openSync(path, "a+");
  const text = readFileSync(path, "utf8");
  const end = text.lastIndexOf("\n") + 1;
  if (end < text.length) ftruncateSync(fd, Buffer.byteLength(text.slice(0, end)));
  let line = 0;
  for (let at = 0; at < end; ) {
    const stop = text.indexOf("\n", at);
    line += 1;
    replay(parseLine(text.slice(at, stop), path, line), line);
    at = stop + 1;
  }
  return {
    append: (lines) => {
      if (lines.length === 0) return;
      const { size } = fstatSync(fd);
      try {
        writeLines(fd, lines);
        sync(fd);
      } catch (cause) {
        // Half a line would spoil the next one.
        ftruncateSync(fd, size);
        const code = (cause as NodeJS.ErrnoException).code ?? "unknown";
        throw new Error(`the devnet cannot write its journal ${path} (${code}): make room on that disk`, { cause });
      }
    },
    close: () => closeSync(fd),
  };
}

/** Writes a whole journal in one step: after a crash it is either all there or not there. */
export function createJournal(path: string, lines: readonly string[]): void {
  const temporary = `${path}.new`;
  const fd = openSync(temporary, "w");
  writeLines(fd, lines);
  fsyncSync(fd);
  closeSync(fd);
  renameSync(temporary, path);
}

function writeLines(fd: number, lines: readonly string[]): void {
  if (lines.length === 0) return;
  const bytes = Buffer.from(`${lines.join("\n")}\n`);
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
}

function parseLine(text: string, path: string, line: number): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error(`the devnet journal ${path} is damaged at line ${line}; delete its directory to start anew`, {
      cause,
    });
  }
}
