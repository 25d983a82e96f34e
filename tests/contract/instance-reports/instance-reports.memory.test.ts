import { MemoryInstanceReports } from "@/lib/adapters/memory/memory-instance-reports";
import { DrivenClock } from "../../support/control/driven-clock";
import { instanceReportsContract } from "./instance-reports.contract";

instanceReportsContract(async () => {
  const clock = new DrivenClock();
  return { reports: new MemoryInstanceReports(clock), pass: (ms) => clock.advance(ms) };
});
