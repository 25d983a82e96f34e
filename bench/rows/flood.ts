/** What a flood on sign-in and submit from one address does to everybody else's reads, beside the same reads in peace. */
import { mkdtempSync, rmSync } from "node:fs";
import { Agent } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleOf } from "@/tests/support/fleet/bundle";
import { startChild } from "@/tests/support/fleet/child";
import { type Answer, ask } from "@/tests/support/fleet/http";
import { median } from "../support/statistics";
import type { BenchRow } from "../types";

export const names = ["flood.p99_ratio", "flood.refused_share"];

const FLOOD_PER_SECOND = 1_000;
const READS_PER_SECOND = 100;
const READERS = 20;
const SPELL_S = 8;
const RUNS = 3;
/** All of 127.0.0.0/8 is this machine: two addresses that a server can tell apart. */
const ATTACKER = "127.0.0.66";
const READER = "127.0.0.1";
const TICK_MS = 10;

export async function run(): Promise<readonly BenchRow[]> {
  const dataDir = mkdtempSync(join(tmpdir(), "bench-flood-"));
  const server = await startChild({
    program: await bundleOf("bench/support/flood-instance.ts"),
    env: { DATA_DIR: dataDir, APP_DOMAIN: "app.test" },
    onLine: () => {},
    onLost: () => {},
  });
  const [calm, hostile] = [agentAt(READER), agentAt(ATTACKER)];
  const send = (agent: Agent, path: string, headers: Record<string, string>, body?: object): Promise<Answer> =>
    ask({
      port: server.port,
      agent,
      method: body ? "POST" : "GET",
      path,
      headers: { host: "app.test", ...(body ? { "content-type": "application/json" } : {}), ...headers },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
  const signIn = async (agent: Agent, userId: string) =>
    (await send(agent, "/api/auth/demo", {}, { userId })).headers["set-cookie"]?.[0]?.split(";")[0] ?? "";
  try {
    const readers = await Promise.all(Array.from({ length: READERS }, (_, i) => signIn(calm, `tm-reader-${i}`)));
    const cookie = await signIn(hostile, "tm-attacker");
    const read = (i: number) => timed(() => send(calm, "/api/contacts", { cookie: readers[i % READERS] as string }));
    const statuses = new Map<number, number>();
    const attack = async (i: number) => {
      const ts = Math.floor(Date.now() / 1_000);
      const write = { type: "CONTACT_REQUEST", from: "tm-attacker", nonce: i, ts, payload: { target: "tm-x" } };
      const { status } =
        i % 2 === 0
          ? await send(hostile, "/api/auth/challenge", {}, { accountId: "0.0.5" })
          : await send(hostile, "/api/hcs/submit", { cookie }, write);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    };
    await spell(READS_PER_SECOND, read);
    const peace: number[] = [];
    const war: number[] = [];
    for (let i = 0; i < RUNS; i += 1) {
      peace.push(p99(await spell(READS_PER_SECOND, read)));
      const [times] = await Promise.all([spell(READS_PER_SECOND, read), spell(FLOOD_PER_SECOND, attack)]);
      war.push(p99(times));
    }
    const sent = [...statuses.values()].reduce((sum, count) => sum + count, 0);
    const ms = (values: readonly number[]) => values.map((value) => value.toFixed(1)).join(", ");
    return [
      {
        name: "flood.p99_ratio",
        value: median(war) / median(peace),
        unit: "times",
        detail: `required: 2 at most; p99 of reads ${ms(war)} ms under ${FLOOD_PER_SECOND} requests/s from one address, ${ms(peace)} ms in peace; node:http in front of the route table`,
      },
      {
        name: "flood.refused_share",
        value: (statuses.get(429) ?? 0) / sent,
        unit: "of 1",
        detail: [...statuses].map(([status, count]) => `${count} × ${status}`).join(", "),
      },
    ];
  } finally {
    calm.destroy();
    hostile.destroy();
    await server.kill();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

function agentAt(localAddress: string): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  const create = agent.createConnection.bind(agent);
  agent.createConnection = (options, done) => create({ ...options, localAddress }, done);
  return agent;
}

/** Calls `work` at this rate for a spell, without waiting for its answers, and collects them. */
async function spell<T>(perSecond: number, work: (i: number) => Promise<T>): Promise<T[]> {
  const under: Promise<T>[] = [];
  const startMs = performance.now();
  for (;;) {
    const elapsedMs = performance.now() - startMs;
    const due = Math.floor((Math.min(elapsedMs, SPELL_S * 1_000) / 1_000) * perSecond);
    while (under.length < due) under.push(work(under.length));
    if (elapsedMs >= SPELL_S * 1_000) return Promise.all(under);
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }
}

async function timed(work: () => Promise<Answer>): Promise<number> {
  const startMs = performance.now();
  const { status } = await work();
  if (status !== 200) throw new Error(`a reader got ${status}`);
  return performance.now() - startMs;
}

const p99 = (values: readonly number[]) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length * 0.99)] as number;
