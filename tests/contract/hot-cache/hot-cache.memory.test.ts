import { MemoryHotCache } from "@/lib/adapters/memory/memory-hot-cache";
import { DrivenClock } from "../../support/control/driven-clock";
import { hotCacheContract } from "./hot-cache.contract";

hotCacheContract(async () => {
  const clock = new DrivenClock();
  return { hot: new MemoryHotCache(clock), pass: (ms) => clock.advance(ms), nowMs: () => clock.now() };
});
