/** Floods from one address: their effect on other people's reads, and on the server's memory. */
import { fork } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleOf } from "@/tests/support/fleet/processes/bundle";
import { startServerProcess } from "@/tests/support/servers/server-process";
import type { FloodOrder, FloodStatuses } from "../../support/flood/flood-attacker";
import { FLOODED_HOST, FLOODS, type Flood, FloodClient, spell } from "../../support/flood/flood-client";
import { ensureProductionBuild } from "../../support/production-build";
import { median } from "../../support/statistics";
import { told } from "../../support/told";
import type { BenchRow } from "../../types";

export const names = ["flood.p99_ratio", "flood.refused_share", "flood.bodies.memory_mb"];

const FLOOD_PER_SECOND = 1_000;
const READS_PER_SECOND = 100;
const READERS = Array.from({ length: 20 }, (_, i) => `tm-reader-${i}`);
const SPELL_S = 6;
/** Many short spells instead of few long ones, because a pause of the machine spoils the spell that it falls into. */
const RUNS = 5;
const MEMORY_EVERY_MS = 100;
const ATTACKER = "127.0.0.66";
const READER = "127.0.0.1";

export async function run(): Promise<readonly BenchRow[]> {
  ensureProductionBuild();
  const dataDir = mkdtempSync(join(tmpdir(), "bench-flood-"));
  const server = await startServerProcess({
    cwd: process.cwd(),
    args: [join(".next", "start.js")],
    env: { DATA_DIR: dataDir, APP_DOMAIN: FLOODED_HOST },
  });
  await server.ready();
  const port = Number(new URL(server.url).port);
  const calm = new FloodClient(port, READER);
  const attacker = fork(await bundleOf("bench/support/flood/flood-attacker.ts"));
  try {
    const cookies = await Promise.all(READERS.map((userId) => calm.signIn(userId)));
    const read = (i: number) => timed(calm, cookies[i % cookies.length] as string);
    const order: FloodOrder = {
      port,
      address: ATTACKER,
      seconds: SPELL_S,
      perSecond: FLOOD_PER_SECOND,
    };
    await told(attacker, order);
    // The first writes and sign-ins load their code and warm it up. Done beforehand, so that only the flood is measured.
    for (const [i, userId] of READERS.entries()) {
      await calm.write(userId, cookies[i] as string, 1);
      await calm.send("/api/auth/challenge", {}, { accountId: "0.0.5" });
    }
    await spell(SPELL_S, READS_PER_SECOND, read);
    const spells = new Map<Flood | "peace", number[]>(([...FLOODS, "peace"] as const).map((name) => [name, []]));
    const statuses = new Map<Flood, Map<string, number>>(FLOODS.map((flood) => [flood, new Map()]));
    const grownMb: number[] = [];
    for (let i = 0; i < RUNS; i += 1) {
      spells.get("peace")?.push(p99(await spell(SPELL_S, READS_PER_SECOND, read)));
      for (const flood of FLOODS) {
        const memory = watchMemory(server.child.pid as number);
        const [times, answered] = await Promise.all([
          spell(SPELL_S, READS_PER_SECOND, read),
          told(attacker, flood) as Promise<FloodStatuses>,
        ]);
        if (flood === "bodies") grownMb.push(memory.grownMb());
        else memory.grownMb();
        spells.get(flood)?.push(p99(times));
        const counts = statuses.get(flood) as Map<string, number>;
        for (const [status, count] of Object.entries(answered)) counts.set(status, (counts.get(status) ?? 0) + count);
      }
    }
    return rowsOf(spells, statuses, grownMb);
  } finally {
    calm.close();
    attacker.kill();
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

function rowsOf(
  spells: ReadonlyMap<Flood | "peace", readonly number[]>,
  statuses: ReadonlyMap<Flood, ReadonlyMap<string, number>>,
  grownMb: readonly number[],
): readonly BenchRow[] {
  const ms = (name: Flood | "peace") => median(spells.get(name) as number[]);
  const ratios = FLOODS.map((flood) => ({ flood, ratio: ms(flood) / ms("peace") }));
  const worst = Math.max(...FLOODS.flatMap((flood) => spells.get(flood) as number[])) / ms("peace");
  const answersOf = (flood: Flood) => [...(statuses.get(flood) as Map<string, number>)];
  const total = (flood: Flood) => answersOf(flood).reduce((sum, [, count]) => sum + count, 0);
  const told = (flood: Flood) =>
    answersOf(flood)
      .map(([status, count]) => `${count} × ${status}`)
      .join(", ");
  return [
    {
      name: "flood.p99_ratio",
      value: Math.max(...ratios.map(({ ratio }) => ratio)),
      unit: "times",
      detail: `required: 1.5 at most, and no spell over 2.5; worst spell ${worst.toFixed(2)}; of each: ${ratios.map(({ flood, ratio }) => `${flood} ${ratio.toFixed(2)}`).join(", ")}; median of ${RUNS} spells; p99 of reads ${ms("peace").toFixed(1)} ms in peace; ${FLOODS.map((flood) => `${flood} ${Math.round(total(flood) / RUNS / SPELL_S)}/s`).join(", ")} from one address; the production build`,
    },
    {
      name: "flood.refused_share",
      value: (statuses.get("writes")?.get("429") ?? 0) / total("writes"),
      unit: "of 1",
      detail: FLOODS.map((flood) => `${flood}: ${told(flood)}`).join("; "),
    },
    {
      name: "flood.bodies.memory_mb",
      value: Math.max(...grownMb),
      unit: "MB",
      detail: `required: under 50; how far the server's memory grew in the worst of ${RUNS} spells of bodies held open: ${grownMb.map((mb) => mb.toFixed(0)).join(", ")}`,
    },
  ];
}

/** Watches a process's memory. `grownMb` ends that and returns the largest growth. */
function watchMemory(pid: number): { grownMb(): number } {
  const now = () => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1_024;
  const before = now();
  let most = before;
  const timer = setInterval(() => {
    most = Math.max(most, now());
  }, MEMORY_EVERY_MS);
  return {
    grownMb() {
      clearInterval(timer);
      return Math.max(most, now()) - before;
    },
  };
}

async function timed(client: FloodClient, cookie: string): Promise<number> {
  const startMs = performance.now();
  const { status } = await client.send("/api/contacts", { cookie });
  if (status !== 200) throw new Error(`a reader got ${status}`);
  return performance.now() - startMs;
}

const p99 = (values: readonly number[]) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length * 0.99)] as number;
