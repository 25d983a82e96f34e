import { MemoryWriteFence } from "@/lib/adapters/memory/memory-write-fence";
import { DrivenClock } from "../../support/control/driven-clock";
import { writeFenceContract } from "./write-fence.contract";

writeFenceContract(async () => {
  const clock = new DrivenClock();
  return { fence: new MemoryWriteFence(clock), pass: (ms) => clock.advance(ms) };
});
