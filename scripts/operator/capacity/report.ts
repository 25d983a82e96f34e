/**
 * The model's answer as text: which of the plan's cells are met, then for each set-up what it needs and costs, beside
 * the design without a cache, and the limits in the order in which they break.
 */
import { capacity, sum } from "@/lib/core/capacity/capacity";
import { total, withoutLedger } from "@/lib/core/capacity/costs";
import { type CapacityInputs, withLinger, withSetUp } from "@/lib/core/capacity/inputs";
import { type LimitAt, limitsOf, uncachedLimitsOf } from "@/lib/core/capacity/limits";
import type { Capacity, CostPart } from "@/lib/core/capacity/outputs";
import {
  type Cell,
  type PlanEstimate,
  planCells,
  planFor,
  shortfalls,
  uncachedEstimate,
} from "@/lib/core/capacity/plan";
import { SET_UPS, type SetUp } from "@/lib/core/capacity/set-ups/set-ups";
import { type UncachedDesign, uncachedDesign } from "@/lib/core/capacity/uncached";
import { counted } from "@/lib/core/counted";
import { bytes, columns, count, dollars, meanAndPeak } from "./words";

interface Scale {
  readonly ours: Capacity;
  /** The same with the opposite setting: with signals that wait a second for others if they do not wait now, and without if they do. */
  readonly otherwise: Capacity;
  readonly uncached: UncachedDesign;
}

/** `scales` are the numbers of users, one for each column. */
export function report(inputs: CapacityInputs, scales: readonly number[], setUps: readonly SetUp[]): string {
  const otherLingerMs = isLingering(inputs) ? 0 : A_SECOND_MS;
  const all = setUps.map((setUp) => ({
    setUp,
    limits: limitsOf(withSetUp(inputs, setUp)),
    scales: scales.map((users) => ({
      ours: capacity(withSetUp({ ...inputs, users }, setUp)),
      otherwise: capacity(withLinger(withSetUp({ ...inputs, users }, setUp), otherLingerMs)),
      uncached: uncachedDesign({ ...inputs, users }),
    })),
  }));
  const uncachedLimits = uncachedLimitsOf(inputs);
  const heads = scales.map((users) => count(users));
  return [
    assumptions(inputs),
    columns([["The plan's estimates, and ours", ...heads], ...cells(all, scales)]),
    ...missed(all),
    ...all.flatMap(({ setUp, limits, scales: ours }) => [
      `== ${SET_UPS[setUp].label} ==`,
      columns([["What N users need", ...heads], ...needs(ours, limits, uncachedLimits)]),
      columns([["Dollars a month", ...heads], ...costs(ours)]),
      `At each scale\n\n${scales.map((users) => standing(limits, users)).join("\n")}`,
      `Limits with the cache, in the order in which they break (in the busiest minute)\n\n${limitLines(limits)}`,
    ]),
    `Limits without the cache\n\n${limitLines(uncachedLimits)}`,
  ].join("\n\n");
}

/** With this wait the fee of a busy site falls to about a tenth, and people still wait longer for the ledger than for other signals. */
const A_SECOND_MS = 1_000;

type SetUpScales = readonly { readonly setUp: SetUp; readonly scales: readonly Scale[] }[];

const MARKS = { met: "\u2713", not: "\u2717" } as const;

const isLingering = ({ settings }: CapacityInputs): boolean => settings.lingerMs > 0;

const otherwiseName = ([scale]: readonly Scale[]): string =>
  scale && isLingering(scale.ours.inputs) ? "   if signals go out alone" : "   if signals wait 1 s for others";

/** The plan's two tables, beside our figures, each of which has a mark: met, or not met. */
function cells(all: SetUpScales, scales: readonly number[]): readonly (readonly string[])[] {
  const plan = (name: string, cell: (of: PlanEstimate) => string) => [
    name,
    ...scales.map((users) => {
      const of = planFor(users);
      return of === null ? "-" : cell(of);
    }),
  ];
  const row = (name: string, what: Cell["what"], of: readonly Capacity[], cell: (needs: Capacity) => string) => [
    name,
    ...of.map((needs) => {
      const found = planCells(needs).find((each) => each.what === what);
      return found === undefined ? cell(needs) : `${cell(needs)} ${found.isMet ? MARKS.met : MARKS.not}`;
    }),
  ];
  const running = ({ costs }: Capacity) => dollars(withoutLedger(costs));
  const fees = ({ costs }: Capacity) => dollars(total(costs, "ledger"));
  const ours = (of: readonly Scale[]) => of.map((scale) => scale.ours);
  const otherwise = (of: readonly Scale[]) => of.map((scale) => scale.otherwise);
  const first = all[0]?.scales;
  if (first === undefined) return [];
  return [
    row("stored in a month", "storage", ours(first), ({ storage }) => bytes(storage.monthBytes)),
    plan("   the plan", ({ storageGb }) => bytes(storageGb * 1e9)),
    ...all.flatMap(({ setUp, scales: of }) => [
      row(`dollars a month, ${SET_UPS[setUp].name}`, "dollars", ours(of), running),
      row(otherwiseName(of), "dollars", otherwise(of), running),
    ]),
    plan("   the plan", ({ usd }) => (usd === null ? "-" : dollars(usd))),
    ["ledger fees a month", ...ours(first).map(fees)],
    [otherwiseName(first), ...otherwise(first).map(fees)],
    ["   the plan leaves them out"],
  ];
}

/** For the cells that are not met: by how much, why, and what would lower it. */
function missed(all: SetUpScales): readonly string[] {
  const lines = shortfalls(all.flatMap(({ scales }) => scales.map(({ ours }) => ours))).map(
    ({ users, name, times, why, next }) =>
      `${users.map(count).join(", ")} users, ${name}: ${count(times)} times the plan's. ${why}\n   Next: ${next}`,
  );
  return lines.length === 0 ? [] : [`Not met\n\n${lines.join("\n")}`];
}

function assumptions(inputs: CapacityInputs): string {
  const percent = (share: number) => `${Number((share * 100).toFixed(2))} %`;
  return `A user writes ${inputs.signalsPerUserDay} signals and makes ${inputs.readsPerUserDay} reads a day; ${percent(inputs.openPageShare)} have a page open;
the busiest minute has ${inputs.peakToMean} times the mean; messages have ${inputs.messageBytes} bytes, and Postgres has ${inputs.monthsKept} months of them; ${counted(inputs.segments, "topic")} of each kind.${lingering(inputs)}`;
}

const lingering = ({ settings: { lingerMs } }: CapacityInputs) =>
  lingerMs === 0 ? "" : `\nSignals wait up to ${lingerMs} ms for others that share their ledger message.`;

type ScaleCell = (scale: Scale) => string;

function needs(all: readonly Scale[], limits: readonly LimitAt[], uncachedLimits: readonly LimitAt[]) {
  const row = (name: string, cell: ScaleCell) => [name, ...all.map(cell)];
  const broken = (of: readonly LimitAt[], users: number) =>
    `${of.filter(({ breaksAtUsers }) => breaksAtUsers <= users).length} of ${of.length}`;
  return [
    row("signals a day", ({ ours }) => count(ours.messages.perDay)),
    row("signals a second (peak)", ({ ours }) => meanAndPeak(ours.messages.perS, ours.messages.peakPerS)),
    row("ledger messages a second (peak)", ({ ours }) =>
      meanAndPeak(ours.mean.ledger.messages, ours.peak.ledger.messages),
    ),
    [""],
    row("no cache: mirror requests a second (peak)", ({ uncached }) =>
      meanAndPeak(uncached.mirrorRequestsPerS, uncached.peakMirrorRequestsPerS),
    ),
    row("cache: mirror requests a second (peak)", ({ ours }) =>
      meanAndPeak(ours.mean.mirror.requests, ours.peak.mirror.requests),
    ),
    row("no cache: memory", ({ uncached }) => bytes(uncached.memoryBytes)),
    row("cache: memory (L1) of all instances", ({ ours }) => bytes(ours.memory.l1Bytes)),
    row("       if every user's views were cached", ({ ours }) => bytes(ours.memory.allUsersBytes)),
    row("cache: stored in a month", ({ ours }) => bytes(ours.storage.monthBytes)),
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
    ...choices(all),
    row("no cache: limits broken", ({ ours }) => broken(uncachedLimits, ours.inputs.users)),
    row("cache: limits broken", ({ ours }) => broken(limits, ours.inputs.users)),
  ];
}

/** The sizes and plans that were chosen. */
function choices(all: readonly Scale[]): readonly (readonly string[])[] {
  const row = (name: string, cell: ScaleCell) => [name, ...all.map(cell)];
  const chosen = (part: CostPart) => (scale: Scale) => scale.ours.costs.find((line) => line.part === part)?.what ?? "-";
  if (all[0]?.ours.inputs.setUp !== "aws") return [row("cache: Upstash", chosen("redis"))];
  return [row("cache: ElastiCache", chosen("redis")), row("cache: RDS", chosen("postgres"))];
}

function costs(all: readonly Scale[]) {
  const row = (name: string, cell: ScaleCell) => [name, ...all.map(cell)];
  const part = (of: CostPart) => (scale: Scale) => dollars(total(scale.ours.costs, of));
  return [
    row("no cache: ledger fees", ({ uncached }) => dollars(total(uncached.costs, "ledger"))),
    row("cache: ledger fees", part("ledger")),
    row(otherwiseName(all), ({ otherwise }) => dollars(total(otherwise.costs, "ledger"))),
    [""],
    row("no cache: mirror", ({ uncached }) => dollars(total(uncached.costs, "mirror"))),
    row("no cache: instances", ({ uncached }) => dollars(total(uncached.costs, "instances"))),
    row("no cache: all except ledger fees", ({ uncached }) => dollars(withoutLedger(uncached.costs))),
    row("          the plan's estimate", ({ ours }) => uncachedEstimate(ours.inputs.users, dollars, "-")),
    [""],
    row("cache: mirror", part("mirror")),
    row("cache: Redis", part("redis")),
    row("cache: Postgres", part("postgres")),
    row("cache: instances", part("instances")),
    row("cache: network", part("network")),
    row("cache: all except ledger fees", ({ ours }) => dollars(withoutLedger(ours.costs))),
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
