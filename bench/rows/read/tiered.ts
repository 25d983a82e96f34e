/** One read from each tier, compared with bentocache with a memory and a Redis tier: same views, same Redis, same run. */
import { BentoCache, bentostore } from "bentocache";
import { memoryDriver } from "bentocache/drivers/memory";
import { redisDriver } from "bentocache/drivers/redis";
import { systemClock } from "@/lib/adapters/memory/system-clock";
import type { Transport } from "@/lib/adapters/redis/client/transport";
import { openRedis, type RedisTier } from "@/lib/adapters/redis/open-redis";
import { redisAddresses } from "@/lib/adapters/redis/tcp/addresses";
import { TcpTransport } from "@/lib/adapters/redis/tcp/tcp-transport";
import { UpstashTransport } from "@/lib/adapters/redis/upstash/upstash-transport";
import type { UserId } from "@/lib/core/ledger/ids";
import { L1Cache } from "@/lib/engine/reads/l1-cache";
import { TieredRead } from "@/lib/engine/reads/tiered-read";
import { type RedisServer, startRedis } from "@/tests/support/servers/redis/redis-server";
import { RespConnection } from "@/tests/support/servers/redis/resp";
import { startUpstash, type UpstashStandIn } from "@/tests/support/stand-ins/upstash";
import { median, spread } from "../../support/statistics";
import type { BenchRow } from "../../types";

export const names = ["tiered.l1_get_ns", "tiered.redis_get", "tiered.redis_get_us"];

const USERS = 500;
const RUNS = 5;
const L1_READS = 30_000;
const REDIS_READS = 200;
/** Spells of about 10 ms. Other work on the machine then affects whole spells, and not the median. */
const SPELLS = 60;
/** After so many reads V8 has compiled both sides. */
const WARM_UP_READS = 2_000;
const TTL_MS = 3_600_000;
/** A contacts view of 30 contacts. */
const CONTENT = {
  success: true,
  contacts: Array.from({ length: 30 }, (_, i) => ({
    peerId: `0.0.${7_000_000 + i}`,
    handle: `Person Number ${i}`,
    bondedAt: 1_790_000_000_000 + i,
    profileHrl: `hrl:tm/0.0.${7_000_000 + i}`,
    trust: { allocatedTo: 1, receivedFrom: 0 },
  })),
};
const users = Array.from({ length: USERS }, (_, i) => `0.0.${5_000_000 + i}` as UserId);
const quiet = { info: () => {}, warn: () => {}, error: () => {} };

type Read = (userId: UserId) => Promise<unknown>;

export async function run(): Promise<readonly BenchRow[]> {
  const redis = await startRedis();
  const upstash = await startUpstash({ redisPort: redis.port });
  const tierOf = (transport: Transport, network: string) =>
    openRedis({
      ...{ transport, network, viewTtlMs: TTL_MS, clock: systemClock, log: quiet },
      // The row measures how long a read takes, not when it times out.
      ...{ readTimeoutMs: 10_000, timeoutMs: 10_000 },
    });
  const http = tierOf(new UpstashTransport(upstash), "bench-http");
  const tcp = tierOf(new TcpTransport(redisAddresses(redis.url)), "bench-tcp");
  try {
    return [await firstTier(), ...(await redisTier({ http, tcp }, upstash, redis))];
  } finally {
    await Promise.all([http.close(), tcp.close()]);
    await upstash.stop();
    await redis.stop();
  }
}

/** With `maxBytes` below two views, every read misses the first tier. */
function ours(tier: RedisTier | null, maxBytes: number): Read {
  const l1 = new L1Cache({ maxBytes, ttlMs: TTL_MS, now: () => systemClock.now() });
  const reader = new TieredRead({
    l1,
    shared: tier?.views ?? null,
    clock: systemClock,
    staleMaxMs: TTL_MS,
  });
  const load = async () => ({ position: 1, content: CONTENT });
  return async (userId) => reader.read(userId, "contacts", load);
}

async function firstTier(): Promise<BenchRow> {
  const store = (driver: ReturnType<typeof memoryDriver>) => ({ views: bentostore().useL1Layer(driver) });
  const bento = (driver: ReturnType<typeof memoryDriver>): Read => {
    const cache = new BentoCache({ default: "views", stores: store(driver), ttl: TTL_MS });
    return (userId) => cache.getOrSet({ key: `${userId}:contacts`, factory: () => CONTENT });
  };
  const candidates: Readonly<Record<"ours" | "serialized" | "plain", Read>> = {
    ours: ours(null, 1 << 28),
    serialized: bento(memoryDriver({ maxSize: "256mb" })),
    // bentocache in its fastest form: objects by reference, bounded by number and not by bytes.
    plain: bento(memoryDriver({ serialize: false, maxItems: 100_000 })),
  };
  const ns = await inTurn(candidates, async (read) => {
    const startMs = performance.now();
    for (let i = 0; i < L1_READS; i += 1) await read(users[i % USERS] as UserId);
    return ((performance.now() - startMs) * 1e6) / L1_READS;
  });
  return {
    name: "tiered.l1_get_ns",
    value: median(ns.ours),
    unit: "ns",
    detail: `required: at most bentocache's; bentocache ${Math.round(median(ns.plain))} by reference, ${Math.round(median(ns.serialized))} bounded in bytes; ${spread(ns.ours)}`,
  };
}

async function redisTier(
  { http, tcp }: { readonly http: RedisTier; readonly tcp: RedisTier },
  upstash: UpstashStandIn,
  redis: RedisServer,
): Promise<readonly BenchRow[]> {
  const connection = { host: "127.0.0.1", port: redis.port };
  const store = bentostore()
    .useL1Layer(memoryDriver({ serialize: false, maxItems: 1 }))
    .useL2Layer(redisDriver({ connection }));
  const cache = new BentoCache({ default: "views", stores: { views: store }, ttl: TTL_MS });
  const direct = await RespConnection.open(redis.port);
  const candidates: Readonly<Record<"http" | "tcp" | "bento", Read>> = {
    http: ours(http, 2_000),
    tcp: ours(tcp, 2_000),
    bento: (userId) => cache.getOrSet({ key: `${userId}:contacts`, factory: () => CONTENT }),
  };
  try {
    const commands = await commandsOfEach(candidates, {
      http: { reset: () => upstash.counters.reset(), read: () => upstash.counters.read().total },
      tcp: counterOf(() => commandsBy(tcp)),
      bento: { reset: () => direct.send([["CONFIG", "RESETSTAT"]]), read: () => commandsOf(direct) },
    });
    const us = await alternating(candidates.tcp, candidates.bento);
    const overHttp = await inTurn({ http: candidates.http }, (read) => usOf(read, REDIS_READS));
    const [tcpUs, bentoUs] = [median(us.first), median(us.second)];
    return [
      {
        name: "tiered.redis_get",
        value: Math.max(commands.http, commands.tcp),
        unit: "commands",
        detail: `required: at most bentocache's ${commands.bento}; over HTTP and over TCP`,
      },
      {
        name: "tiered.redis_get_us",
        value: Math.round(tcpUs),
        unit: "µs",
        detail: `over TCP; required: at most 1.2 of bentocache's ${Math.round(bentoUs)}, this is ${(tcpUs / bentoUs).toFixed(2)}; ${Math.round(median(overHttp.http))} over HTTP to a stand-in; ${SPELLS} alternating spells, ${spread(us.first)}`,
      },
    ];
  } finally {
    direct.close();
    await cache.disconnectAll();
  }
}

/** Mean microseconds of a read. */
async function usOf(read: Read, reads: number): Promise<number> {
  const startMs = performance.now();
  for (let i = 0; i < reads; i += 1) await read(users[i % USERS] as UserId);
  return ((performance.now() - startMs) * 1e3) / reads;
}

/** Measures two in alternating spells. Each goes first in every second pair, because the later one pays for the former's garbage. */
async function alternating(first: Read, second: Read) {
  const us: { readonly first: number[]; readonly second: number[] } = { first: [], second: [] };
  await usOf(first, WARM_UP_READS);
  await usOf(second, WARM_UP_READS);
  for (let spell = 0; spell < SPELLS; spell += 1) {
    const pair = [
      async () => us.first.push(await usOf(first, REDIS_READS)),
      async () => us.second.push(await usOf(second, REDIS_READS)),
    ];
    for (const measure of spell % 2 === 0 ? pair : pair.reverse()) await measure();
  }
  return us;
}

interface Counter {
  readonly reset: () => unknown;
  readonly read: () => number | Promise<number>;
}

function counterOf(total: () => number): Counter {
  let before = 0;
  const reset = () => {
    before = total();
  };
  return { reset, read: () => total() - before };
}

/** Commands of a read that Redis answers. Each view is in Redis beforehand. */
async function commandsOfEach<K extends string>(
  candidates: Readonly<Record<K, Read>>,
  counters: Readonly<Record<K, Counter>>,
): Promise<Readonly<Record<K, number>>> {
  const commands = {} as Record<K, number>;
  for (const name of Object.keys(candidates) as K[]) {
    await usOf(candidates[name], USERS);
    await counters[name].reset();
    await usOf(candidates[name], REDIS_READS);
    commands[name] = (await counters[name].read()) / REDIS_READS;
  }
  return commands;
}

/** Measures each in turn, so that noise hits all alike. The first round warms up and is not counted. */
async function inTurn<K extends string>(
  candidates: Readonly<Record<K, Read>>,
  measure: (read: Read, name: K) => Promise<number>,
): Promise<Readonly<Record<K, readonly number[]>>> {
  const entries = Object.entries(candidates) as [K, Read][];
  const results = Object.fromEntries(entries.map(([name]) => [name, []])) as unknown as Record<K, number[]>;
  for (let run = 0; run <= RUNS; run += 1) {
    for (const [name, read] of entries) {
      const value = await measure(read, name);
      if (run > 0) results[name].push(value);
    }
  }
  return results;
}

/** Commands that an instance has sent. Redis' own statistics count those inside its scripts, too. */
const commandsBy = (tier: RedisTier): number =>
  Object.values(tier.stats().byPurpose).reduce((sum, { commands }) => sum + commands, 0);

/** Commands that clients sent since the last reset, without those inside scripts and those of this connection. */
async function commandsOf(redis: RespConnection): Promise<number> {
  const [stats] = await redis.send([["INFO", "commandstats"]]);
  const calls = [...String(stats).matchAll(/^cmdstat_(\w+)[^:]*:calls=(\d+)/gm)];
  const isTheirs = (name: string | undefined) => !/^(config|info|hello|client|select)$/.test(name ?? "");
  return calls.filter(([, name]) => isTheirs(name)).reduce((sum, [, , count]) => sum + Number(count), 0);
}
