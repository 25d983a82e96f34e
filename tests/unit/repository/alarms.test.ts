import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { metricSeries } from "../../support/repository/metric-series";

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

/** A scrape's own. */
const OF_PROMETHEUS = ["up", "instance", "job"];

describe(FILE, () => {
  const known = metricSeries();

  it.each(rules)("$alert asks for metrics that the app has, by labels that they have", ({ expr }) => {
    const bare = expr.replace(/"[^"]*"/g, '""');
    const names = [...bare.matchAll(/\b(?:trustmesh|process|nodejs)_\w+/g)].map(([name]) => name);
    if (!bare.includes("up{")) expect(names.length).toBeGreaterThan(0);
    expect(names.filter((name) => !known.has(name))).toEqual([]);
    const labels = [...bare.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*""/g), ...bare.matchAll(/\bby \(([^)]*)\)/g)].flatMap(
      ([, list = ""]) => list.split(",").map((label) => label.trim()),
    );
    const ofThese = new Set([...OF_PROMETHEUS, ...names.flatMap((name) => known.get(name) ?? [])]);
    expect(labels.filter((label) => !ofThese.has(label))).toEqual([]);
  });

  it("names each once, says in a sentence what is the matter, and how urgent it is", () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
    for (const { labels, annotations } of rules) {
      expect(["page", "ticket"]).toContain(labels.severity);
      expect(annotations.summary).toMatch(/\.$/);
    }
  });

  it("is told apart from what does not exist", () => {
    expect(known.has("trustmesh_http_request_duration_seconds_count")).toBe(true);
    expect(known.has("trustmesh_redis_breaker")).toBe(true);
    expect(known.has("nodejs_eventloop_lag_p99_seconds")).toBe(true);
    expect(known.has("trustmesh_unheard_of_total")).toBe(false);
  });
});
