import { MemoryViewCache } from "@/lib/adapters/memory/memory-view-cache";
import { DrivenClock } from "../../support/control/driven-clock";
import { VIEW_TTL_MS, viewCacheContract } from "./view-cache.contract";

viewCacheContract(async (strategies) => {
  const clock = new DrivenClock();
  return { cache: new MemoryViewCache(clock, VIEW_TTL_MS, strategies), pass: (ms) => clock.advance(ms) };
});
