/** Packs the database of DATABASE_URL when its parent says so, with the schedule and the pauses of an instance. */
import { MemoryHotCache } from "@/lib/adapters/memory/memory-hot-cache";
import { systemClock } from "@/lib/adapters/memory/system-clock";
import { openPg } from "@/lib/adapters/postgres/drivers/pg";
import { openStore } from "@/lib/adapters/postgres/store";
import type { Packed } from "@/lib/engine/repair/pack";
import { PackScheduler } from "@/lib/engine/repair/pack-scheduler";

/** `in background` packs as a long-running instance does, `at once` as a function does. The answer to `stop` is what was packed. */
export type PackerOrder = "in background" | "at once" | "stop";

const HOT_MS = 48 * 3_600_000;
const NOTHING: Packed = { messages: 0, rows: 0 };

async function main(): Promise<void> {
  const { sync } = await openStore(openPg(process.env.DATABASE_URL ?? ""), "devnet");
  let packed = NOTHING;
  let packing: PackScheduler | null = null;
  const log = {
    info: (_: string, counts: object = {}) => {
      packed = { ...packed, ...counts };
    },
    warn: console.error,
    error: console.error,
  };
  process.on("message", async (order: PackerOrder) => {
    if (order === "stop") {
      await packing?.close();
      process.send?.(packed);
      return;
    }
    packed = NOTHING;
    packing = new PackScheduler({
      store: sync,
      hot: new MemoryHotCache(systemClock),
      clock: systemClock,
      hotMs: HOT_MS,
      keepMonths: 0,
      log,
    });
    if (order === "at once") void packing.packForSeconds();
    else packing.notice();
  });
  process.send?.("ready");
}

process.once("disconnect", () => process.exit(0));
void main();
