import "server-only";

/** The parts that this process is still loading. Callers who come earlier are told. */
const under = new Set<string>();

/** Counts `work` as being loaded until it is over. `what`: a few words, as in "the database". */
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
