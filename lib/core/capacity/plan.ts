/** The scaling plan's own estimates (docs/capacity.md), and which of them are met. */
import { keyOf } from "../key";
import { capacity } from "./capacity";
import { total, withoutLedger } from "./costs";
import { type CapacityInputs, DEFAULT_INPUTS, GB, withSetUp } from "./inputs";
import type { Capacity, CostPart } from "./outputs";
import { SET_UPS, type SetUp } from "./set-ups/set-ups";
import { figure } from "./unit-figures";

/** A row of the scaling plan for one number of users. */
export interface PlanEstimate {
  readonly storageGb: number;
  /** Dollars a month without a cache, and with one. Null where the plan gives none. */
  readonly uncachedUsd: number | "not feasible" | null;
  readonly usd: number | null;
}

/** By the number of users. */
const PLAN: Readonly<Record<number, PlanEstimate>> = {
  10000: { storageGb: 5, uncachedUsd: 2_000, usd: 500 },
  100000: { storageGb: 50, uncachedUsd: 20_000, usd: 2_500 },
  1000000: { storageGb: 500, uncachedUsd: "not feasible", usd: 15_000 },
  10000000: { storageGb: 5_000, uncachedUsd: null, usd: null },
};

/** The plan's estimate for exactly this many users. Null for all other numbers. */
export const planFor = (users: number): PlanEstimate | null => PLAN[users] ?? null;

/** The plan's dollars a month without a cache, in words. `none` stands where the plan gives none. */
export function uncachedEstimate(users: number, dollars: (usd: number) => string, none: string): string {
  const usd = planFor(users)?.uncachedUsd ?? null;
  if (usd === null) return none;
  return usd === "not feasible" ? usd : dollars(usd);
}

/** One figure of the plan beside ours. */
export interface Cell {
  readonly what: "storage" | "dollars";
  /** GB or dollars, a month. */
  readonly value: number;
  readonly goal: number;
  readonly isMet: boolean;
}

/** The plan stores 5 GB for 52.5 million messages. */
const PLAN_BYTES = 95;

export const PART_LABELS: Readonly<Record<CostPart, string>> = {
  ledger: "Ledger fees",
  mirror: "Mirror",
  redis: "Redis",
  postgres: "Postgres",
  instances: "Instances",
  network: "Network",
};

/** A step that lowers a part of the bill. It is shown where no step meets the plan, and says so if it does not exist yet. */
const NEXT: Readonly<Record<SetUp, Readonly<Record<Exclude<CostPart, "ledger">, string>>>> = {
  vercel: {
    mirror: "Run a mirror of your own: its calls cost nothing.",
    redis: "Take a Redis that does not bill commands (REDIS_URL).",
    postgres: "Pack messages sooner: a lower HOT_HOURS.",
    instances: "Move to containers: our own server answers there, without the framework.",
    network: "Move to containers: a load balancer does not bill requests.",
  },
  aws: {
    mirror: "Run a mirror of your own: its calls cost nothing.",
    redis: "Keep less of each write, for which there is nothing yet.",
    postgres: "Make statements cheaper, for which there is nothing yet.",
    instances:
      "Let signals share a ledger message (SUBMIT_LINGER_MS), which the SDK sends as one. What that saves is not counted here.",
    network: "Send fewer freshness events, or put a cheaper network in front.",
  },
};

/** The cells of the plan's two tables for this number of users. Empty where the plan gives no figure. */
export function planCells(needs: Capacity): readonly Cell[] {
  const plan = planFor(needs.inputs.users);
  if (plan === null) return [];
  const storage = storageCell(needs, plan.storageGb);
  return plan.usd === null ? [storage] : [storage, dollarsCell(needs, plan.usd)];
}

function storageCell({ storage }: Capacity, goal: number): Cell {
  const value = storage.monthBytes / GB;
  return { what: "storage", value, goal, isMet: value <= goal };
}

/** The part that takes most of a cell that is not met, and the step that would lower it. */
type Advice = Pick<Shortfall, "why" | "next">;

function storageAdvice({ inputs: { signalsPerUserDay } }: Capacity): Advice {
  return {
    why: `A user writes ${signalsPerUserDay} signals a day, of ${figure("storedBytesPerMessage")} bytes each with rows and indexes. The plan counts ${DEFAULT_INPUTS.signalsPerUserDay} of ${PLAN_BYTES} bytes.`,
    next: "Pack messages sooner: a lower HOT_HOURS. Young ones take five times as much.",
  };
}

const RUNNING: readonly Exclude<CostPart, "ledger">[] = ["mirror", "redis", "postgres", "instances", "network"];

function dollarsCell({ costs }: Capacity, goal: number): Cell {
  const value = withoutLedger(costs);
  return { what: "dollars", value, goal, isMet: value <= goal };
}

function dollarsAdvice({ costs, inputs }: Capacity, { value, goal }: Cell): Advice {
  const [largest = "redis"] = RUNNING.toSorted((a, b) => total(costs, b) - total(costs, a));
  const share = Math.round((total(costs, largest) / value) * 100);
  const line = costs.filter(({ part }) => part === largest).toSorted((a, b) => b.usd - a.usd)[0];
  return {
    why: `${PART_LABELS[largest]} is ${share} % of it, ${line?.what ?? ""} most of all.`,
    next: stepThatMeets(inputs, goal) ?? NEXT[inputs.setUp][largest],
  };
}

/** The step that meets the goal: containers, or fewer months in Postgres; null if neither does. */
function stepThatMeets(inputs: CapacityInputs, goal: number): string | null {
  const aws = inputs.setUp === "aws" ? null : monthsThatMeet(withSetUp(inputs, "aws"), goal, inputs.monthsKept);
  if (aws !== null && aws.months === inputs.monthsKept) return `Move to containers on AWS: ${aws.usd}.`;
  const stay = monthsThatMeet(inputs, goal);
  if (stay !== null)
    return `Keep at most ${stay.months} months of messages in Postgres (${setting(stay.months)}): ${stay.usd}.`;
  if (aws === null) return null;
  return `Move to containers on AWS, with at most ${aws.months} months of messages in Postgres (${setting(aws.months)}): ${aws.usd}.`;
}

/** With KEEP_MONTHS=N there are up to N + 1 months. */
const setting = (months: number) => `KEEP_MONTHS=${months - 1}`;
const LEAST_MONTHS = 2;

/** The largest number of months, up to `most`, whose dollars are at most the goal. */
function monthsThatMeet(inputs: CapacityInputs, goal: number, most = inputs.monthsKept - 1) {
  for (let months = most; months >= LEAST_MONTHS; months -= 1) {
    const usd = withoutLedger(capacity({ ...inputs, monthsKept: months }).costs);
    if (usd <= goal) return { months, usd: `$${Math.round(usd).toLocaleString("en")}` };
  }
  return null;
}

/** A shortfall of several numbers of users, for the same reason and by the same share. */
export interface Shortfall {
  readonly users: readonly number[];
  /** The cell, in words. */
  readonly name: string;
  /** Ours divided by the plan's. */
  readonly times: number;
  readonly why: string;
  readonly next: string;
}

/** The cells that are not met. Storage is the same on every set-up, so it counts once. */
export function shortfalls(all: readonly Capacity[]): readonly Shortfall[] {
  const found = new Map<string, Shortfall>();
  for (const needs of all)
    for (const cell of planCells(needs)) {
      if (cell.isMet) continue;
      const { what, value, goal } = cell;
      const { why, next } = what === "storage" ? storageAdvice(needs) : dollarsAdvice(needs, cell);
      const name = what === "storage" ? "storage" : `dollars on ${SET_UPS[needs.inputs.setUp].name}`;
      const times = value / goal;
      const key = keyOf(name, times.toFixed(2), why);
      const users = new Set([...(found.get(key)?.users ?? []), needs.inputs.users]);
      found.set(key, { users: [...users], name, times, why, next });
    }
  return [...found.values()];
}
