import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { metricSeries } from "../../support/repository/metric-series";
import { namesIn, unknownIn } from "../../support/repository/queries";

const FILE = "docs/alarms.rules.yml";
interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string };
}
const rules = (parse(readFileSync(FILE, "utf8")) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (group) => group.rules,
);

describe(FILE, () => {
  const known = metricSeries();

  it.each(rules)("uses in $alert only metrics and labels that the app exports", ({ expr }) => {
    if (!expr.includes("up{")) expect(namesIn(expr)).not.toEqual([]);
    expect(unknownIn(expr, known)).toEqual([]);
  });

  it("gives each alarm its own name, a sentence and a severity", () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
    for (const { labels, annotations } of rules) {
      expect(["page", "ticket"]).toContain(labels.severity);
      expect(annotations.summary).toMatch(/\.$/);
    }
  });

  it("fails this test with an unknown metric", () => {
    expect(known.has("trustmesh_http_request_duration_seconds_count")).toBe(true);
    expect(known.has("trustmesh_redis_breaker")).toBe(true);
    expect(known.has("nodejs_eventloop_lag_p99_seconds")).toBe(true);
    expect(known.has("trustmesh_unheard_of_total")).toBe(false);
  });
});
