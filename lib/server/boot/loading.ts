import "server-only";

/** The parts that this process is still loading, for answers to early callers. */
const under = new Set<string>();

/** Counts `work` as loading until it is over. `what` names it in a few words: "the database". */
export async function loaded<T>(what: string, work: Promise<T>): Promise<T> {
  under.add(what);
  try {
    return await work;
  } finally {
    under.delete(what);
  }
}

/** A sentence each. */
export const loadingNow = (): readonly string[] => [...under].map((what) => `It is opening ${what}.`);
