/** The columns of the operators' table of topics. */
import { createElement, Fragment } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { topicColumns } from "@/app/_ui/features/admin/topics/topic-columns";
import { topicStatus } from "../../support/samples/admin-status";

const [whole, cut] = [topicStatus(0), topicStatus(1)];
const columns = (hasDropped: boolean) => topicColumns(() => {}, hasDropped);
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
});
