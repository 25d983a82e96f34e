/** The capacity page's table of the plan's figures and ours, and the sentences below it. */
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { PlanCells } from "@/app/_ui/features/admin/capacity/plan-cells";
import { CostsTable, NeedsTable } from "@/app/_ui/features/admin/capacity/plan-tables";
import { planRows, planScales, planShortfalls } from "@/lib/client/admin/capacity";
import { DEFAULT_INPUTS } from "@/lib/core/capacity/inputs";

const textOf = (html: string) => html.replaceAll(/<[^>]*>/g, " ").replaceAll(/\s+/g, " ");
const scales = planScales(DEFAULT_INPUTS);

describe("the capacity page", () => {
  it("has one figure for one sum, in the table and in the sentences below it", () => {
    const props = { rows: planRows(DEFAULT_INPUTS), missed: planShortfalls(DEFAULT_INPUTS) };
    const [table = "", sentences = ""] = renderToStaticMarkup(createElement(PlanCells, props)).split("</table>");
    const moved = [...textOf(sentences).matchAll(/Move to containers on AWS: (\$[\d,]+)\./g)];
    expect(moved.length).toBeGreaterThan(1);
    for (const [, sum] of moved) expect(textOf(table)).toContain(` ${sum} `);
  });

  it("shows parts that add up to their sum, to the dollar", () => {
    const html = renderToStaticMarkup(createElement(CostsTable, { scales }));
    const rows = [...html.matchAll(/<tr.*?<\/tr>/g)].map(([row]) => textOf(row));
    const sums = (name: string) => {
      const found = rows.find((each) => each.includes(name)) ?? "";
      return [...found.matchAll(/\$([\d,]+)/g)].map(([, sum = ""]) => Number(sum.replaceAll(",", "")));
    };
    const parts = ["Mirror", "Redis", "Postgres", "Instances", "Network"].map(sums);
    const all = sums("Everything except ledger fees, with the cache");
    expect(all).toHaveLength(4);
    for (const [column, sum] of all.entries()) {
      const added = parts.reduce((total, part) => total + (part[column] ?? Number.NaN), 0);
      expect(Math.abs(added - sum)).toBeLessThanOrEqual(parts.length / 2);
    }
  });

  it("writes all rates in one form", () => {
    const html = renderToStaticMarkup(createElement(NeedsTable, { scales }));
    const rates = [...html.matchAll(/<tr.*?<\/tr>/g)]
      .map(([row]) => textOf(row))
      .filter((row) => / a second/.test(row));
    expect(rates.length).toBeGreaterThan(3);
    for (const row of rates) expect(row).not.toMatch(/\d,\d{3}/);
  });
});
