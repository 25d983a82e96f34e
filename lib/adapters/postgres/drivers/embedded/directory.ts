/** One process has the directory of an embedded database. A refusal is a sentence for operators. */
import { DirectoryTaken, lockDirectory, ownerOf } from "../../../../system/directory-lock";
import { makeFolders } from "../../../../system/make-folders";
import { DatabaseUnusable } from "../errors";

const LOCK_FILE = "owner.pid";

const takenSentence = (directory: string, pid: number | null): string =>
  pid === null
    ? `The database directory ${directory} is being taken by another process that starts at this moment: start one of them only, or set DATA_DIR to another directory.`
    : `The database directory ${directory} is in use by process ${pid}: stop that process, or set DATA_DIR to another directory.`;

/**
 * Throws the sentence if another process has the directory. It takes nothing, so a start can ask before it starts other things;
 * two starts at one moment are told apart by takeDirectory.
 */
export function refuseTaken(directory: string): void {
  const pid = ownerOf(directory, LOCK_FILE);
  if (pid !== null) throw new DatabaseUnusable(takenSentence(directory, pid));
}

/** Makes the directory if necessary, and locks it. Returns the function that gives it back. Throws DatabaseUnusable. */
export function takeDirectory(directory: string): () => void {
  try {
    makeFolders(directory);
    return lockDirectory(directory, LOCK_FILE);
  } catch (cause) {
    if (cause instanceof DirectoryTaken) throw new DatabaseUnusable(takenSentence(directory, cause.pid));
    const { code = "unknown" } = cause as NodeJS.ErrnoException;
    throw new DatabaseUnusable(
      `The database directory ${directory} cannot be written (${code}): give this process the right to write there, or set DATA_DIR to a directory where it has it.`,
      { cause },
    );
  }
}
