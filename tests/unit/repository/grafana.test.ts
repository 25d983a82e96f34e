import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { metricSeries } from "../../support/repository/metric-series";
import { namesIn, unknownIn } from "../../support/repository/queries";

const FILE = "docs/grafana.json";

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string }[];
}

const { panels } = JSON.parse(readFileSync(FILE, "utf8")) as { panels: readonly Panel[] };
const charts = panels.filter(({ type }) => type !== "row");
/** Metrics that say nothing over time, or that another one in the dashboard contains. */
const LEFT_OUT = [
  ...["trustmesh_l1_users", "trustmesh_l1_fills_total", "trustmesh_pending_users"],
  ...["trustmesh_event_bus_connected", "trustmesh_topic_cursor"],
];

describe(FILE, () => {
  const known = metricSeries();

  it.each(charts)("uses in $title only metrics and labels that the app exports", ({ targets = [] }) => {
    expect(targets.length).toBeGreaterThan(0);
    for (const { expr } of targets) {
      if (!expr.includes("up{")) expect(namesIn(expr)).not.toEqual([]);
      expect(unknownIn(expr, known)).toEqual([]);
    }
  });

  it("shows every metric of the app that changes", () => {
    const bare = (name: string) => name.replace(/_(bucket|count|sum)$/, "");
    const shown = new Set(charts.flatMap(({ targets = [] }) => targets.flatMap(({ expr }) => namesIn(expr))).map(bare));
    const ours = [...known.keys()].filter((name) => name.startsWith("trustmesh_")).map(bare);
    expect([...new Set(ours)].filter((name) => !shown.has(name)).sort()).toEqual([...LEFT_OUT].sort());
  });

  it("fails this test with an unknown metric or label", () => {
    expect(unknownIn("sum(trustmesh_unheard_of_total)", known)).toEqual(["trustmesh_unheard_of_total"]);
    expect(unknownIn('sum by (user) (trustmesh_l1_bytes{job=~"$job"})', known)).toEqual(["user"]);
  });

  it("has panels with different ids that do not overlap", () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    for (const { gridPos } of panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
  });
});
