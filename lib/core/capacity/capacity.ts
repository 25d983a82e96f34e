/**
 * Computes what N users need: traffic of each part, storage, instances, the limit that breaks first, and dollars a month. Pure:
 * the result depends only on the inputs, the measured unit figures and the list prices.
 */
import { costLines } from "./costs";
import { streamEventsPerS } from "./egress";
import { type CapacityInputs, DAY_S, MONTH_DAYS } from "./inputs";
import type { Capacity } from "./outputs";
import { SET_UPS } from "./set-ups/set-ups";
import { CORE_SHARE } from "./set-ups/sizes";
import { type Traffic, traffic } from "./traffic";
import { figure } from "./unit-figures";

/** The smallest size of a database that is awake, in compute units. */
const SMALLEST_COMPUTE = 0.25;

/** Computes what these inputs need, at the mean and in the busiest minute. */
export function capacity(inputs: CapacityInputs): Capacity {
  const busiest = atPeak(inputs);
  const count = { mean: instancesOf(inputs), peak: instancesOf(busiest) };
  const mean = traffic(inputs, count.mean);
  const peak = traffic(busiest, count.peak);
  const instances = { ...count, cores: coresOf(inputs, mean) };
  const monthBytes = mean.messages * DAY_S * MONTH_DAYS * figure("storedBytesPerMessage");
  const l1InstanceBytes = Math.min(inputs.settings.l1MaxBytes, inputs.users * figure("cachedUserBytes"));
  const needs = {
    inputs,
    messages: { perDay: mean.messages * DAY_S, perS: mean.messages, peakPerS: peak.messages },
    mean,
    peak,
    storage: { monthBytes, keptBytes: monthBytes * inputs.monthsKept },
    postgres: {
      statementsPerS: sum(mean.sql),
      cores: databaseCoresOf(inputs, mean),
      computeUnits: computeUnitsOf(inputs, mean),
      peakComputeUnits: computeUnitsOf(busiest, peak),
    },
    redis: {
      commandsPerS: sum(mean.redis),
      peakCommandsPerS: sum(peak.redis),
      storedBytes: redisStoredBytes(inputs, mean),
      trafficBytesPerS: redisTrafficOf(mean, instances.mean),
    },
    instances,
    memory: {
      l1InstanceBytes,
      l1Bytes: l1InstanceBytes * instances.mean,
      allUsersBytes: inputs.users * figure("cachedUserBytes"),
    },
  };
  return { ...needs, costs: costLines(needs) };
}

/** The same users in their busiest minute. */
export function atPeak(inputs: CapacityInputs): CapacityInputs {
  const { peakToMean } = inputs;
  return {
    ...inputs,
    signalsPerUserDay: inputs.signalsPerUserDay * peakToMean,
    readsPerUserDay: inputs.readsPerUserDay * peakToMean,
    openPageShare: inputs.openPageShare * peakToMean,
  };
}

/** The total of rates by name, in their common unit. */
export const sum = (rates: Readonly<Record<string, number>>): number =>
  Object.values(rates).reduce((total, rate) => total + rate, 0);

/** CPU seconds per second, all instances together. */
function coresOf(
  inputs: CapacityInputs,
  { messages, reads, writes, streamOpens, openStreams, l1HitShare }: Traffic,
): number {
  const facts = SET_UPS[inputs.setUp];
  const hits = reads * (1 - inputs.directReadShare) * l1HitShare;
  const events = streamEventsPerS(inputs, openStreams);
  const us =
    (reads + writes + streamOpens) * figure(facts.requestUs) +
    (reads - hits + streamOpens) * figure(facts.coldReadUs) +
    writes * figure(facts.writeUs) +
    (events.freshness + events.rows) * facts.streamEventUs;
  // The syncs that follow our own writes are part of what a write costs.
  return us / 1e6 + (messages - writes) / figure("syncMessagesPerS");
}

/**
 * The number of instances that carry the open streams and the CPU. The CPU is computed for the number that carries the streams
 * alone: more instances would find fewer views in memory.
 */
function instancesOf(inputs: CapacityInputs): number {
  if (inputs.users === 0) return 0;
  if (inputs.instances !== null) return inputs.instances;
  const forStreams = Math.max(1, Math.ceil((inputs.users * inputs.openPageShare) / SET_UPS[inputs.setUp].streams));
  const cores = coresOf(inputs, traffic(inputs, forStreams));
  return Math.max(forStreams, Math.ceil(cores / CORE_SHARE));
}

function databaseCoresOf({ setUp }: CapacityInputs, { messages, sql }: Traffic): number {
  const facts = SET_UPS[setUp];
  const reads = sql.view + sql.direct + sql.streamOpen + sql.streamNews + sql.renamed + sql.rule + sql.route;
  const us =
    messages * figure("postgresUsPerMessage") +
    sql.commit * figure(facts.databaseCommitUs) +
    reads * figure(facts.databaseReadUs);
  return us / 1e6;
}

function computeUnitsOf(inputs: CapacityInputs, of: Traffic): number {
  const cores = databaseCoresOf(inputs, of);
  return cores === 0 ? 0 : Math.max(SMALLEST_COMPUTE, cores / CORE_SHARE);
}

/** Bytes of the views that somebody has looked up within their time to live, and of the answers and nonces of a day's writes. */
function redisStoredBytes({ users, settings }: CapacityInputs, { redis, writes }: Traffic): number {
  if (users === 0) return 0;
  const lookupsOfUser = redis.lookup / users;
  const views = users * 3 * -Math.expm1((-(lookupsOfUser / 3) * settings.viewTtlMs) / 1_000) * figure("viewBytes");
  return views + writes * DAY_S * figure("redisBytesPerWrite");
}

/** Bytes per second: views in and out, each commit event in once and out to every instance. */
function redisTrafficOf({ redis, redisHitShare, rows }: Traffic, instances: number): number {
  const views = redis.fill + redis.lookup * redisHitShare;
  return views * figure("viewBytes") + rows * figure("eventBytesPerUser") * (1 + instances);
}
