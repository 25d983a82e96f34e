/** The measured unit figures and the list prices, as tables. */
import { PRICES } from "@/lib/core/capacity/prices";
import { UNIT_FIGURES } from "@/lib/core/capacity/unit-figures";
import { columns } from "./words";

export function figuresTable(): string {
  const rows = Object.values(UNIT_FIGURES).map(({ row, value, unit }) => [
    row,
    `${value.toLocaleString("en")} ${unit}`,
  ]);
  return columns([["bench row", "figure"], ...rows]);
}

export function pricesTable(): string {
  const rows = Object.values(PRICES).map(({ source, dated, usd, per, unit, free }) => [
    `${source}, ${dated ?? "undated"}`,
    `$${usd} for ${per.toLocaleString("en")} ${unit}${free === 0 ? "" : `, ${free.toLocaleString("en")} free`}`,
  ]);
  return columns([["source", "price"], ...rows]);
}
