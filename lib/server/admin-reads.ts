import "server-only";
/** What the admin page asks of the database, however many look at it. */
import type { AdminStore } from "../ports/admin-store";
import type { Clock } from "../ports/clock";
import { Remembered } from "./remembered";
import { CHECK_ACTIONS } from "./topic-checks";

/** Cursors and gaps move with every commit, and a page that polls should see them move. */
const TOPICS_MS = 2_000;
/** Sizes and samples are looked at by people, and the statements are larger. */
const STORAGE_MS = 60_000;
/** Who writes where changes slowly, and every row is looked at: 1,000,000 take PostgreSQL about half a second. */
const CROWDS_MS = 600_000;
const CROWD_ROWS_MAX = 2_000_000;
const GAPS_SHOWN = 200;
const ODD_SHOWN = 20;
const ODD_BYTES = 200;

export function adminReads(admin: AdminStore, clock: Clock) {
  const remember = <T>(read: () => Promise<T>, ttlMs: number) => new Remembered(read, ttlMs, clock);
  const sizes = remember(() => admin.sizes(), STORAGE_MS);
  return {
    topics: remember(() => admin.topics(GAPS_SHOWN), TOPICS_MS),
    checks: remember(() => admin.latest(Object.values(CHECK_ACTIONS)), TOPICS_MS),
    firstUnverified: remember(() => admin.firstUnverified(), STORAGE_MS),
    sizes,
    crowds: remember(async () => {
      const relations = (await sizes.get())?.value.relations ?? [];
      const rows = relations
        .filter(({ partitionOf }) => partitionOf === "hcs_messages")
        .reduce((sum, each) => sum + each.rows, 0);
      return rows > CROWD_ROWS_MAX ? null : admin.crowds();
    }, CROWDS_MS),
    odd: remember(() => admin.odd(ODD_SHOWN, ODD_BYTES), STORAGE_MS),
  };
}

export type AdminReads = ReturnType<typeof adminReads>;
