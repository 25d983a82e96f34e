/** Compares the counts of a load run with the model's. */
import { sum } from "@/lib/core/capacity/capacity";
import type { CapacityInputs } from "@/lib/core/capacity/inputs";
import { STAYING } from "@/lib/core/capacity/rates";
import { traffic } from "@/lib/core/capacity/traffic";
import { columns } from "../../operator/capacity/words";

/** Totals since some start. Null if there is no counter. */
export interface Meters {
  readonly messages: number | null;
  readonly redisCommands: number | null;
  readonly sqlStatements: number | null;
  readonly mirrorRequests: number | null;
}

type MeterName = keyof Meters;

export interface Comparison {
  readonly name: MeterName;
  readonly measured: number | null;
  readonly predicted: number;
  /** Measured divided by predicted, minus one. */
  readonly error: number | null;
}

const LABELS: Readonly<Record<MeterName, string>> = {
  messages: "messages stored",
  redisCommands: "Redis commands",
  sqlStatements: "SQL statements",
  mirrorRequests: "mirror requests",
};

export function compare(inputs: CapacityInputs, instances: number, seconds: number, before: Meters, after: Meters) {
  const rates = traffic(inputs, instances, STAYING);
  const predicted: Readonly<Record<MeterName, number>> = {
    messages: rates.ledger.messages * seconds,
    redisCommands: sum(rates.redis) * seconds,
    sqlStatements: sum(rates.sql) * seconds,
    mirrorRequests: rates.mirror.requests * seconds,
  };
  return (Object.keys(LABELS) as MeterName[]).map((name): Comparison => {
    const [from, to] = [before[name], after[name]];
    const measured = from === null || to === null ? null : to - from;
    const error = measured === null || predicted[name] === 0 ? null : measured / predicted[name] - 1;
    return { name, measured, predicted: predicted[name], error };
  });
}

const whole = (value: number) => Math.round(value).toLocaleString("en");

export function comparisonTable(comparisons: readonly Comparison[]): string {
  return columns([
    ["", "measured", "model", "difference"],
    ...comparisons.map(({ name, measured, predicted, error }) => [
      LABELS[name],
      measured === null ? "not counted" : whole(measured),
      whole(predicted),
      error === null ? "" : `${error < 0 ? "-" : "+"}${Math.abs(error * 100).toFixed(1)} %`,
    ]),
  ]);
}
