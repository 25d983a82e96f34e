/**
 * The capacity model in the browser. It is the same code as `npm run capacity` (core/capacity/capacity), so a slider answers at
 * once and needs no request.
 */
import { capacity } from "@/lib/core/capacity/capacity";
import { total, withoutLedger } from "@/lib/core/capacity/costs";
import {
  type CapacityInputs,
  DEFAULT_INPUTS,
  GB,
  PLAN_SCALES,
  withLinger,
  withSetUp,
} from "@/lib/core/capacity/inputs";
import { type LimitAt, limitsOf } from "@/lib/core/capacity/limits";
import type { Capacity, CostPart } from "@/lib/core/capacity/outputs";
import { type Cell, PART_LABELS, planCells, type Shortfall, shortfalls } from "@/lib/core/capacity/plan";
import { SET_UP_NAMES, SET_UPS, type SetUp } from "@/lib/core/capacity/set-ups/set-ups";
import { type UncachedDesign, uncachedDesign } from "@/lib/core/capacity/uncached";
import { compact, counted, whole } from "../format/numbers";

export interface Dial {
  readonly id: "users" | "signals" | "reads" | "open" | "segments" | "linger";
  readonly label: string;
  readonly least: number;
  readonly most: number;
  /** Whether steps are even in the logarithm, for ranges over several powers of ten. */
  readonly isLogarithmic: boolean;
  readonly start: number;
  format(value: number): string;
}

/** The inputs with a slider. All others have the model's defaults (core/capacity/inputs). */
export const DIALS: readonly Dial[] = [
  { id: "users", label: "Users", least: 1_000, most: 1e7, isLogarithmic: true, start: 100_000, format: whole },
  {
    id: "signals",
    label: "Signals written per user and day",
    least: 1,
    most: 1_000,
    isLogarithmic: true,
    start: DEFAULT_INPUTS.signalsPerUserDay,
    format: whole,
  },
  {
    id: "reads",
    label: "Reads per user and day",
    least: 1,
    most: 1_000,
    isLogarithmic: true,
    start: DEFAULT_INPUTS.readsPerUserDay,
    format: whole,
  },
  {
    id: "open",
    label: "Users with a page open",
    least: 0,
    most: 50,
    isLogarithmic: false,
    start: DEFAULT_INPUTS.openPageShare * 100,
    format: (value) => `${value} %`,
  },
  {
    id: "segments",
    label: "Topics per kind",
    least: 1,
    most: 256,
    isLogarithmic: true,
    start: DEFAULT_INPUTS.segments,
    format: whole,
  },
  {
    id: "linger",
    label: "Wait of signals that share a message",
    least: 0,
    most: 10_000,
    isLogarithmic: false,
    start: DEFAULT_INPUTS.settings.lingerMs,
    format: (value) => `${whole(value)} ms`,
  },
];

export type DialValues = Readonly<Record<Dial["id"], number>>;

/** A slider has positions 0 to this. */
export const POSITIONS = 400;

/** Value of a slider position, rounded to two digits to keep it readable. */
export function valueAt({ least, most, isLogarithmic }: Dial, position: number): number {
  const share = position / POSITIONS;
  const value = isLogarithmic ? least * (most / least) ** share : least + (most - least) * share;
  return Math.min(most, value < 100 ? Math.round(value) : Number(value.toPrecision(2)));
}

/** The slider position of a value, from 0 to `POSITIONS`. A value outside the dial's range gets the nearest end. */
export function positionOf({ least, most, isLogarithmic }: Dial, value: number): number {
  const share = isLogarithmic ? Math.log(value / least) / Math.log(most / least) : (value - least) / (most - least);
  return Math.round(Math.min(1, Math.max(0, share)) * POSITIONS);
}

/** Value from the address, or the default if it is not a number or is out of range. */
export function parseDial(dial: Dial, text: string | null): number {
  const value = text === null || text.trim() === "" ? Number.NaN : Number(text);
  return value >= dial.least && value <= dial.most ? value : dial.start;
}

/** The model's inputs for these dials. The dial of open pages is in percent; all inputs without a dial keep their defaults. */
export function inputsOf({ users, signals, reads, open, segments, linger }: DialValues, setUp: SetUp): CapacityInputs {
  const inputs = {
    ...{ ...DEFAULT_INPUTS, users, segments },
    ...{ signalsPerUserDay: signals, readsPerUserDay: reads, openPageShare: open / 100 },
  };
  return withSetUp(withLinger(inputs, linger), setUp);
}

export const SET_UP_OPTIONS: readonly { readonly value: SetUp; readonly label: string }[] = SET_UP_NAMES.map(
  (value) => ({
    value,
    label: SET_UPS[value].name,
  }),
);

/** Set-up from the address, or the model's default if it names none. */
export const parseSetUp = (text: string | null): SetUp =>
  SET_UP_NAMES.find((name) => name === text) ?? DEFAULT_INPUTS.setUp;

export const COST_PARTS: readonly { readonly part: CostPart; readonly label: string }[] = (
  ["ledger", "mirror", "redis", "postgres", "instances", "network"] as const
).map((part) => ({ part, label: PART_LABELS[part] }));

export interface Scale {
  readonly users: number;
  readonly ours: Capacity;
  readonly uncached: UncachedDesign;
}

const scaleOf = (inputs: CapacityInputs, users: number): Scale => ({
  users,
  ours: capacity({ ...inputs, users }),
  uncached: uncachedDesign({ ...inputs, users }),
});

/** The four columns of the plan's tables. */
export const planScales = (inputs: CapacityInputs): readonly Scale[] =>
  PLAN_SCALES.map((users) => scaleOf(inputs, users));

/** A row of the plan's table: our figures on one set-up, with a cell for each number of users. Null where the plan has no figure. */
export interface PlanRow {
  readonly what: Cell["what"];
  readonly setUp: SetUp;
  readonly cells: readonly { readonly users: number; readonly value: number; readonly cell: Cell | null }[];
}

/** The plan's two tables. Storage is the same on every set-up. */
export function planRows(inputs: CapacityInputs): readonly PlanRow[] {
  return SET_UP_NAMES.flatMap((setUp, i): PlanRow[] => {
    const scales = planScales(withSetUp(inputs, setUp));
    const row = (what: Cell["what"], figureOf: (scale: Scale) => number): PlanRow => ({
      what,
      setUp,
      cells: scales.map((scale) => ({
        users: scale.users,
        value: figureOf(scale),
        cell: planCells(scale.ours).find((each) => each.what === what) ?? null,
      })),
    });
    const storage = row("storage", ({ ours }) => ours.storage.monthBytes / GB);
    const money = row("dollars", ({ ours }) => runningCost(ours));
    return i === 0 ? [storage, money] : [money];
  });
}

/** The plan's cells that are not met, on either set-up. */
export const planShortfalls = (inputs: CapacityInputs): readonly Shortfall[] =>
  shortfalls(SET_UP_NAMES.flatMap((setUp) => planScales(withSetUp(inputs, setUp)).map(({ ours }) => ours)));

/** Dollars a month of one part of our bill. */
export const costOfPart = ({ ours }: Scale, part: CostPart): number => total(ours.costs, part);
/** Dollars a month without the ledger's network fees. */
export const runningCost = ({ costs }: Pick<Capacity | UncachedDesign, "costs">): number => withoutLedger(costs);

/** From 1,000 to ten million users, six to a power of ten. */
const CURVE_USERS = Array.from({ length: 25 }, (_, step) => Number((1_000 * 10 ** (step / 6)).toPrecision(3)));

export interface Curves {
  readonly users: readonly number[];
  /** Dollars per month; null for zero, which has no logarithm. */
  readonly costs: readonly { readonly label: string; readonly usd: readonly (number | null)[] }[];
}

/** Dollars a month of each part by the number of users, for charts with logarithmic axes. */
export function curvesOf(inputs: CapacityInputs): Curves {
  const scales = CURVE_USERS.map((users) => scaleOf(inputs, users));
  return {
    users: CURVE_USERS,
    costs: COST_PARTS.map(({ part, label }) => ({
      label,
      usd: scales.map((scale) => costOfPart(scale, part) || null),
    })),
  };
}

export interface Standing {
  readonly limits: readonly LimitAt[];
  /** The first limit that breaks, and what to do about it. */
  readonly sentence: string;
  readonly isBroken: boolean;
}

/** The limits in the order in which they break, and a sentence about the first. */
export function standingAt(inputs: CapacityInputs): Standing {
  const limits = limitsOf(inputs);
  const [first] = limits;
  if (!first || !Number.isFinite(first.breaksAtUsers)) {
    return { limits, sentence: "No number of users breaks a limit.", isBroken: false };
  }
  const isBroken = first.breaksAtUsers <= inputs.users;
  const broken = limits.filter(({ breaksAtUsers }) => breaksAtUsers <= inputs.users).length;
  const others =
    broken > 1 ? ` ${counted(broken - 1, "more is", "more are")} broken at ${compact(inputs.users)} users.` : "";
  const sentence = isBroken
    ? `The first limit to break is "${first.name}", at ${roughly(first.breaksAtUsers)} users. ${first.remedy}${others}`
    : `Nothing is broken at ${compact(inputs.users)} users. The first limit to break is "${first.name}", at ${roughly(first.breaksAtUsers)} users. ${first.remedy}`;
  return { limits, sentence, isBroken };
}

/** Two digits, because the inputs are not more exact. */
export const roughly = (users: number): string =>
  Number.isFinite(users) ? compact(Number(users.toPrecision(2))) : "never";
