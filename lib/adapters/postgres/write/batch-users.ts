import type { Batch } from "../../../core/signals/batch";

/** UTF-8 byte order: the server's collation "C". JavaScript's order differs where surrogates meet U+E000 to U+FFFF. */
const byBytes = (a: string, b: string): number => {
  if (a === b) return 0;
  if (!HAS_SURROGATE.test(a) && !HAS_SURROGATE.test(b)) return a < b ? -1 : 1;
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
};
const HAS_SURROGATE = /[\ud800-\udfff]/;

/** All users that a batch names, in the server's order. */
export class BatchUsers {
  private constructor(
    readonly ids: readonly string[],
    private readonly places: ReadonlyMap<string, number>,
  ) {}

  static of(batch: Pick<Batch, "rows" | "edges" | "profiles">): BatchUsers {
    const ids = new Set<string>();
    for (const { userId, peerId } of batch.rows) {
      ids.add(userId);
      if (peerId !== null) ids.add(peerId);
    }
    for (const { userId, peerId } of batch.edges) ids.add(userId).add(peerId);
    for (const { userId } of batch.profiles) ids.add(userId);
    const sorted = [...ids].sort(byBytes);
    return new BatchUsers(sorted, new Map(sorted.map((id, i) => [id, i + 1])));
  }

  /** The user's place in `ids`, counted from 1 as Postgres counts. Throws RangeError for a user whom the batch does not name. */
  place(userId: string): number {
    const place = this.places.get(userId);
    if (place === undefined) throw new RangeError(`${userId} is not named in the batch`);
    return place;
  }
}
