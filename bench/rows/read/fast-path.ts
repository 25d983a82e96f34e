/**
 * Reads that our own server answers from memory, beside bare node:http that sends the same bytes: answers a second at 32
 * connections, CPU and p99. Server and client run on cores of their own, and both servers take turns on the same core.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServerProcess } from "@/tests/support/servers/server-process";
import type { BareAnswer } from "../../support/load/bare-server";
import { CORES, pin, pinned } from "../../support/load/cpu-time";
import type { LoadOrder, LoadReport } from "../../support/load/load-client";
import { ensureProductionBuild } from "../../support/production-build";
import { median } from "../../support/statistics";
import { told } from "../../support/told";
import type { BenchRow } from "../../types";

export const names = [
  "read.fast.vs_node_http",
  "read.fast.cpu_us",
  "read.fast.p99_ms",
  "read.br.vs_node_http",
  "read.304.vs_node_http",
  "ui.poll.vs_node_http",
];

const CONNECTIONS = 32;
const SECONDS = 2;
const ROUNDS = 5;
const LOOK_MS = 250;
/** The answer of the requirement has 6 to 8 KB. */
const WANTED_BYTES = 7_000;
/** USER_HZ, the unit of /proc/PID/stat (man 5 proc). */
const TICKS_PER_SECOND = 100;
/** node:http adds them itself. */
const BY_NODE = ["date", "connection", "keep-alive", "transfer-encoding"];

interface Asked {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly status: number;
}

interface Compared {
  /** Our speed divided by that of bare node:http, for each round. */
  readonly ratios: readonly number[];
  readonly own: readonly LoadReport[];
  readonly bare: readonly LoadReport[];
  readonly ownCpuUs: readonly number[];
  readonly bareCpuUs: readonly number[];
  readonly bytes: number;
}

export async function run(): Promise<readonly BenchRow[]> {
  ensureProductionBuild();
  const dataDir = mkdtempSync(join(tmpdir(), "bench-fast-"));
  // All requests come from one address, as fast as possible, so limits are off.
  const env = { DATA_DIR: dataDir, RATE_LIMITS: "0" };
  const server = await startServerProcess({ cwd: process.cwd(), args: [join(".next", "start.js")], env });
  const bare = await pinned("bench/support/load/bare-server.ts", CORES.server);
  const client = await pinned("bench/support/load/load-client.ts", CORES.client);
  try {
    await server.ready();
    pin(server.child.pid as number, CORES.server);
    const compare = (asked: Asked) => compared(server, bare, client, asked);
    const cookie = await cookieWithView(server.url);
    await isFresh(server.url, cookie);
    const contacts = { path: "/api/contacts", headers: { cookie }, status: 200 };
    const fast = await compare(contacts);
    const br = await compare({ ...contacts, headers: { cookie, "accept-encoding": "br" } });
    // The devnet goes on writing, and a change of the view would change its ETag.
    const unchanged = await compare({ ...contacts, headers: { cookie, "if-none-match": "*" }, status: 304 });
    const poll = await compare({ path: await pollPath(server.url, cookie), headers: { cookie }, status: 200 });
    return [
      { ...ratioRow("read.fast.vs_node_http", fast, 0.6) },
      {
        name: "read.fast.cpu_us",
        value: median(fast.ownCpuUs),
        unit: "µs CPU",
        detail: `at most 150; bare node:http takes ${median(fast.bareCpuUs).toFixed(0)}`,
      },
      {
        name: "read.fast.p99_ms",
        value: median(fast.own.map(({ p99Ms }) => p99Ms)),
        unit: "ms",
        detail: `at most 3 times that of bare node:http, ${median(fast.bare.map(({ p99Ms }) => p99Ms)).toFixed(2)}; ${CONNECTIONS} connections`,
      },
      ratioRow("read.br.vs_node_http", br, 0.6),
      ratioRow("read.304.vs_node_http", unchanged, 0.7),
      ratioRow("ui.poll.vs_node_http", poll, 0.6),
    ];
  } finally {
    client.kill();
    bare.kill();
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

function ratioRow(name: string, { ratios, own, bare, bytes }: Compared, least: number): BenchRow {
  const perSecond = (reports: readonly LoadReport[]) => Math.round(median(reports.map((each) => each.perSecond)));
  const detail = `at least ${least}; ${perSecond(own)} against ${perSecond(bare)} a second with ${bytes} bytes of body; ${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)} in ${ratios.length} rounds`;
  return { name, value: median(ratios), unit: "of 1", detail };
}

type Server = Awaited<ReturnType<typeof startServerProcess>>;
type Child = Awaited<ReturnType<typeof pinned>>;

/** Measures one request at both servers in turn. Throws if an answer has another status than it should. */
async function compared(server: Server, bare: Child, client: Child, asked: Asked): Promise<Compared> {
  const { path, headers, status } = asked;
  const { port, host } = new URL(server.url);
  const lines = Object.entries({ host, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  const request = `GET ${path} HTTP/1.1\r\n${lines.join("")}\r\n`;
  const same = await answerOf(server.url, asked);
  const barePort = (await told(bare, same satisfies BareAnswer)) as number;
  const measure = async (pid: number, at: number): Promise<{ report: LoadReport; cpuUs: number }> => {
    const order: LoadOrder = { port: at, request, connections: CONNECTIONS, seconds: SECONDS };
    const before = cpuSeconds(pid);
    const report = (await told(client, order)) as LoadReport;
    const others = Object.keys(report.statuses).filter((each) => each !== String(status));
    if (others.length > 0) throw new Error(`${path}: ${JSON.stringify(report.statuses)}`);
    return { report, cpuUs: ((cpuSeconds(pid) - before) / report.answers) * 1e6 };
  };
  const rounds: { own: Awaited<ReturnType<typeof measure>>; bare: Awaited<ReturnType<typeof measure>> }[] = [];
  for (let i = 0; i <= ROUNDS; i += 1)
    rounds.push({
      own: await measure(server.child.pid as number, Number(port)),
      bare: await measure(bare.pid as number, barePort),
    });
  // The first round warms both up.
  const measured = rounds.slice(1);
  return {
    ratios: measured.map((round) => round.own.report.perSecond / round.bare.report.perSecond),
    own: measured.map((round) => round.own.report),
    bare: measured.map((round) => round.bare.report),
    ownCpuUs: measured.map((round) => round.own.cpuUs),
    bareCpuUs: measured.map((round) => round.bare.cpuUs),
    bytes: Buffer.byteLength(same.body, "latin1"),
  };
}

/** The answer's headers and bytes, for the yardstick to send. */
async function answerOf(url: string, { path, headers, status }: Asked): Promise<BareAnswer> {
  const { request } = await import("node:http");
  const ask = () =>
    new Promise<BareAnswer>((resolve, reject) => {
      request(url + path, { headers: { ...headers } }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => void chunks.push(chunk)).on("error", reject);
        response.on("end", () => {
          const own = Object.entries(response.headers).filter(([name]) => !BY_NODE.includes(name));
          const flat = own.flatMap(([name, value]) => [name, String(value)]);
          resolve({ status: response.statusCode ?? 0, headers: flat, body: Buffer.concat(chunks).toString("latin1") });
        });
      })
        .on("error", reject)
        .end();
    });
  // The first answer fills the memory.
  await ask();
  const answer = await ask();
  if (answer.status !== status) throw new Error(`${path} answered ${answer.status} and not ${status}`);
  return answer;
}

/** The session of the demo person whose contacts come closest to the wanted size. */
async function cookieWithView(url: string): Promise<string> {
  const { people } = (await (await fetch(`${url}/api/auth/demo`)).json()) as { people: { userId: string }[] };
  let best = { cookie: "", distance: Number.POSITIVE_INFINITY };
  for (const { userId } of people) {
    const signedIn = await fetch(`${url}/api/auth/demo`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ userId }),
    });
    const cookie = signedIn.headers.get("set-cookie")?.split(";")[0] ?? "";
    const { length } = await (await fetch(`${url}/api/contacts`, { headers: { cookie } })).text();
    const distance = Math.abs(length - WANTED_BYTES);
    if (distance < best.distance) best = { cookie, distance };
  }
  return best.cookie;
}

/** Waits until the first sync is over, whose work would count as that of the reads. */
async function isFresh(url: string, cookie: string): Promise<void> {
  for (;;) {
    const { headers } = await fetch(`${url}/api/contacts`, { headers: { cookie } });
    if (headers.get("trustmesh-stale") === "false") return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** A poll of a page that has seen everything. */
async function pollPath(url: string, cookie: string): Promise<string> {
  const config = (await (await fetch(`${url}/api/registry/config`)).json()) as {
    registry: { topics: { contacts: string } };
  };
  const path = `/api/me/api/v1/topics/${config.registry.topics.contacts}/messages?limit=100&order=asc`;
  const page = (await (await fetch(url + path, { headers: { cookie } })).json()) as {
    messages: { consensus_timestamp: string }[];
  };
  const last = page.messages.at(-1)?.consensus_timestamp;
  return last === undefined ? path : `${path}&timestamp=gt:${last}`;
}

/** User and system time of a process. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
