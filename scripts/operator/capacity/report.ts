/** The model's answer as text: the plan's two tables, today's design beside the cache, and the limits in the order in which they break. */
import { capacity, sum } from "@/lib/core/capacity/capacity";
import { total, withoutLedger } from "@/lib/core/capacity/costs";
import { type CurrentPlan, currentPlan } from "@/lib/core/capacity/current";
import type { CapacityInputs } from "@/lib/core/capacity/inputs";
import { currentLimitsOf, type LimitAt, limitsOf } from "@/lib/core/capacity/limits";
import type { Capacity, CostPart } from "@/lib/core/capacity/need";
import { counted } from "@/lib/core/counted";
import { bytes, columns, count, dollars, meanAndPeak } from "./words";

interface Scale {
  readonly ours: Capacity;
  readonly current: CurrentPlan;
}

/** The plan's own estimates, by users. */
const PLAN: Readonly<Record<number, { readonly storage: string; readonly current: string; readonly ours: string }>> = {
  10000: { storage: "5 GB", current: "$2,000", ours: "$500" },
  100000: { storage: "50 GB", current: "$20,000", ours: "$2,500" },
  1000000: { storage: "500 GB", current: "not feasible", ours: "$15,000" },
  10000000: { storage: "5 TB", current: "-", ours: "-" },
};

/** `scales` are the numbers of users, one for each column. */
export function report(inputs: CapacityInputs, scales: readonly number[]): string {
  const all = scales.map((users) => ({
    ours: capacity({ ...inputs, users }),
    current: currentPlan({ ...inputs, users }),
  }));
  const limits = limitsOf(inputs);
  const currentLimits = currentLimitsOf(inputs);
  return [
    assumptions(inputs),
    columns([["What N users need", ...scales.map((users) => count(users))], ...needs(all, limits, currentLimits)]),
    columns([["Dollars a month", ...scales.map((users) => count(users))], ...costs(all)]),
    `At each scale\n\n${scales.map((users) => standing(limits, users)).join("\n")}`,
    `Limits with the cache, in the order in which they break (in the busiest minute)\n\n${limitLines(limits)}`,
    `Limits of today's design, without a cache\n\n${limitLines(currentLimits)}`,
  ].join("\n\n");
}

function assumptions(inputs: CapacityInputs): string {
  const percent = (share: number) => `${Number((share * 100).toFixed(2))} %`;
  return `A user writes ${inputs.signalsPerUserDay} signals and makes ${inputs.readsPerUserDay} reads a day; ${percent(inputs.openPageShare)} have a page open;
the busiest minute has ${inputs.peakToMean} times the mean; messages of ${inputs.messageBytes} bytes are kept for ${inputs.monthsKept} months; ${counted(inputs.segments, "topic")} of each kind.`;
}

type Cell = (scale: Scale) => string;

function needs(all: readonly Scale[], limits: readonly LimitAt[], currentLimits: readonly LimitAt[]) {
  const row = (name: string, cell: Cell) => [name, ...all.map(cell)];
  const broken = (of: readonly LimitAt[], users: number) =>
    `${of.filter(({ breaksAtUsers }) => breaksAtUsers <= users).length} of ${of.length}`;
  return [
    row("messages a day", ({ ours }) => count(ours.messages.perDay)),
    row("messages a second (peak)", ({ ours }) => meanAndPeak(ours.messages.perS, ours.messages.peakPerS)),
    [""],
    row("today: mirror requests a second (peak)", ({ current }) =>
      meanAndPeak(current.mirrorRequestsPerS, current.peakMirrorRequestsPerS),
    ),
    row("cache: mirror requests a second (peak)", ({ ours }) =>
      meanAndPeak(ours.mean.mirror.requests, ours.peak.mirror.requests),
    ),
    row("today: memory", ({ current }) => bytes(current.memoryBytes)),
    row("cache: memory (L1) of all instances", ({ ours }) => bytes(ours.memory.l1Bytes)),
    row("       if every user's views were cached", ({ ours }) => bytes(ours.memory.allUsersBytes)),
    row("cache: stored in a month", ({ ours }) => bytes(ours.storage.monthBytes)),
    row("       the plan's estimate", ({ ours }) => PLAN[ours.inputs.users]?.storage ?? "-"),
    row(`cache: stored after ${all[0]?.ours.inputs.monthsKept} months`, ({ ours }) => bytes(ours.storage.keptBytes)),
    row("cache: Redis commands a second (peak)", ({ ours }) =>
      meanAndPeak(ours.redis.commandsPerS, ours.redis.peakCommandsPerS),
    ),
    row("cache: SQL statements a second (peak)", ({ ours }) =>
      meanAndPeak(ours.postgres.statementsPerS, sum(ours.peak.sql)),
    ),
    row("cache: Postgres compute units (peak)", ({ ours }) =>
      meanAndPeak(ours.postgres.computeUnits, ours.postgres.peakComputeUnits),
    ),
    row("cache: open streams (peak)", ({ ours }) => meanAndPeak(ours.mean.openStreams, ours.peak.openStreams)),
    row("cache: instances (peak)", ({ ours }) => meanAndPeak(ours.instances.mean, ours.instances.peak)),
    row("today: limits broken", ({ ours }) => broken(currentLimits, ours.inputs.users)),
    row("cache: limits broken", ({ ours }) => broken(limits, ours.inputs.users)),
  ];
}

function costs(all: readonly Scale[]) {
  const row = (name: string, cell: Cell) => [name, ...all.map(cell)];
  const part = (of: CostPart) => (scale: Scale) => dollars(total(scale.ours.costs, of));
  return [
    row("ledger fees, the same for both", part("ledger")),
    [""],
    row("today: mirror", ({ current }) => dollars(total(current.costs, "mirror"))),
    row("today: instances", ({ current }) => dollars(total(current.costs, "instances"))),
    row("today: all except ledger fees", ({ current }) => dollars(withoutLedger(current.costs))),
    row("       the plan's estimate", ({ ours }) => PLAN[ours.inputs.users]?.current ?? "-"),
    [""],
    row("cache: mirror", part("mirror")),
    row("cache: Redis", part("redis")),
    row("cache: Postgres", part("postgres")),
    row("cache: instances", part("instances")),
    row("cache: all except ledger fees", ({ ours }) => dollars(withoutLedger(ours.costs))),
    row("       the plan's estimate", ({ ours }) => PLAN[ours.inputs.users]?.ours ?? "-"),
  ];
}

/** The limits that this number of users breaks, and the next one. */
function standing(limits: readonly LimitAt[], users: number): string {
  const broken = limits.filter(({ breaksAtUsers }) => breaksAtUsers <= users).map(({ name }) => name);
  const next = limits.find(({ breaksAtUsers }) => breaksAtUsers > users);
  const [first, ...others] = broken;
  const passed =
    first === undefined
      ? "no limit is broken"
      : `first to break: ${first}${others.length === 0 ? "" : `; ${others.length} more`}`;
  const ahead =
    next && Number.isFinite(next.breaksAtUsers) ? `next: ${next.name}, at ${roughly(next)} users` : "no limit is left";
  return `${count(users)} users: ${passed}; ${ahead}.`;
}

/** Two digits, because the inputs are not more exact. */
function roughly({ breaksAtUsers }: LimitAt): string {
  return Number.isFinite(breaksAtUsers) ? count(Number(breaksAtUsers.toPrecision(2))) : "never";
}

const KIND_WORDS = { grow: "grow", wall: "WALL" } as const;

function limitLines(limits: readonly LimitAt[]): string {
  const users = limits.map(roughly);
  const width = Math.max(...users.map((text) => text.length));
  return limits
    .map(
      ({ name, kind, limit, unit, remedy }, i) =>
        `${(users[i] ?? "").padStart(width)} users  ${KIND_WORDS[kind]}  ${name}: ${count(limit)} ${unit}.\n${"".padStart(width + 14)}${remedy}`,
    )
    .join("\n");
}
