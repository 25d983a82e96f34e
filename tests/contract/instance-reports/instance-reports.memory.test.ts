import { MemoryInstanceReports } from "@/lib/adapters/memory/memory-instance-reports";
import { DrivenClock } from "../../support/control/driven-clock";
import { instanceReportsContract } from "./instance-reports.contract";

instanceReportsContract(async () => {
  const clock = new DrivenClock();
  const ttlMs = 60_000;
  return { reports: new MemoryInstanceReports(clock, ttlMs), ttlMs, pass: (ms) => clock.advance(ms) };
});
