/**
 * `npm run services`: runs local stand-ins for the app's cloud services: Redis behind Upstash's protocol, and PostgreSQL over
 * TCP and behind Neon's. Prints the environment that points the app at them. Ctrl-C stops everything; nothing is kept.
 */

import { startPostgresProxy } from "@/tests/support/servers/postgres/postgres-proxy";
import { startPostgres } from "@/tests/support/servers/postgres/postgres-server";
import { startRedis } from "@/tests/support/servers/redis/redis-server";
import { startNeon } from "@/tests/support/stand-ins/neon";
import { startUpstash } from "@/tests/support/stand-ins/upstash";
import { command, numberOf, Refusal } from "../command";

/** Ports next to the usual ones, where a real server may be running. A control port is its stand-in's port plus 1,000. */
const DEFAULT_PORTS = { redis: 6390, upstash: 8079, postgres: 5490, neon: 4470, "postgres-proxy": 5480 } as const;
const CONTROL_PORT_OFFSET = 1_000;

type Service = keyof typeof DEFAULT_PORTS;

const USAGE = `npm run services -- [--NAME PORT]…
NAME is one of ${Object.entries(DEFAULT_PORTS)
  .map(([name, port]) => `${name} (${port})`)
  .join(", ")}.`;

const OPTIONS = {
  redis: { type: "string" },
  upstash: { type: "string" },
  postgres: { type: "string" },
  neon: { type: "string" },
  "postgres-proxy": { type: "string" },
} as const satisfies Record<Service, { readonly type: "string" }>;

function portsOf(values: { readonly [K in Service]?: string | undefined }): Readonly<Record<Service, number>> {
  const ports: Record<Service, number> = { ...DEFAULT_PORTS };
  for (const name of Object.keys(DEFAULT_PORTS) as Service[]) {
    const text = values[name];
    if (text === undefined) continue;
    ports[name] = numberOf(name, text, 0, { least: 1, most: 64_535, isWhole: true });
  }
  return ports;
}

async function start(ports: Readonly<Record<Service, number>>) {
  const listenAt = (service: Service) => ({ port: ports[service], controlPort: ports[service] + CONTROL_PORT_OFFSET });
  const redis = await startRedis({ port: ports.redis, isKept: true });
  const upstash = await startUpstash({ ...listenAt("upstash"), redisPort: redis.port });
  const postgres = await startPostgres({ port: ports.postgres });
  const neon = await startNeon({ ...listenAt("neon"), postgresPort: postgres.port });
  const proxy = await startPostgresProxy({ ...listenAt("postgres-proxy"), postgresUrl: postgres.url });
  return { redis, upstash, postgres, neon, proxy };
}

function environmentOf({ redis, upstash, postgres, neon, proxy }: Awaited<ReturnType<typeof start>>): string {
  return `
# Redis, as Upstash speaks (behind it: ${redis.url})
UPSTASH_REDIS_REST_URL=${upstash.url}
UPSTASH_REDIS_REST_TOKEN=${upstash.token}
# the same over TCP, instead of both
# REDIS_URL=${redis.url}

# PostgreSQL over TCP
DATABASE_URL=${postgres.url}
# the same through a proxy that can be made to fail, and counts statements for npm run load
# DATABASE_URL=${proxy.databaseUrl}

# PostgreSQL as Neon speaks: the same DATABASE_URL, and
# DATABASE_DRIVER=neon-http NEON_ENDPOINT=${neon.url}/sql
# DATABASE_DRIVER=neon-ws NEON_ENDPOINT=ws://127.0.0.1:${neon.port}/v2

# Faults and counters, for example:
#   curl -X PUT ${upstash.controlUrl}/faults -d '[{"kind":"slow","ms":2000}]'
#   curl -X PUT ${neon.controlUrl}/faults -d '[{"kind":"error","probability":0.5}]'
#   curl -X PUT ${proxy.controlUrl}/faults -d '[{"kind":"flapping","periodMs":4000}]'
#   curl -X PUT ${upstash.controlUrl}/faults -d '[]'
#   curl ${upstash.controlUrl}/counters
`;
}

void command({ usage: USAGE, options: OPTIONS }, async ({ values }) => {
  const ports = portsOf(values);
  // Registered before anything starts, so that an early end leaves no server and no folder behind. Closing the terminal sends
  // SIGHUP.
  let stop = (): Promise<unknown> => Promise.resolve();
  let isStopping = false;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(signal, () => {
      if (isStopping) return;
      isStopping = true;
      // The servers' folders are deleted when this process exits, at the latest.
      void stop().finally(() => process.exit(0));
    });
  const services = await start(ports).catch((cause: unknown) => {
    throw cause instanceof Error ? new Refusal(cause.message) : cause;
  });
  stop = async () => {
    await Promise.all([services.upstash.stop(), services.neon.stop(), services.proxy.stop()]);
    await Promise.all([services.redis.stop(), services.postgres.stop()]);
  };
  console.log(environmentOf(services));
  console.log("Ready. Ctrl-C stops them.");
});
