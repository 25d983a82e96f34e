/** One event to 5,000 streams of one process, and the memory of each stream, beside bare node:http that writes the same text. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServerProcess } from "@/tests/support/servers/server-process";
import { FloodClient } from "../../support/flood/flood-client";
import { CORES, pin, pinned } from "../../support/load/cpu-time";
import type { Arrivals, OpenOrder, WaitOrder } from "../../support/load/stream-client";
import { ensureProductionBuild } from "../../support/production-build";
import { median } from "../../support/statistics";
import { told } from "../../support/told";
import type { BenchRow } from "../../types";

export const names = ["stream.fanout_p99_ms", "stream.kb_per_client"];

const CLIENTS = 5_000;
/** The first streams load and warm up the code, which is no memory of theirs. */
const WARM_UP = 200;
const EVENTS = 5;
const READER = "tm-reader";
const WRITER = "tm-writer";
/** As long as the frame of a signal. */
const BARE_EVENT = `event: signal\nid: 1\ndata: ${JSON.stringify({ filler: "x".repeat(700) })}\n\n`;

export async function run(): Promise<readonly BenchRow[]> {
  ensureProductionBuild();
  const dataDir = mkdtempSync(join(tmpdir(), "bench-fanout-"));
  const server = await startServerProcess({
    cwd: process.cwd(),
    args: [join(".next", "start.js")],
    env: {
      DATA_DIR: dataDir,
      RATE_LIMITS: "0",
      STREAMS_PER_USER: String(CLIENTS + WARM_UP),
      STREAMS_PER_INSTANCE: String(CLIENTS + WARM_UP),
    },
  });
  const bare = await pinned("bench/support/load/bare-streams.ts", CORES.server);
  const port = Number(new URL(server.url).port);
  const api = new FloodClient(port, "127.0.0.1");
  try {
    await server.ready();
    pin(server.child.pid as number, CORES.server);
    const [reader, writer] = await Promise.all([api.signIn(READER), api.signIn(WRITER)]);
    let nonce = Date.now();
    const own = await measured(server.child.pid as number, port, `cookie: ${reader}\r\n`, async () => {
      nonce += 1;
      const ts = Math.floor(Date.now() / 1_000);
      const body = { type: "CONTACT_REQUEST", from: WRITER, nonce, ts, payload: { target: READER } };
      const { status } = await api.send("/api/hcs/submit", { cookie: writer }, body);
      if (status !== 200) throw new Error(`a write was answered with ${status}`);
    });
    const barePort = (await told(bare, "port")) as number;
    const other = await measured(bare.pid as number, barePort, "", async () => void (await told(bare, BARE_EVENT)));
    return [
      {
        name: "stream.fanout_p99_ms",
        value: own.p99Ms,
        unit: "ms",
        detail: `at most 250; from the first of ${CLIENTS} clients that gets an event to 99 in 100 of them, median of ${EVENTS}; bare node:http ${other.p99Ms.toFixed(0)}`,
      },
      {
        name: "stream.kb_per_client",
        value: own.kbPerClient,
        unit: "KB",
        detail: `at most 20; growth of the process with ${CLIENTS} streams; bare node:http ${other.kbPerClient.toFixed(1)}`,
      },
    ];
  } finally {
    api.close();
    bare.kill();
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** Opens the streams, then sends events to them. */
async function measured(pid: number, port: number, headers: string, send: () => Promise<void>) {
  const client = await pinned("bench/support/load/stream-client.ts", CORES.client);
  try {
    const request = `GET /api/stream HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n${headers}\r\n`;
    const open = (clients: number) =>
      told(client, { kind: "open", port, request, clients, greeting: "event: hello" } satisfies OpenOrder);
    await open(WARM_UP);
    const before = residentKb(pid);
    await open(CLIENTS - WARM_UP);
    const kbPerClient = (residentKb(pid) - before) / (CLIENTS - WARM_UP);
    const p99s: number[] = [];
    for (let i = 0; i < EVENTS; i += 1) {
      const waiting = told(client, { kind: "wait", text: "event: signal" } satisfies WaitOrder) as Promise<Arrivals>;
      await send();
      p99s.push(p99(await waiting));
    }
    return { kbPerClient, p99Ms: median(p99s) };
  } finally {
    client.kill();
  }
}

const residentKb = (pid: number) => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);

const p99 = (values: readonly number[]) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length * 0.99)] as number;
