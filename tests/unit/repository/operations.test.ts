import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { metricSeries } from "../../support/repository/metric-series";
import { FAULTS, outageLines, SURFACES, TABLE_FILE, TIERS } from "../../support/worlds/outages/outage-table";

/** Some five sentences. */
const MAX_CHARACTERS = 450;

const testsOf = (tier: string) => `tests/integration/outages/outages-${tier.toLowerCase()}.redis.pg.test.ts`;

describe(TABLE_FILE, () => {
  it("has a line in its outage tables for every tier, fault and surface, and no other", () => {
    const expected = TIERS.flatMap((tier) =>
      FAULTS.flatMap((fault) => SURFACES.map((surface) => [tier, fault, surface])),
    );
    expect(outageLines().map(([tier, fault, surface]) => [tier, fault, surface])).toEqual(expected);
  });

  it("has a test for every cell of its outage tables", () => {
    for (const tier of TIERS) {
      const source = readFileSync(testsOf(tier), "utf8");
      expect(source).toContain(`outages("${tier}", {`);
      const unproved = outageLines()
        .filter(([name]) => name === tier)
        .map(([, , , sentence]) => sentence)
        .filter((sentence) => sentence === "" || !source.includes(JSON.stringify(sentence)));
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

  it("says what users see when a tier or a clock goes backwards: one row for each of the four", () => {
    const rows = readFileSync(TABLE_FILE, "utf8").split("\n");
    const WENT_BACK = {
      Redis: /^\| Redis comes back with less data .*Users see no difference/,
      Postgres: /^\| Postgres comes back without its last commits .*`stale` until/,
      mirror: /^\| the mirror's history differs from the stored one, or is shorter .*served, `stale`/,
      clock: /^\| the wall clock is set back or forward .*served as usual/,
    };
    for (const [name, row] of Object.entries(WENT_BACK)) {
      const found = rows.filter((line) => row.test(line));
      expect(found, name).toHaveLength(1);
      // A title that is not there fails below.
      expect(found[0], name).toMatch(/`tests\/integration\/[^`]+` "[^"]+"/);
    }
  });

  it("names metrics that the app exports", () => {
    const known = metricSeries();
    const named = [...readFileSync(TABLE_FILE, "utf8").matchAll(/\btrustmesh_\w+/g)].map(([name]) => name);
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((name) => !known.has(name) && !known.has(`${name}_count`))).toEqual([]);
  });

  it("has no long paragraph or item", () => {
    const lines = readFileSync(TABLE_FILE, "utf8").split("\n");
    expect(lines.filter((line) => !line.startsWith("|") && line.length > MAX_CHARACTERS)).toEqual([]);
  });
});
