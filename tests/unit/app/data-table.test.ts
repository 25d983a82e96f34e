/** Tables that are sorted by a column. */
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, it } from "vitest";
import { type Column, DataTable, OF_TIMES } from "@/app/_ui/primitives/data-table";

const column = (head: string, more: Partial<Column<string>>): Column<string> => ({
  ...{ id: head, head, first: "desc", cell: (row) => row },
  ...more,
});

it("a list of the orders names each one by what the column holds", () => {
  const columns = [
    column("Name", { first: "asc" }),
    column("Size", { numeric: true }),
    column("When", { ways: OF_TIMES }),
  ];
  const table = { caption: "Things", columns, rows: ["a"], keyOf: (row: string) => row, sort: null, onSort: () => {} };
  const options = renderToStaticMarkup(createElement(DataTable<string>, table)).match(/(?<=<option [^>]*>)[^<]+/g);
  expect(options).toEqual([
    ...["Default order", "Name, A to Z", "Name, Z to A", "Size, highest first", "Size, lowest first"],
    ...["When, newest first", "When, oldest first"],
  ]);
});
