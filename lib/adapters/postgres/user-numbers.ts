import { LRUCache } from "lru-cache";
import { atMostEntries } from "../../core/bounded-map";
import type { UserId } from "../../core/ledger/ids";

/**
 * More people than read at one instance within hours. Without the number, a read takes half a millisecond longer to plan on a server
 * that keeps no plans.
 */
const MAX_USERS = 100_000;

interface Answer {
  readonly userNo: number | null;
}

/**
 * Remembers users' numbers from earlier answers of the database. A number changes only if the database is restored or replaced. So
 * every answer contains the user's number, and an answer that was asked for with a wrong number is thrown away.
 */
export class UserNumbers {
  private readonly known = new LRUCache<string, number>(atMostEntries(MAX_USERS));

  /** Takes the numbers of an answer: `numbers[i]` is that of `users[i]`. */
  learn(users: readonly string[], numbers: readonly number[]): void {
    for (const [i, number] of numbers.entries()) this.known.set(users[i] as string, number);
  }

  /** Calls `send` with the remembered number (null: none), and once more if the answer shows that it was wrong. */
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
