/**
 * A first start with 200,000 messages: the production build reads a devnet, each in its own process. Measures the server's peak
 * memory, and whether a process that is killed half-way continues where it was.
 */
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DevnetHandle, spawnDevnet } from "@/lib/devnet/spawn";
import { startPostgres } from "@/tests/support/servers/postgres/postgres-server";
import { type ServerProcess, startServerProcess } from "@/tests/support/servers/server-process";
import { ensureProductionBuild } from "../../support/production-build";
import type { BenchRow } from "../../types";

export const names = ["sync.peak_rss_mb", "sync.pg.peak_rss_mb", "sync.repeated_messages"];

/** These people make 201,136 messages. */
const PEOPLE = 6_700;
/** Making that history takes some 25 s. */
const DEVNET_MS = 300_000;
const START_MS = 180_000;
const LOOK_EVERY_MS = 100;
const HALF = 100_000;

/** The observations of one start. */
interface Start {
  readonly peakMb: number;
  readonly seconds: number;
  /** The number of stored messages in the first and in the last progress that the health route reported. */
  readonly first: number;
  readonly last: number;
  /** The last sentence that held an estimate. */
  readonly estimate: string;
}

export async function run(): Promise<readonly BenchRow[]> {
  ensureProductionBuild();
  const directory = mkdtempSync(join(tmpdir(), "bench-first-start-"));
  const server = await startPostgres();
  const devnet = await spawnDevnet({
    dataDir: join(directory, "devnet"),
    people: PEOPLE,
    ...{ trickleMs: 0, grpc: false, timeoutMs: DEVNET_MS },
  });
  const embedded = (name: string) => environmentOf(devnet, { DATA_DIR: join(directory, name) });
  const postgres = async () =>
    environmentOf(devnet, { DATA_DIR: join(directory, "unused"), DATABASE_URL: await server.createDatabase() });
  try {
    const total = await totalOf(devnet);
    const rows = [
      rowOf("sync.peak_rss_mb", "the embedded database", total, await started(embedded("whole"))),
      rowOf("sync.pg.peak_rss_mb", "PostgreSQL", total, await started(await postgres())),
    ];
    const killed = await started(embedded("killed"), HALF);
    const resumed = await started(embedded("killed"));
    const again = await started(embedded("killed"));
    return [
      ...rows,
      {
        name: "sync.repeated_messages",
        value: Math.max(0, killed.last - resumed.first),
        unit: "messages",
        detail: `required: 0; killed at ${killed.last} of ${total}, went on at ${resumed.first}, ready ${resumed.seconds.toFixed(0)} s later, peak ${mb(resumed.peakMb)}; a start with all of it takes ${again.seconds.toFixed(1)} s; it said “${killed.estimate}”`,
      },
    ];
  } finally {
    await devnet.stop();
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

function rowOf(name: string, database: string, total: number, { peakMb, seconds, estimate }: Start): BenchRow {
  const speed = `${total} messages in ${seconds.toFixed(0)} s, ${Math.round(total / seconds)} messages/s`;
  return {
    name,
    value: peakMb,
    unit: "MB",
    detail: `at most 600; ${speed} from the start of the process, ${database}; it said “${estimate}”`,
  };
}

const mb = (value: number) => `${Math.round(value)} MB`;

/** A server of a private network that only reads. */
const environmentOf = (devnet: DevnetHandle, more: Readonly<Record<string, string>>) => ({
  HEDERA_NETWORK: "custom",
  MIRROR_URL: devnet.restUrl,
  TOPIC_CONTACT: devnet.topics.contact,
  TOPIC_TRUST: devnet.topics.trust,
  TOPIC_RECOGNITION: devnet.topics.recognition,
  TOPIC_PROFILE: devnet.topics.profile,
  TRUSTED_PAYERS: devnet.operatorId,
  SESSION_SECRET: "a secret of the bench that is long enough to be one",
  // The mirror budget protects public mirrors. With its default of 40 a second, the row would measure the wait for the budget.
  MIRROR_RPS: "10000",
  RATE_LIMITS: "0",
  ...more,
});

/** The number of messages that the mirror has. */
async function totalOf({ restUrl, topics }: DevnetHandle): Promise<number> {
  const newest = Object.values(topics).map(async (topicId) => {
    const response = await fetch(`${restUrl}/api/v1/topics/${topicId}/messages?order=desc&limit=1`);
    const { messages } = (await response.json()) as {
      readonly messages: readonly { readonly sequence_number: number }[];
    };
    return messages[0]?.sequence_number ?? 0;
  });
  return (await Promise.all(newest)).reduce((sum, count) => sum + count, 0);
}

/** Starts a server and watches it until it is ready, or kills it once it says that it has stored `killAt` messages. */
async function started(env: Readonly<Record<string, string>>, killAt = Number.POSITIVE_INFINITY): Promise<Start> {
  const startMs = performance.now();
  const server = await startServerProcess({ cwd: process.cwd(), args: [join(".next", "start.js")], env });
  try {
    return { ...(await watched(server, killAt)), seconds: (performance.now() - startMs) / 1_000 };
  } finally {
    await server.stop();
  }
}

async function watched({ url, child, output }: ServerProcess, killAt: number): Promise<Omit<Start, "seconds">> {
  const told: number[] = [];
  let estimate = "";
  for (const untilMs = Date.now() + START_MS; Date.now() < untilMs && child.exitCode === null; ) {
    const health = await fetch(`${url}/api/health/ready`).catch(() => null);
    const { ready, progress } = health === null ? NOTHING : ((await health.json()) as typeof NOTHING);
    const stored = /stored ([\d,]+)/.exec(progress ?? "")?.[1]?.replaceAll(",", "");
    if (stored !== undefined) told.push(Number(stored));
    if (progress?.includes("about")) estimate = progress;
    const [first = 0, last = 0] = [told[0], told.at(-1)];
    const seen = { peakMb: peakMb(child.pid as number), first, last, estimate };
    if (ready) return seen;
    if (last >= killAt) {
      child.kill("SIGKILL");
      await once(child, "exit");
      return seen;
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  throw new Error(`the server is not ready:\n${output()}`);
}

const NOTHING: { readonly ready: boolean; readonly progress: string | null } = { ready: false, progress: null };

/** The most physical memory that the process ever had. */
const peakMb = (pid: number) =>
  Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1_024;
