/** The contract of every store of instance reports. */
import { beforeEach, expect, it } from "vitest";
import type { InstanceReports } from "@/lib/ports/shared/instance-reports";

export const TTL_MS = 60_000;

export interface InstanceReportsSubject {
  readonly reports: InstanceReports;
  /** Lets time pass for the reports. */
  pass(ms: number): Promise<void>;
}

export function instanceReportsContract(open: () => Promise<InstanceReportsSubject>): void {
  let subject: InstanceReportsSubject;
  beforeEach(async () => {
    subject = await open();
  });
  const tell = (instanceId: string, report: string, ttlMs = TTL_MS) =>
    subject.reports.report({ instanceId, report, ttlMs }, "nobody");
  const ask = async (instanceId: string, report: string) =>
    [...(await subject.reports.report({ instanceId, report, ttlMs: TTL_MS }, "everybody"))].sort();

  it("returns everybody's latest report, the caller's own included", async () => {
    await tell("a", '{"n":1}');
    await tell("b", '{"n":2}');
    await tell("a", '{"n":3}');
    expect(await ask("c", '{"n":4}')).toEqual(['{"n":2}', '{"n":3}', '{"n":4}']);
  });

  it("returns nothing to a caller who asks for no one", async () => {
    await tell("a", "1");
    expect(await tell("b", "2")).toEqual([]);
  });

  it("keeps the text of a report unchanged", async () => {
    const report = '12345 {"text":"ä 🌱 \\n % %d {}"}\nand a second line';
    expect(await ask("a", report)).toEqual([report]);
  });

  it("drops an instance that has stopped reporting, and keeps one that reports", async () => {
    await tell("silent", "1");
    await subject.pass(TTL_MS - 1_000);
    await tell("alive", "2");
    expect(await ask("asker", "3")).toEqual(["1", "2", "3"]);
    await subject.pass(1_000);
    expect(await ask("asker", "4")).toEqual(["2", "4"]);
    await subject.pass(TTL_MS);
    expect(await ask("asker", "5")).toEqual(["5"]);
  });

  it("keeps each report for its own time, in any order", async () => {
    await tell("long", "1", TTL_MS);
    await tell("short", "2", 5_000);
    await subject.pass(5_000);
    expect(await ask("asker", "3")).toEqual(["1", "3"]);
    await subject.pass(TTL_MS - 6_000);
    expect(await ask("asker", "4")).toEqual(["1", "4"]);
  });

  it("drops an instance at once when it is removed", async () => {
    await tell("ended", "1");
    await tell("alive", "2");
    await subject.reports.remove("ended");
    await subject.reports.remove("never there");
    expect(await ask("asker", "3")).toEqual(["2", "3"]);
  });
}
