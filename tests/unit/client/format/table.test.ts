import { describe, expect, it } from "vitest";
import { changed } from "@/app/_ui/features/url-state";
import { formatSort, parseSort, rowsMatching, sorted } from "@/lib/client/format/table";

describe("an order", () => {
  it("survives a round trip through the address", () => {
    const sort = { column: "lag", direction: "desc" } as const;
    expect(parseSort(formatSort(sort), ["lag"])).toEqual(sort);
  });

  it.each([null, "", "lag", "lag.up", "other.asc", "lag.asc.asc"])("is ignored if the address says %j", (text) => {
    expect(parseSort(text, ["lag"])).toBeNull();
  });
});

describe("rows", () => {
  const rows = [
    { id: "0.0.10", lag: 3 },
    { id: "0.0.9", lag: null },
    { id: "0.0.8", lag: 12 },
  ];
  const ids = (list: readonly (typeof rows)[number][]) => list.map(({ id }) => id);

  it("are ordered by number, and the unknown come last either way", () => {
    expect(ids(sorted(rows, ({ lag }) => lag, "asc"))).toEqual(["0.0.10", "0.0.8", "0.0.9"]);
    expect(ids(sorted(rows, ({ lag }) => lag, "desc"))).toEqual(["0.0.8", "0.0.10", "0.0.9"]);
  });

  it("are ordered as people count: 9 before 10", () => {
    expect(ids(sorted(rows, ({ id }) => id, "asc"))).toEqual(["0.0.8", "0.0.9", "0.0.10"]);
  });

  it("keep their place among equals", () => {
    expect(ids(sorted(rows, () => 1, "desc"))).toEqual(ids(rows));
  });

  it("match when every word of the query is in them, in any case and order", () => {
    const text = ({ id, lag }: (typeof rows)[number]) => `${id} Lag ${lag}`;
    expect(ids(rowsMatching(rows, "  12 LAG ", text))).toEqual(["0.0.8"]);
    expect(rowsMatching(rows, "", text)).toBe(rows);
    expect(rowsMatching(rows, "12 0.0.9", text)).toEqual([]);
  });
});

describe("the address", () => {
  it("changes the named members and keeps the rest", () => {
    expect(changed("?sort=lag.asc&q=x", { q: null, topic: "0.0.1" })).toBe("sort=lag.asc&topic=0.0.1");
    expect(changed("", { q: "" })).toBe("");
  });
});
