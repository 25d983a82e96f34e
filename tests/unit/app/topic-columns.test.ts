/** The columns of the operators' table of topics. */
import { createElement, Fragment } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { topicColumns } from "@/app/_ui/features/admin/topics/topic-columns";
import { topicStatus } from "../../support/samples/admin-status";

const [whole, cut] = [topicStatus(0), topicStatus(1)];
const columns = (hasDropped: boolean, isCounted = true) => topicColumns({ open: () => {}, hasDropped, isCounted });
const shown = (id: string, topic: typeof cut) => {
  const cell = columns(true)
    .find((column) => column.id === id)
    ?.cell(topic);
  return renderToStaticMarkup(createElement(Fragment, null, cell));
};

describe("the columns of topics", () => {
  it("have one for the first message that is kept, where old ones of any topic were dropped", () => {
    expect(columns(false).map(({ head }) => head)).not.toContain("Kept from");
    expect(columns(true).map(({ head }) => head)).toContain("Kept from");
    expect(shown("kept", cut)).toMatch(/^5,121.*2026/);
    expect(shown("kept", whole)).toBe("");
    // Phones show few columns.
    expect(shown("topic", cut)).toContain("kept from 5,121");
    expect(shown("topic", whole)).not.toContain("kept from");
  });

  it("name their orders by what they hold: no number is sorted from A to Z", () => {
    const alphabetical = columns(true).flatMap(({ head, numeric, ways, key }) =>
      numeric || ways || typeof key?.(cut) !== "number" ? [] : [head],
    );
    expect(alphabetical).toEqual([]);
  });

  it("count the messages that are stored now, and none that are not counted", () => {
    const storedOf = (topic: typeof cut, isCounted = true) =>
      columns(true, isCounted)
        .find(({ id }) => id === "stored")
        ?.key?.(topic);
    const counts = { ...cut.counts, messages: 6_000 };
    const dropped = { through: 5_120, throughTime: "1790000000.000000001", messages: 5_000 };
    expect(storedOf({ ...cut, counts, dropped })).toBe(1_000);
    expect(storedOf({ ...cut, counts, dropped: undefined })).toBe(6_000);
    expect(storedOf({ ...cut, counts, dropped: { through: 5_120, throughTime: dropped.throughTime } })).toBeNull();
    expect(storedOf({ ...cut, counts, dropped }, false)).toBeNull();
    // It is started over, and was counted before.
    expect(storedOf({ ...cut, counts: { ...counts, messages: 0 }, dropped })).toBe(0);
  });
});
