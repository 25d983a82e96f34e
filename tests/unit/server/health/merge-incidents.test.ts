import { expect, it } from "vitest";
import { mergeIncidents } from "@/lib/server/health/merge-incidents";
import type { IncidentAnswer } from "@/lib/wire/operators/health";

const NOW_MS = 1_000_000;
const incident = (code: string, more: Partial<IncidentAnswer> = {}): IncidentAnswer => ({
  ...{ code, subject: null, severity: "warning", sinceMs: NOW_MS - 5_000, summary: `${code}.`, action: "Wait." },
  ...more,
});
const report = (instanceId: string, incidents: readonly IncidentAnswer[], ageMs = 1_000) => ({
  ...{ instanceId, incidents: [...incidents], reportedMs: NOW_MS - ageMs },
});

it("the list names each incident once, with its first time and every instance that sees it", () => {
  const seen = mergeIncidents(
    [
      report("a", [incident("topic-gap", { subject: "0.0.7" })]),
      report("b", [
        incident("topic-gap", { subject: "0.0.7", sinceMs: 3_000 }),
        incident("topic-gap", { subject: "0.0.8" }),
      ]),
    ],
    NOW_MS,
  );
  expect(seen).toMatchObject([
    { subject: "0.0.7", sinceMs: 3_000, instances: ["a", "b"] },
    { subject: "0.0.8", instances: ["b"] },
  ]);
});

it("the list starts with critical incidents, then the oldest", () => {
  const seen = mergeIncidents(
    [report("a", [incident("new"), incident("old", { sinceMs: 1 }), incident("bad", { severity: "critical" })])],
    NOW_MS,
  );
  expect(seen.map(({ code }) => code)).toEqual(["bad", "old", "new"]);
});

it("an instance that is silent for minutes counts as ended", () => {
  expect(mergeIncidents([report("a", [incident("starting")], 151_000)], NOW_MS)).toEqual([]);
  expect(mergeIncidents([report("a", [incident("starting")], 149_000)], NOW_MS)).toHaveLength(1);
});
