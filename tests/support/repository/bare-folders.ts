/** Folders with comments that still open with a bare Of, Who, What, Whose or Whom. It only shrinks: remove a folder when it is clean. */
export const BARE_FOLDERS: ReadonlySet<string> = new Set([
  "lib/core/signals",
  "lib/core/sync",
  "lib/engine/reads",
  "lib/engine/sync",
  "lib/ports/store",
]);
