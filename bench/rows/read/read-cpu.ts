/**
 * CPU of an L1 read: through our own server, compared with the emptiest route of the same server, and through Next's route handler
 * alone (`next start`), as a function answers it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureProductionBuild } from "../../support/production-build";
import { median, spread } from "../../support/statistics";
import type { BenchRow } from "../../types";

export const names = ["read.l1.cpu_us", "read.empty_route.cpu_us", "read.framework.cpu_us"];

const REQUESTS = 1_500;
const CONCURRENCY = 8;
const RUNS = 5;
/** USER_HZ, the unit of /proc/PID/stat (man 5 proc). */
const TICKS_PER_SECOND = 100;

/** Server programs, as arguments of Node. The second one does not include our own front, so Next answers alone. */
const OWN_SERVER = [join(".next", "start.js")];
const NEXT_ALONE = [join("node_modules", "next", "dist", "bin", "next"), "start"];

export async function run(): Promise<readonly BenchRow[]> {
  ensureProductionBuild();
  const own = await measured(OWN_SERVER);
  const framework = await measured(NEXT_ALONE);
  const ratio = (median(own.l1) / median(own.empty)).toFixed(2);
  return [
    {
      name: "read.l1.cpu_us",
      value: median(own.l1),
      unit: "µs CPU",
      detail: `${ratio} of an empty route; session checked, 304 not asked for; ${spread(own.l1)}`,
    },
    {
      name: "read.empty_route.cpu_us",
      value: median(own.empty),
      unit: "µs CPU",
      detail: `GET /api/health; ${spread(own.empty)}`,
    },
    {
      name: "read.framework.cpu_us",
      value: median(framework.l1),
      unit: "µs CPU",
      detail: `as read.l1.cpu_us, by Next alone; ${spread(framework.l1)}`,
    },
  ];
}

/** CPU of one program's answers in each run: a view from memory, and the emptiest route. */
async function measured(program: readonly string[]): Promise<{ l1: readonly number[]; empty: readonly number[] }> {
  const dataDir = mkdtempSync(join(tmpdir(), "bench-read-"));
  const port = 20_000 + (process.pid % 20_000);
  const server = spawn(process.execPath, program, {
    // All requests come from one address, as fast as possible, so limits are off.
    env: { ...process.env, NODE_OPTIONS: "", DATA_DIR: dataDir, PORT: String(port), RATE_LIMITS: "0" },
    stdio: "ignore",
  });
  const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENCY });
  const get = (path: string, headers = {}, body?: string) => ask(agent, port, path, headers, body);
  try {
    await until(() =>
      get("/api/health/ready").then(
        ({ status }) => status === 200,
        () => false,
      ),
    );
    const { cookie } = await get(
      "/api/auth/demo",
      { "content-type": "application/json" },
      JSON.stringify({ userId: "tm-alex-chen" }),
    );
    const l1: number[] = [];
    const empty: number[] = [];
    const measure = (path: string, headers: object) =>
      cpuMicroseconds(server.pid as number, () => flood(() => get(path, headers)));
    await measure("/api/contacts", { cookie });
    await measure("/api/health", {});
    for (let i = 0; i < RUNS; i += 1) {
      l1.push(await measure("/api/contacts", { cookie }));
      empty.push(await measure("/api/health", {}));
    }
    return { l1, empty };
  } finally {
    agent.destroy();
    server.kill("SIGTERM");
    await finished(server);
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** User and system time of the process, for each request. */
async function cpuMicroseconds(pid: number, work: () => Promise<void>): Promise<number> {
  const ticks = () => {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    return Number(fields[11]) + Number(fields[12]);
  };
  const before = ticks();
  await work();
  return ((ticks() - before) / TICKS_PER_SECOND / REQUESTS) * 1e6;
}

async function flood(get: () => Promise<{ status: number }>): Promise<void> {
  let left = REQUESTS;
  const worker = async () => {
    while (left-- > 0) {
      const { status } = await get();
      if (status !== 200) throw new Error(`the server answered ${status}`);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
}

function ask(
  agent: Agent,
  port: number,
  path: string,
  headers: object,
  body?: string,
): Promise<{ status: number; cookie: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(
      { agent, host: "127.0.0.1", port, path, method: body === undefined ? "GET" : "POST", headers: { ...headers } },
      (response) => {
        response.resume();
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            cookie: response.headers["set-cookie"]?.[0]?.split(";")[0] ?? "",
          }),
        );
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}

async function until(isReady: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 300; tries += 1) {
    if (await isReady()) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error("the server was not ready within a minute");
}

const finished = (child: ChildProcess) =>
  new Promise<void>((resolve) =>
    child.exitCode === null && child.signalCode === null ? child.once("exit", () => resolve()) : resolve(),
  );
