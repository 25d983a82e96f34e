import { MemoryViewCache } from "@/lib/adapters/memory/memory-view-cache";
import { DrivenClock } from "../support/driven-clock";
import { viewCacheContract } from "./view-cache.contract";

viewCacheContract(async () => {
  const clock = new DrivenClock();
  const ttlMs = 10_000;
  return { cache: new MemoryViewCache(clock, ttlMs), ttlMs, pass: (ms) => clock.advance(ms) };
});
