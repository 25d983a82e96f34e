import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { FAULTS, SURFACES, TABLE_FILE, TIERS, tableRows } from "../../support/worlds/outage-table";

const testsOf = (tier: string) => `tests/integration/outages/outages-${tier.toLowerCase()}.redis.pg.test.ts`;

describe(TABLE_FILE, () => {
  it("has a row for every tier and every way of failing, and no other", () => {
    const expected = TIERS.flatMap((tier) => FAULTS.map((fault) => [tier, fault]));
    expect(tableRows().map(([tier, fault]) => [tier, fault])).toEqual(expected);
    for (const row of tableRows()) expect(row).toHaveLength(2 + SURFACES.length);
  });

  it("has no sentence in that table that no test proves", () => {
    for (const tier of TIERS) {
      const source = readFileSync(testsOf(tier), "utf8");
      expect(source).toContain(`outages("${tier}", {`);
      const unproved = tableRows()
        .filter(([name]) => name === tier)
        .flatMap(([, , ...sentences]) => sentences)
        .filter((sentence) => !source.includes(JSON.stringify(sentence)));
      expect(unproved).toEqual([]);
    }
  });

  it("names tests that exist, by their titles", () => {
    const named = [...readFileSync(TABLE_FILE, "utf8").matchAll(/`(tests\/[^`]+)` "([^"]+)"/g)];
    expect(named.length).toBeGreaterThan(2);
    for (const [, file = "", title = ""] of named) {
      expect(existsSync(file), file).toBe(true);
      expect(readFileSync(file, "utf8"), `${file} has no test "${title}"`).toContain(`"${title}"`);
    }
  });
});
