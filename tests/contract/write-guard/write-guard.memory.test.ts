import { MemoryWriteGuard } from "@/lib/adapters/memory/memory-write-guard";
import { DrivenClock } from "../../support/control/driven-clock";
import { writeGuardContract } from "./write-guard.contract";

writeGuardContract(async () => {
  const clock = new DrivenClock();
  return { guard: new MemoryWriteGuard(clock), pass: (ms) => clock.advance(ms) };
});
