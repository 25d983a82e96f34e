/**
 * Computes what N users need: traffic of each part, storage, instances, the limit that breaks first, and dollars a month. Pure:
 * the result depends only on the inputs, the measured unit figures and the list prices.
 */
import { costLines } from "./costs";
import { type CapacityInputs, DAY_S, MONTH_DAYS } from "./inputs";
import type { Capacity } from "./need";
import { LIMITS } from "./prices";
import { type Traffic, traffic } from "./traffic";
import { figure } from "./unit-figures";

/** How far a part may be used, so that a burst still finds room. */
const TARGET_UTILISATION = 0.6;
/** File descriptors of an instance that are not for streams: Redis, Postgres, the mirror, requests under way. */
const OTHER_DESCRIPTORS = 124;
export const STREAMS_PER_INSTANCE = LIMITS.functionFileDescriptors.value - OTHER_DESCRIPTORS;
/**
 * The cost of one event to one stream. A fan-out to 5,000 streams through Next took 415 ms (measured with the first SSE design).
 */
const STREAM_EVENT_US = 83;
/** How often each open stream gets a freshness event (engine/live/live-hub). */
const FRESHNESS_EVERY_S = 5;
/** The smallest size of a database that is awake, in compute units. */
const SMALLEST_COMPUTE = 0.25;

/** Computes what these inputs need, at the mean and in the busiest minute. */
export function capacity(inputs: CapacityInputs): Capacity {
  const instances = {
    mean: instancesOf(inputs),
    peak: instancesOf(atPeak(inputs)),
    cores: coresOf(inputs),
  };
  const mean = traffic(inputs, instances.mean);
  const peak = traffic(atPeak(inputs), instances.peak);
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
      computeUnits: computeUnitsOf(mean),
      peakComputeUnits: computeUnitsOf(peak),
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

export const sum = (rates: Readonly<Record<string, number>>): number =>
  Object.values(rates).reduce((total, rate) => total + rate, 0);

/** CPU seconds per second, all instances together. */
function coresOf({ users, ...inputs }: CapacityInputs): number {
  const perUserDay = inputs.readsPerUserDay + inputs.signalsPerUserDay * inputs.ownWriteShare;
  const streams = users * inputs.openPageShare;
  const requests = (users * perUserDay) / DAY_S + streams / inputs.settings.streamMaxS;
  const messages = (users * inputs.signalsPerUserDay) / DAY_S;
  const events = streams * (1 / FRESHNESS_EVERY_S + (2 * inputs.signalsPerUserDay) / DAY_S);
  return (requests * figure("requestUs") + events * STREAM_EVENT_US) / 1e6 + messages / figure("syncMessagesPerS");
}

function instancesOf(inputs: CapacityInputs): number {
  if (inputs.users === 0) return 0;
  if (inputs.instances !== null) return inputs.instances;
  const forStreams = (inputs.users * inputs.openPageShare) / STREAMS_PER_INSTANCE;
  return Math.max(1, Math.ceil(Math.max(forStreams, coresOf(inputs) / TARGET_UTILISATION)));
}

function computeUnitsOf({ messages, sql }: Traffic): number {
  const reads = sql.view + sql.direct + sql.streamOpen + sql.streamNews + sql.renamed + sql.rule + sql.route;
  const us =
    messages * figure("postgresUsPerMessage") +
    sql.commit * figure("postgresUsPerCommit") +
    reads * figure("postgresUsPerRead");
  return us === 0 ? 0 : Math.max(SMALLEST_COMPUTE, us / 1e6 / TARGET_UTILISATION);
}

/** Bytes of the views that somebody has looked up within their time to live. */
function redisStoredBytes({ users, settings }: CapacityInputs, { redis }: Traffic): number {
  if (users === 0) return 0;
  const lookupsOfUser = redis.lookup / users;
  return redis.lookup === 0
    ? 0
    : users * 3 * -Math.expm1((-(lookupsOfUser / 3) * settings.viewTtlMs) / 1_000) * figure("viewBytes");
}

/** Bytes per second: views in and out, each commit event in once and out to every instance. */
function redisTrafficOf({ redis, redisHitShare, rows }: Traffic, instances: number): number {
  const views = redis.fill + redis.lookup * redisHitShare;
  return views * figure("viewBytes") + rows * figure("eventBytesPerUser") * (1 + instances);
}
