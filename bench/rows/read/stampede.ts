/** A thousand cold reads of one user at once, over eight processes: the number of queries, compared with bentocache. */
import { fork } from "node:child_process";
import { quiet } from "@/tests/support/fleet/cost";
import { type Fleet, startFleet } from "@/tests/support/fleet/fleet";
import { bundleOf } from "@/tests/support/fleet/processes/bundle";
import { type FleetServices, startServices } from "@/tests/support/fleet/services";
import type { StampedeOrder, StampedeReport } from "../../support/stampede-client";
import { median } from "../../support/statistics";
import { told } from "../../support/told";
import type { BenchRow } from "../../types";

export const names = ["stampede.queries", "stampede.mirror_pulls", "stampede.bentocache_queries"];

const PROCESSES = 8;
const READS = 1_000;
const RUNS = 5;
/** One sync period covers the whole stampede. */
const ENV = { FRESHNESS_TARGET_MS: "600000" };

interface Stampede {
  /** Loads of the view. No message arrives, so only these statements start with WITH. */
  readonly queries: number;
  /** Other statements: the sync's, once in a period. */
  readonly others: number;
  /** The largest number of pulls of one topic. */
  readonly pulls: number;
  readonly commands: number;
  /** Answers other than 200. They occur if the machine has so little CPU that the database times out. */
  readonly refused: number;
  readonly ms: number;
}

export async function run(): Promise<readonly BenchRow[]> {
  const services = await startServices({ people: 60 });
  const ours: Stampede[] = [];
  const bento: Stampede[] = [];
  try {
    const users = services.devnet.people.slice(0, RUNS).map(({ userId }) => userId);
    const fleet = await startFleet({ services, count: PROCESSES, env: ENV });
    try {
      for (const userId of users) ours.push(await stampede(services, fleet, "/api/contacts", userId));
    } finally {
      await fleet.stop();
    }
    const yardstick = await startFleet({
      services,
      count: PROCESSES,
      entry: "bench/support/bento-instance.ts",
      databaseUrl: fleet.databaseUrl,
      env: { REDIS_PORT: String(services.redis.port) },
    });
    try {
      for (const userId of users) bento.push(await stampede(services, yardstick, `/?user=${userId}`, userId));
    } finally {
      await yardstick.stop();
    }
  } finally {
    await services.stop();
  }
  const most = (of: (each: Stampede) => number, runs: readonly Stampede[]) => Math.max(...runs.map(of));
  const queries = ({ queries }: Stampede) => queries;
  const each = `${READS} reads over ${PROCESSES} processes, the most of ${RUNS} runs`;
  const ms = (runs: readonly Stampede[]) => `${Math.round(median(runs.map((run) => run.ms)))} ms`;
  const commands = Math.round(median(ours.map((run) => run.commands)));
  const refused = most((run) => run.refused, ours);
  return [
    {
      name: "stampede.queries",
      value: most(queries, ours),
      unit: "SQL",
      detail: `required: 1; ${each}; ${refused} refused, ${most((run) => run.others, ours)} statements of the sync at most, ${commands} Redis commands, ${ms(ours)}; bentocache ${most(queries, bento)}`,
    },
    {
      name: "stampede.mirror_pulls",
      value: most(({ pulls }) => pulls, ours),
      unit: "requests",
      detail: "required: at most 1 a topic",
    },
    {
      name: "stampede.bentocache_queries",
      value: most(queries, bento),
      unit: "SQL",
      detail: `memory, Redis and bus, same query, Redis and run; ${ms(bento)}`,
    },
  ];
}

async function stampede(services: FleetServices, fleet: Fleet, path: string, userId: string): Promise<Stampede> {
  const { proxy, upstash, devnet } = services;
  await quiet(services);
  for (const { counters } of [proxy, upstash]) counters.reset();
  devnet.requests.reset();
  const ports = fleet.instances.map(({ port }) => port as number);
  const order: StampedeOrder = { ports, path, cookie: await fleet.cookieOf(userId), reads: READS };
  const client = fork(await bundleOf("bench/support/stampede-client.ts"));
  const { ms, refused } = (await told(client, order)) as StampedeReport;
  client.disconnect();
  await quiet(services);
  const { total, byName } = proxy.counters.read();
  const queries = byName.WITH ?? 0;
  return {
    queries,
    others: total - queries,
    pulls: Math.max(0, ...Object.values(devnet.requests.counts().byTopic)),
    commands: upstash.counters.read().total,
    refused,
    ms,
  };
}
