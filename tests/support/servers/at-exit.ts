/**
 * Ends test servers, and removes their folders, if this process ends before a test does. One listener serves all of them,
 * because Node warns of more than ten. Test files of one process may each load this module, so what it knows is kept with the
 * process.
 */
const KEY = Symbol.for("trustmesh: what is undone when the process ends");

const kept = process as unknown as { [KEY]?: Set<() => void> };

function undone(): Set<() => void> {
  if (kept[KEY] !== undefined) return kept[KEY];
  const all = new Set<() => void>();
  kept[KEY] = all;
  process.once("exit", () => {
    for (const undo of all) undo();
  });
  return all;
}

/** Calls `undo` when the process ends. Returns the function that takes this back. */
export function atExit(undo: () => void): () => void {
  undone().add(undo);
  return () => void undone().delete(undo);
}
