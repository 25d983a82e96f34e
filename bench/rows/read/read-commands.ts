/** Redis commands and SQL statements of a read, counted at the stand-ins. Each instance is its own process. */
import { costOf, quiet, type ReadCost, settled } from "@/tests/support/fleet/cost";
import { type Instance, startFleet } from "@/tests/support/fleet/fleet";
import { type FleetServices, startServices } from "@/tests/support/fleet/services";
import { median } from "../../support/statistics";
import type { BenchRow } from "../../types";

const CASES = {
  cold: "required: 2 and 1",
  redis: "L1 miss, Redis hit; required: 1 and 0",
  l1: "required: 0 and 0",
  redis_304: "as redis, with If-None-Match",
  l1_304: "as l1, with If-None-Match",
} as const;
type Case = keyof typeof CASES;

export const names = [
  ...Object.keys(CASES).map((name) => `read.commands.${name}`),
  "read.commands.idle_topic_statements",
];

const PATHS = ["/api/contacts", "/api/circle", "/api/signals"];
const USERS = 20;
const IDLE_PERIODS = 10;
const GATE_MS = 1_000;
/** Limits are counted although nobody reaches them, because counting is part of a read's cost. */
const LIMITED = { RATE_LIMITS: "1000" };

export async function run(): Promise<readonly BenchRow[]> {
  const services = await startServices({ people: 60 });
  try {
    const users = services.devnet.people.map(({ userId }) => userId);
    return [...(await perRead(services, users.slice(0, USERS))), await idleTopic(services, users)];
  } finally {
    await services.stop();
  }
}

async function perRead(services: FleetServices, users: readonly string[]): Promise<readonly BenchRow[]> {
  const fleet = await startFleet({ services, count: 2, env: { FRESHNESS_TARGET_MS: "600000", ...LIMITED } });
  const [a, b] = fleet.instances as [Instance, Instance];
  const costs: Record<Case, ReadCost[]> = { cold: [], redis: [], l1: [], redis_304: [], l1_304: [] };
  try {
    for (const instance of fleet.instances) await instance.get("/api/contacts", "tm-nobody");
    await quiet(services);
    for (const [i, userId] of users.entries()) {
      for (const path of PATHS) {
        let headers: Record<string, string> = {};
        const read = (instance: Instance, status: number) => () =>
          costOf(services, async () => {
            const answer = await instance.get(path, userId, { headers });
            if (answer.status !== status) throw new Error(`${path} was answered with ${answer.status}`);
            if (status === 200) headers = { "if-none-match": String(answer.headers.etag) };
          });
        const [first, second] = i % 2 === 0 ? [a, b] : [b, a];
        costs.cold.push(await read(first, 200)());
        const known = headers;
        // Every second view is requested with its ETag where only Redis has the view.
        const isKnown = i % 4 > 1;
        headers = isKnown ? known : {};
        costs[isKnown ? "redis_304" : "redis"].push(await read(second, isKnown ? 304 : 200)());
        headers = {};
        costs.l1.push(await read(first, 200)());
        headers = known;
        costs.l1_304.push(await read(first, 304)());
      }
    }
  } finally {
    await fleet.stop();
  }
  return (Object.keys(CASES) as Case[]).map((name) => {
    const commands = costs[name].map((cost) => cost.commands);
    const statements = costs[name].map((cost) => cost.statements);
    return {
      name: `read.commands.${name}`,
      value: median(commands),
      unit: "commands",
      detail: `and ${median(statements)} SQL; ${CASES[name]}; most of ${commands.length} reads: ${Math.max(...commands)} and ${Math.max(...statements)}`,
    };
  });
}

/** Readers on two instances while the ledger is silent. */
async function idleTopic(services: FleetServices, users: readonly string[]): Promise<BenchRow> {
  const fleet = await startFleet({ services, count: 2, env: { FRESHNESS_TARGET_MS: String(2 * GATE_MS), ...LIMITED } });
  let reads = 0;
  const read = async () => {
    const instance = fleet.instances[reads % 2] as Instance;
    const answer = await instance.get("/api/contacts", users[reads % users.length] as string);
    if (answer.status !== 200) throw new Error(`a read was answered with ${answer.status}`);
    reads += 1;
  };
  try {
    for (let i = 0; i < 2 * users.length; i += 1) await read();
    await settled();
    await quiet(services);
    reads = 0;
    const untilMs = Date.now() + IDLE_PERIODS * GATE_MS;
    const cost = await costOf(services, async () => {
      while (Date.now() < untilMs) await read();
      await quiet(services);
    });
    return {
      name: "read.commands.idle_topic_statements",
      value: cost.statements,
      unit: "SQL",
      detail: `required: 0; ${reads} reads in ${IDLE_PERIODS} s; the sync took ${cost.own.round} rounds on two instances and ${cost.own.budget} tokens of the mirror budget`,
    };
  } finally {
    await fleet.stop();
  }
}
