/** The contract of every keeper of instance reports. */
import { beforeEach, expect, it } from "vitest";
import type { InstanceReports } from "@/lib/ports/shared/instance-reports";

export interface InstanceReportsSubject {
  readonly reports: InstanceReports;
  readonly ttlMs: number;
  /** Lets time pass for the reports. */
  pass(ms: number): Promise<void>;
}

export function instanceReportsContract(open: () => Promise<InstanceReportsSubject>): void {
  let subject: InstanceReportsSubject;
  beforeEach(async () => {
    subject = await open();
  });
  const tell = (id: string, report: string) => subject.reports.report(id, report, "nobody");
  const ask = async (id: string, report: string) => [...(await subject.reports.report(id, report, "everybody"))].sort();

  it("answers everybody's latest report, the asker's own included", async () => {
    await tell("a", '{"n":1}');
    await tell("b", '{"n":2}');
    await tell("a", '{"n":3}');
    expect(await ask("c", '{"n":4}')).toEqual(['{"n":2}', '{"n":3}', '{"n":4}']);
  });

  it("answers nothing to who asks for nobody", async () => {
    await tell("a", "1");
    expect(await tell("b", "2")).toEqual([]);
  });

  it("keeps a report as it was given, whatever text it is", async () => {
    const report = '12345 {"text":"ä 🌱 \\n % %d {}"}\nand a second line';
    expect(await ask("a", report)).toEqual([report]);
  });

  it("lets an instance go that says nothing more, and keeps who does", async () => {
    await tell("silent", "1");
    await subject.pass(subject.ttlMs - 1_000);
    await tell("alive", "2");
    expect(await ask("asker", "3")).toEqual(["1", "2", "3"]);
    await subject.pass(1_000);
    expect(await ask("asker", "4")).toEqual(["2", "4"]);
    await subject.pass(subject.ttlMs);
    expect(await ask("asker", "5")).toEqual(["5"]);
  });
}
