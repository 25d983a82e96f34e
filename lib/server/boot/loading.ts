import "server-only";

/** The parts that this process is still loading, shown to early callers. */
const under = new Set<string>();

/** Counts `work` as loading until it is done. `what` names it in a few words, such as "the database". */
export async function whileLoading<T>(what: string, work: Promise<T>): Promise<T> {
  under.add(what);
  try {
    return await work;
  } finally {
    under.delete(what);
  }
}

/** One sentence for each part. */
export const loadingNow = (): readonly string[] => [...under].map((what) => `It is opening ${what}.`);
