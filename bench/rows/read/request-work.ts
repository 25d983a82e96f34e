/**
 * Measures an instance's CPU for requests that memory does not answer: a read that only the database has, compressed as browsers ask
 * for it, and a write through the SDK with its share of the syncs that read it back. Both are measured with Redis over TCP, as in
 * containers, and over HTTP (Upstash). PostgreSQL and Redis are other processes. Also measures the bytes of the answers, heads
 * included.
 */
import { readFileSync } from "node:fs";
import type { Devnet } from "@/lib/devnet/devnet";
import { createRng } from "@/lib/devnet/rng";
import { MINT_NOTES } from "@/lib/devnet/seed/phrases";
import { OWN } from "@/tests/support/fleet/cost";
import { type Fleet, type Instance, startFleet } from "@/tests/support/fleet/fleet";
import type { Answer } from "@/tests/support/fleet/http";
import { type FleetServices, startServices } from "@/tests/support/fleet/services";
import { RespConnection } from "@/tests/support/servers/redis/resp";
import { median, spread } from "../../support/statistics";
import type { BenchRow } from "../../types";

const TIERS = ["tcp", "http"] as const;
type Tier = (typeof TIERS)[number];

export const names = [
  "read.cold.tcp_cpu_us",
  "write.tcp_cpu_us",
  "read.cold.http_cpu_us",
  "write.http_cpu_us",
  "read.cold.br_bytes",
  "read.304.bytes",
  "write.answer_bytes",
  "stream.event_bytes",
  "mirror.bytes_per_message",
  "write.commands",
  "redis.cpu_us_per_command",
  "redis.bytes_per_write",
];

/** Each person is read for the first time, so a run needs people of its own. */
const RUNS = 5;
const PEOPLE = 60;
/** As in the rows of memory: 50 contacts and 200 signals. */
const CONTACTS = 50;
const RECOGNITIONS = 150;
const VIEWS = ["/api/contacts", "/api/circle", "/api/signals"];
const CONCURRENCY = 8;
const WRITES = 240;
/** USER_HZ, the unit of /proc/PID/stat (man 5 proc). */
const TICKS_PER_SECOND = 100;
const BROTLI = { "accept-encoding": "br" };
const STREAM_S = 12;
/** The length of a chunk and two line ends. */
const CHUNK_HEAD_BYTES = 6;
/** Long enough that no sync for a reader falls into a run of reads. */
const QUIET = { FRESHNESS_TARGET_MS: "600000" };

export async function run(): Promise<readonly BenchRow[]> {
  const services = await startServices({ grpc: true });
  const over: Readonly<Record<Tier, Readonly<Record<string, string>>>> = {
    tcp: {
      REDIS_URL: `redis://127.0.0.1:${services.redis.port}`,
      UPSTASH_REDIS_REST_URL: "",
      UPSTASH_REDIS_REST_TOKEN: "",
    },
    http: {},
  };
  const rows: BenchRow[] = [];
  try {
    write(services.devnet);
    for (const tier of TIERS) {
      const reads = await startFleet({ services, count: 1, isCounted: false, env: { ...QUIET, ...over[tier] } });
      rows.push(...(await coldReads(reads, tier).finally(() => reads.stop())));
      const writes = await startFleet({ services, count: 1, isCounted: false, env: over[tier] });
      const before = await redisCosts(services);
      try {
        rows.push(...(await ownWrites(writes, tier)));
        if (tier === "tcp") rows.push(await idleStream(writes));
        else rows.push(...ofRedis(before, await redisCosts(services)));
      } finally {
        await writes.stop();
      }
    }
    return [...rows, await mirrorPage(services.devnet)];
  } finally {
    await services.stop();
  }
}

const person = (n: number) => `tm-reader-${n}`;

/** The people's contacts, and recognitions of them in free text. */
function write({ topics, submitMany }: Pick<Devnet, "topics" | "submitMany">): void {
  const rng = createRng(5);
  const peer = () => `tm-${rng.int(0, 2 ** 32).toString(36)}`;
  const words = MINT_NOTES.join(" ").split(" ");
  const note = () => Array.from({ length: rng.int(4, 12) }, () => rng.pick(words)).join(" ");
  const all = <T>(count: number, make: (of: string) => T) =>
    Array.from({ length: PEOPLE * RUNS }, (_, n) => Array.from({ length: count }, () => make(person(n)))).flat();
  submitMany(
    topics.contact,
    all(CONTACTS, (from) => ({ type: "CONTACT_ACCEPT", from, to: peer() })),
  );
  submitMany(
    topics.recognition,
    all(RECOGNITIONS, (target) => ({
      ...{ hcs: "21", v: "1.0", type: 5, from: peer(), nonce: 1, ts: 1_790_000_000 + rng.int(0, 9_999) },
      payload: { target, recognitionId: "reliable", note: note() },
    })),
  );
}

async function coldReads({ instances: [instance] }: Fleet, tier: Tier): Promise<readonly BenchRow[]> {
  if (instance === undefined) throw new Error("there is no instance");
  const us: number[] = [];
  const bytes = { fresh: [] as number[], unchanged: [] as number[] };
  const read = async (n: number, path: string) => {
    const answer = await instance.get(path, person(n), { headers: BROTLI });
    bytes.fresh.push(bytesOf(expected(200, answer)));
    return answer;
  };
  for (let i = 0; i < RUNS; i += 1) {
    const work = Array.from({ length: PEOPLE }, (_, n) => VIEWS.map((path) => () => read(i * PEOPLE + n, path))).flat();
    us.push(await cpuMicroseconds(instance, work));
  }
  for (const path of VIEWS) {
    const { etag = "" } = (await read(0, path)).headers;
    const again = await instance.get(path, person(0), { headers: { ...BROTLI, "if-none-match": etag } });
    bytes.unchanged.push(bytesOf(expected(304, again)));
  }
  const work = {
    ...{ name: `read.cold.${tier}_cpu_us`, value: median(us), unit: "µs CPU" },
    detail: `contacts, circle and signals of people with ${CONTACTS} contacts and ${CONTACTS + RECOGNITIONS} signals, Brotli; ${spread(us)}`,
  };
  if (tier === "http") return [work];
  return [
    work,
    { ...{ name: "read.cold.br_bytes", value: mean(bytes.fresh), unit: "bytes" }, detail: "mean answer of the same" },
    { ...{ name: "read.304.bytes", value: mean(bytes.unchanged), unit: "bytes" }, detail: "an unchanged view" },
  ];
}

async function ownWrites({ instances: [instance] }: Fleet, tier: Tier): Promise<readonly BenchRow[]> {
  if (instance === undefined) throw new Error("there is no instance");
  let nonce = Date.now();
  const bytes: number[] = [];
  const submit = async (n: number) => {
    const [from, ts] = [person(n % PEOPLE), Math.floor(Date.now() / 1_000)];
    nonce += 1;
    const headers = { ...BROTLI, "idempotency-key": `bench-${nonce}` };
    const body = { type: "CONTACT_REQUEST", from, nonce, ts, payload: { target: `tm-target-${nonce}` } };
    bytes.push(bytesOf(expected(200, await instance.post("/api/hcs/submit", from, { headers, body }))));
  };
  const work = Array.from({ length: WRITES }, (_, n) => () => submit(n));
  // The SDK is loaded with the first write.
  await cpuMicroseconds(instance, work);
  const us: number[] = [];
  for (let i = 0; i < RUNS; i += 1) us.push(await cpuMicroseconds(instance, work));
  const row = {
    ...{ name: `write.${tier}_cpu_us`, value: median(us), unit: "µs CPU" },
    detail: `POST /api/hcs/submit, ${CONCURRENCY} at a time, with the syncs that follow; ${spread(us)}`,
  };
  if (tier === "http") return [row];
  return [
    row,
    { ...{ name: "write.answer_bytes", value: mean(bytes), unit: "bytes" }, detail: "mean answer of the same" },
  ];
}

/** Mean size of the events that a stream gets while nothing happens. */
async function idleStream({ instances: [instance], cookieOf }: Fleet): Promise<BenchRow> {
  const closing = new AbortController();
  const headers = { cookie: await cookieOf(person(0)) };
  const response = await fetch(`http://127.0.0.1:${instance?.port}/api/stream`, { headers, signal: closing.signal });
  const events: number[] = [];
  const timer = setTimeout(() => closing.abort(), STREAM_S * 1_000);
  const take = async () => {
    for await (const chunk of response.body ?? []) {
      const text = Buffer.from(chunk).toString();
      if (text.includes("event: freshness")) events.push(CHUNK_HEAD_BYTES + chunk.length);
    }
  };
  await take().catch(() => {});
  clearTimeout(timer);
  return {
    ...{ name: "stream.event_bytes", value: mean(events), unit: "bytes" },
    detail: `a freshness event, ${events.length} of them in ${STREAM_S} s`,
  };
}

interface RedisCosts {
  readonly cpuUs: number;
  readonly usedBytes: number;
  readonly commands: number;
  /** The commands without those of syncs and reports. */
  readonly ofRequests: number;
}

/** Resources that Redis has used, and the commands that came over Upstash's protocol. */
async function redisCosts({ redis, upstash }: FleetServices): Promise<RedisCosts> {
  const connection = await RespConnection.open(redis.port);
  const [cpu, memory] = await connection.send([
    ["INFO", "cpu"],
    ["INFO", "memory"],
  ]);
  connection.close();
  const of = (info: unknown, name: string) => Number(new RegExp(`^${name}:([\\d.]+)`, "m").exec(String(info))?.[1]);
  const { total, byPurpose } = upstash.counters.read();
  const own = OWN.reduce((sum, purpose) => sum + (byPurpose[purpose] ?? 0), 0);
  return {
    cpuUs: (of(cpu, "used_cpu_sys") + of(cpu, "used_cpu_user")) * 1e6,
    usedBytes: of(memory, "used_memory"),
    ...{ commands: total, ofRequests: total - own },
  };
}

function ofRedis(before: RedisCosts, after: RedisCosts): readonly BenchRow[] {
  const commands = after.commands - before.commands;
  const writes = WRITES * (RUNS + 1);
  return [
    {
      ...{ name: "redis.bytes_per_write", value: (after.usedBytes - before.usedBytes) / writes, unit: "bytes" },
      detail: `answer, nonce and fence of ${writes} writes, kept for a day`,
    },
    {
      ...{ name: "write.commands", value: (after.ofRequests - before.ofRequests) / writes, unit: "commands" },
      detail: "required: 2; without those of the syncs that follow",
    },
    {
      ...{ name: "redis.cpu_us_per_command", value: (after.cpuUs - before.cpuUs) / commands, unit: "µs CPU" },
      detail: `${commands} commands of the writes`,
    },
  ];
}

/** The size of a message in a full page of the mirror's REST answer. */
async function mirrorPage({ restUrl, topics }: Devnet): Promise<BenchRow> {
  const page = await fetch(`${restUrl}/api/v1/topics/${topics.recognition}/messages?limit=100`);
  const { length } = Buffer.from(await page.arrayBuffer());
  return {
    ...{ name: "mirror.bytes_per_message", value: length / 100, unit: "bytes" },
    detail: "of a full page, uncompressed",
  };
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The size of an answer on the wire, without TLS. */
function bytesOf({ headers }: Answer): number {
  const head = Object.entries(headers).reduce((sum, [name, value]) => sum + `${name}: ${value}\r\n`.length, 0);
  return "HTTP/1.1 200 OK\r\n\r\n".length + head + Number(headers["content-length"] ?? 0);
}

function expected(status: number, answer: Answer): Answer {
  if (answer.status !== status) throw new Error(`the instance answered ${answer.status} ${answer.text}`);
  return answer;
}

/** User and system time of the instance for each piece of work, `CONCURRENCY` at a time. */
async function cpuMicroseconds({ pid }: Instance, work: readonly (() => Promise<unknown>)[]): Promise<number> {
  const ticks = () => {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    return Number(fields[11]) + Number(fields[12]);
  };
  const before = ticks();
  const left = [...work];
  const worker = async () => {
    for (let next = left.pop(); next !== undefined; next = left.pop()) await next();
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  return ((ticks() - before) / TICKS_PER_SECOND / work.length) * 1e6;
}
