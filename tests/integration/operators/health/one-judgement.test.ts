/** Whatever is wrong, everything that speaks of health says the same: page data, ready, health routes, metrics, alarms and log. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { parse } from "yaml";
import { type Finding, INCIDENT_KINDS, type IncidentCode } from "@/lib/core/health/incident";
import { JUDGED_CODES } from "@/lib/core/health/judgement";
import { AdminStatus } from "@/lib/wire/operators/admin";
import type { IngestionAnswer, ReadyAnswer } from "@/lib/wire/operators/health";
import { startTestApp, type TestApp } from "../../../support/worlds/app";

const found: { now: readonly Finding[] } = { now: [] };
const TOKEN = "a-token-of-the-tests-that-nobody-could-guess";
let t: TestApp;
beforeAll(async () => {
  t = await startTestApp({ env: { METRICS_TOKEN: TOKEN } });
  await t.sync();
  // The findings are given here; the judgement has tests of its own.
  const settle = t.app.incidents.settle.bind(t.app.incidents);
  vi.spyOn(t.app.incidents, "settle").mockImplementation((codes) => settle(codes, found.now));
});
afterAll(() => t.close());

const rules = (
  parse(readFileSync("docs/alarms.rules.yml", "utf8")) as {
    groups: { rules: { expr: string; labels: { severity: string } }[] }[];
  }
).groups.flatMap((group) => group.rules);

/** Brings an incident about as its reporter would, or ends it. */
function show(code: IncidentCode, subject: string | null, summary: string | null): void {
  const isJudged = (JUDGED_CODES as readonly IncidentCode[]).includes(code);
  if (isJudged) found.now = summary === null ? [] : [{ code, subject, summary }];
  else t.app.incidents.report(code, subject, summary);
}

async function surfaces(code: IncidentCode) {
  // Answers of health are remembered for a moment, whoever asks.
  await t.clock.advance(2_000);
  const ask = async <T>(path: string) => (await (await t.ask("GET", path, null)).json()) as T;
  const ready = await ask<ReadyAnswer>("/api/health/ready");
  const ingestion = await ask<IngestionAnswer>("/api/health/ingestion");
  const status = AdminStatus.parse(await t.json("/api/admin/status", t.devnet.operatorId));
  const text = await (
    await t.ask("GET", "/api/metrics", null, { headers: { authorization: `Bearer ${TOKEN}` } })
  ).text();
  const series = text.split("\n").filter((line) => line.startsWith(`trustmesh_incidents{code="${code}"`));
  return { ready, ingestion, status, series };
}

describe("every kind of incident", () => {
  it.each(Object.entries(INCIDENT_KINDS))(
    "%s is the same on every surface, and ends on all of them",
    async (name, kind) => {
      const code = name as IncidentCode;
      // None that is kept here: its sync would report the end of what it does not see.
      const subject = "0.0.9999";
      const summary = `This stands for ${code}.`;
      t.logged.length = 0;
      show(code, subject, summary);
      const { ready, ingestion, status, series } = await surfaces(code);
      const expected = [{ code, subject, summary, severity: kind.severity, action: kind.action }];
      expect(ready).toMatchObject({ degraded: true, incidents: expected });
      expect(ingestion).toMatchObject({ ok: false, incidents: expected, alarms: [summary] });
      expect(status.incidents).toMatchObject(expected);
      expect(status.instances[0]?.incidents).toMatchObject(expected);
      expect(series).toContain(
        `trustmesh_incidents{code="${code}",subject="${subject}",severity="${kind.severity}"} 1`,
      );
      const alarms = rules.filter(({ expr }) => expr.includes(`trustmesh_incidents{severity="${kind.severity}"}`));
      expect(alarms.map(({ labels }) => labels.severity)).toEqual([kind.severity === "critical" ? "page" : "ticket"]);

      show(code, subject, null);
      const after = await surfaces(code);
      expect(after.ready).toMatchObject({ ready: true, degraded: false, incidents: [] });
      expect(after.ingestion).toMatchObject({ ok: true, incidents: [], alarms: [] });
      expect(after.status.incidents).toEqual([]);
      // The series stays, so that an alarm sees the end.
      expect(after.series).toContain(
        `trustmesh_incidents{code="${code}",subject="${subject}",severity="${kind.severity}"} 0`,
      );
      const level = kind.severity === "critical" ? "error" : "warn";
      expect(t.logged.filter((line) => /incident|stands for/.test(line))).toEqual([
        `${level}: ${summary}`,
        "info: an incident has ended",
      ]);
    },
  );

  it("has a metric of value 0 before it was ever seen", async () => {
    const { series } = await surfaces("starting");
    expect(series).toContain('trustmesh_incidents{code="starting",subject="",severity="warning"} 0');
  });
});
