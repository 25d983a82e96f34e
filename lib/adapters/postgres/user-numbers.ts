import { LRUCache } from "lru-cache";
import { atMostEntries } from "../../core/bounded-map";
import type { UserId } from "../../core/ledger/ids";

/** More people than read at one instance within hours. For anybody else, a server that keeps no plans needs half a millisecond more for planning. */
const MAX_USERS = 100_000;

interface Answer {
  readonly userNo: number | null;
}

/**
 * Users' numbers, as answers of the database had them. A number never changes, unless the database is restored or replaced. So
 * each answer says the number again, and an answer for another number is not used.
 */
export class UserNumbers {
  private readonly known = new LRUCache<string, number>(atMostEntries(MAX_USERS));

  /** Takes the numbers of an answer: `numbers[i]` is that of `users[i]`. */
  learn(users: readonly string[], numbers: readonly number[]): void {
    for (const [i, number] of numbers.entries()) this.known.set(users[i] as string, number);
  }

  /** Reads for a user, and once more if the number that it was given was wrong. */
  async read<A extends Answer>(
    userId: UserId,
    send: (reader: { readonly userId: UserId; readonly userNo: number | null }) => Promise<readonly A[]>,
  ): Promise<readonly A[]> {
    const userNo = this.known.get(userId) ?? null;
    const rows = await send({ userId, userNo });
    const stored = rows[0]?.userNo ?? null;
    if (stored === userNo) return rows;
    if (stored === null) this.known.delete(userId);
    else this.known.set(userId, stored);
    return userNo === null ? rows : send({ userId, userNo: stored });
  }
}
