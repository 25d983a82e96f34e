import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { INCIDENT_KINDS } from "@/lib/core/health/incident";
import { Incidents } from "@/lib/engine/health/incidents";

function setUp() {
  const clock = { nowMs: 1_000, now: () => clock.nowMs, monotonicMs: () => clock.nowMs };
  const logged: string[] = [];
  const line = (level: string) => (message: string) => void logged.push(`${level}: ${message}`);
  const incidents = new Incidents({ clock, log: { info: line("info"), warn: line("warn"), error: line("error") } });
  return { clock, logged, incidents };
}

describe("an incident", () => {
  it("is logged once when it starts and once when it ends, however often it is reported", () => {
    const { incidents, logged } = setUp();
    for (let i = 0; i < 3; i += 1) incidents.report("topic-reset", "0.0.7", "Topic 0.0.7 is shorter than stored.");
    expect(logged).toEqual(["error: Topic 0.0.7 is shorter than stored."]);
    for (let i = 0; i < 3; i += 1) incidents.report("topic-reset", "0.0.7", null);
    expect(logged).toEqual(["error: Topic 0.0.7 is shorter than stored.", "info: an incident has ended"]);
    expect(incidents.current()).toEqual([]);
  });

  it("keeps the time at which it was first seen, and takes the newest sentence", () => {
    const { clock, incidents } = setUp();
    incidents.report("topic-reset", "0.0.7", "first");
    clock.nowMs = 9_000;
    incidents.report("topic-reset", "0.0.7", "second");
    expect(incidents.current()).toMatchObject([{ sinceMs: 1_000, summary: "second", subject: "0.0.7" }]);
  });

  it("that happened at one instant stays open for a while, and longer if it happens again", () => {
    const { clock, incidents, logged } = setUp();
    incidents.happened("redis-went-back", null, "Redis went back.", 1_000);
    clock.nowMs += 900;
    incidents.happened("redis-went-back", null, "Redis went back.", 1_000);
    clock.nowMs += 999;
    expect(incidents.current()).toMatchObject([{ code: "redis-went-back", sinceMs: 1_000 }]);
    clock.nowMs += 1;
    expect(incidents.current()).toEqual([]);
    expect(logged).toEqual(["warn: Redis went back.", "info: an incident has ended"]);
    incidents.report("redis-went-back", null, "Redis went back again.");
    clock.nowMs += 5_000;
    expect(incidents.current()).toHaveLength(1);
  });

  it("is separate for each subject", () => {
    const { incidents } = setUp();
    incidents.report("topic-reset", "0.0.7", "one");
    incidents.report("topic-reset", "0.0.8", "two");
    incidents.report("topic-reset", "0.0.7", null);
    expect(incidents.current().map(({ subject }) => subject)).toEqual(["0.0.8"]);
  });

  it("has an action of one sentence that starts with a verb", () => {
    for (const { action } of Object.values(INCIDENT_KINDS)) expect(action).toMatch(/^[A-Z][a-z]+ .*\.$/);
  });
});

describe("every kind of incident", () => {
  const lines = readFileSync("docs/operations.md", "utf8").split("\n");
  const rows = lines.map((line) => line.split("|").map((cell) => cell.trim()));

  it.each(Object.entries(INCIDENT_KINDS))("%s is in the table of docs/operations.md", (code, { severity, action }) => {
    const row = rows.find((cells) => cells[1] === `\`${code}\``);
    expect(row, `add to the table of incidents: | \`${code}\` | ${severity} | … | ${action} |`).toBeDefined();
    expect(row?.slice(2, 3)).toEqual([severity]);
    expect(row?.[3]).toMatch(/^\S.*\.$/);
    expect(row?.slice(4, 5)).toEqual([action]);
  });

  it("has one alarm for its severity, and no alarm of its own beside it", () => {
    const rules = readFileSync("docs/alarms.rules.yml", "utf8");
    for (const severity of new Set(Object.values(INCIDENT_KINDS).map((kind) => kind.severity)))
      expect(rules.split(`trustmesh_incidents{severity="${severity}"}`)).toHaveLength(2);
  });
});
