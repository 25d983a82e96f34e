import "server-only";

/** The parts that this process is still loading, shown to early callers. */
const loading = new Set<string>();

/** Counts `work` as loading until it is done. `what` names it in a few words, such as "the database". */
export async function whileLoading<T>(what: string, work: Promise<T>): Promise<T> {
  loading.add(what);
  try {
    return await work;
  } finally {
    loading.delete(what);
  }
}

/** One sentence for each part that is still loading. */
export const loadingNow = (): readonly string[] => [...loading].map((what) => `It is opening ${what}.`);
