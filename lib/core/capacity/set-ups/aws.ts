/**
 * Dollars a month on AWS: containers (Fargate) behind a load balancer, RDS for PostgreSQL, ElastiCache. Machines are paid all the
 * time, so each is the cheapest that carries the busiest minute. With two zones, the database and the cache have a standby in the
 * second one.
 */
import { egressBytesPerS } from "../egress";
import { GB, MONTH_HOURS, MONTH_S } from "../inputs";
import type { CostLine, Needs } from "../outputs";
import { type PriceName, usdOf, VENDOR_LIMITS } from "../prices";
import { figure } from "../unit-figures";
import { linesOf } from "./cost-line";
import { CACHE_MACHINES, CACHE_MEMORY_SHARE, CORE_SHARE, cheapest, DATABASE_MACHINES, type Machine } from "./sizes";

/** Memory of PostgreSQL's connections and of the system. */
const DATABASE_OWN_GB = 1;
/** One process runs JavaScript on one core. */
const CONTAINER_CORES = 1;

/** `count` machines of one kind. */
export interface Chosen {
  readonly machine: Machine;
  readonly count: number;
  readonly usd: number;
}

/** One line for each service. None without users: then nothing needs to run. */
export function awsCosts(needs: Needs): readonly CostLine[] {
  if (needs.inputs.users === 0) return [];
  return [...cache(needs), ...database(needs), ...containers(needs), ...network(needs)];
}

/**
 * Memory holds what a day writes, because the newest page of a user is younger than that. If no machine is large enough, these are
 * several of the largest, which is what spreading the partitions would cost.
 */
export function databaseOf({ postgres, messages }: Omit<Needs, "inputs">): Chosen {
  const needed = {
    cores: postgres.peakComputeUnits,
    baseline: postgres.cores,
    gb: (messages.perDay * figure("storedBytesPerMessage")) / GB + DATABASE_OWN_GB,
  };
  const fits = ({ cores, baseline, gb }: Machine, count: number) =>
    cores * count >= needed.cores && baseline * count >= needed.baseline && gb * count >= needed.gb;
  const one = cheapest(DATABASE_MACHINES, (machine) => fits(machine, 1));
  if (one !== null) return { machine: one, count: 1, usd: one.usd };
  const [cores, gb] = [needed.cores, needed.gb];
  const largest = DATABASE_MACHINES.filter((machine) => machine.cores === VENDOR_LIMITS.databaseCores.value);
  return severalOf(largest, (machine) => Math.ceil(Math.max(cores / machine.cores, gb / machine.gb)));
}

/** One node, or several that share the keys (a Redis Cluster). A burstable node is used alone and within its baseline. */
export function cacheOf({ redis }: Pick<Needs, "redis">): Chosen {
  const us = figure("redisUsPerCommand");
  const [mean, peak] = [(redis.commandsPerS * us) / 1e6, (redis.peakCommandsPerS * us) / 1e6];
  const countOf = ({ gb, cores }: Machine) =>
    Math.ceil(Math.max(redis.storedBytes / GB / (gb * CACHE_MEMORY_SHARE), peak / (Math.min(1, cores) * CORE_SHARE)));
  const usable = CACHE_MACHINES.filter(
    (machine) => machine.baseline >= 1 || (countOf(machine) <= 1 && mean <= machine.baseline),
  );
  return severalOf(usable, (machine) => Math.max(1, countOf(machine)));
}

function severalOf(machines: readonly Machine[], countOf: (machine: Machine) => number): Chosen {
  const choices = machines.map((machine) => {
    const count = countOf(machine);
    return { ...machine, machine, count, usd: machine.usd * count };
  });
  const best = cheapest(choices, () => true) as (typeof choices)[number];
  return { machine: best.machine, count: best.count, usd: best.usd };
}

const chosenName = ({ machine, count }: Chosen): string => (count === 1 ? machine.name : `${count} × ${machine.name}`);

function cache(needs: Needs): CostLine[] {
  const chosen = cacheOf(needs);
  return [
    {
      ...{ part: "redis", what: chosenName(chosen), price: chosen.machine.price },
      usd: chosen.usd * needs.inputs.zones,
    },
  ];
}

function database(needs: Needs): CostLine[] {
  const chosen = databaseOf(needs);
  const { zones } = needs.inputs;
  return [
    { part: "postgres", what: chosenName(chosen), usd: chosen.usd * zones, price: chosen.machine.price },
    {
      ...{ part: "postgres", what: "storage", price: "rdsStorageGb" },
      usd: usdOf("rdsStorageGb", needs.storage.keptBytes / GB) * zones,
    },
  ];
}

/** As many as the busiest minute needs, and one in each zone. */
export const containersOf = ({ instances, inputs }: Pick<Needs, "instances" | "inputs">): number =>
  Math.max(instances.peak, inputs.zones);

function containers(needs: Needs): CostLine[] {
  const hours = containersOf(needs) * MONTH_HOURS;
  const line = linesOf("instances");
  return [
    line("cores", "fargateCoreHour", hours * CONTAINER_CORES),
    line("memory", "fargateGbHour", hours * needs.inputs.settings.instanceMemoryGb),
  ];
}

function network(needs: Needs): CostLine[] {
  const bytesPerS = egressBytesPerS(needs.inputs, needs.mean);
  const line = linesOf("network");
  return [
    line("load balancer", "balancerHour", MONTH_HOURS),
    line("its capacity units", "balancerUnitHour", balancerUnits(needs, bytesPerS) * MONTH_HOURS),
    ...outboundCosts(needs),
    ...egressLines((bytesPerS * MONTH_S) / GB),
  ];
}

/** The largest of what a unit carries: 25 new connections a second, 3,000 open ones, or 1 GB an hour. A stream is a connection. */
function balancerUnits({ mean }: Needs, bytesPerS: number): number {
  return Math.max(
    mean.streamOpens / VENDOR_LIMITS.balancerNewConnections.value,
    mean.openStreams / VENDOR_LIMITS.balancerConnections.value,
    (bytesPerS * 3_600) / GB / VENDOR_LIMITS.balancerGbHour.value,
  );
}

/** Containers reach the mirror and the ledger through a NAT gateway in each zone, or through addresses of their own: what is cheaper. */
function outboundCosts(needs: Needs): CostLine[] {
  const { inputs, mean } = needs;
  const bytesPerS = mean.messages * (figure("mirrorBytesPerMessage") + inputs.ownWriteShare * inputs.messageBytes);
  const gateway = usdOf("natHour", MONTH_HOURS * inputs.zones);
  const processed = usdOf("natGb", (bytesPerS * MONTH_S) / GB);
  const addresses = usdOf("publicAddressHour", containersOf(needs) * MONTH_HOURS);
  if (addresses <= gateway + processed)
    return [{ part: "network", what: "public addresses", usd: addresses, price: "publicAddressHour" }];
  return [
    { part: "network", what: "NAT gateway", usd: gateway, price: "natHour" },
    { part: "network", what: "bytes through it", usd: processed, price: "natGb" },
  ];
}

/** Prices of bytes to the internet fall with their number: each step is this many GB. */
const EGRESS_STEPS: readonly (readonly [gb: number, price: PriceName])[] = [
  [10_000, "egressGb"],
  [40_000, "egressGbOver10Tb"],
  [100_000, "egressGbOver50Tb"],
  [Number.POSITIVE_INFINITY, "egressGbOver150Tb"],
];

function egressLines(gb: number): CostLine[] {
  let left = gb;
  return EGRESS_STEPS.flatMap(([step, price], i): CostLine[] => {
    const part = Math.min(left, step);
    left -= part;
    return i > 0 && part === 0 ? [] : [{ part: "network", what: "to browsers", usd: usdOf(price, part), price }];
  });
}
