/** Floods from one address: their effect on other people's reads, and on the server's memory. */
import { type ChildProcess, fork } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleOf } from "@/tests/support/fleet/processes/bundle";
import { type ServerProcess, startServerProcess } from "@/tests/support/servers/server-process";
import type { FloodOrder, FloodStatuses } from "../../support/flood/flood-attacker";
import { FLOODED_HOST, FLOODS, type Flood, FloodClient, spell } from "../../support/flood/flood-client";
import type { BareAnswer } from "../../support/load/bare-server";
import { childrenOf, yieldCpu } from "../../support/load/cpu-time";
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
/** V8 compiles the code of a read after some thousand of them. The readers' own limit allows no more a second. */
const WARM_UP = { seconds: 30, perSecond: 140 } as const;
const MEMORY_EVERY_MS = 100;
const ATTACKER = "127.0.0.66";
const READER = "127.0.0.1";

/** p99 of reads in each spell, in ms, by flood. */
type Spells = ReadonlyMap<Flood | "peace", number[]>;

/** A server under flood, with a reader and an attacker. */
interface Target {
  readonly calm: FloodClient;
  readonly cookies: readonly string[];
  readonly attacker: ChildProcess;
}

export async function run(): Promise<readonly BenchRow[]> {
  ensureProductionBuild();
  const dataDir = mkdtempSync(join(tmpdir(), "bench-flood-"));
  const server = await startServerProcess({
    cwd: process.cwd(),
    args: [join(".next", "start.js")],
    env: { DATA_DIR: dataDir, APP_DOMAIN: FLOODED_HOST },
  });
  try {
    await server.ready();
    // The ledger's network is on other machines, as a real flood is.
    for (const devnet of childrenOf(server.child.pid as number)) yieldCpu(devnet);
    const port = Number(new URL(server.url).port);
    const bare = await bareSpells();
    return await attacked(port, (target) => floods(target, server, bare));
  } finally {
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** Starts a reader and an attacker for the server at this port, and warms the server up. */
async function attacked<T>(port: number, work: (target: Target) => Promise<T>): Promise<T> {
  const calm = new FloodClient(port, READER);
  const attacker = fork(await bundleOf("bench/support/flood/flood-attacker.ts"));
  try {
    yieldCpu(attacker.pid as number);
    const cookies = await Promise.all(READERS.map((userId) => calm.signIn(userId)));
    const order: FloodOrder = { port, address: ATTACKER, seconds: SPELL_S, perSecond: FLOOD_PER_SECOND };
    await told(attacker, order);
    // The first writes and sign-ins load their code and warm it up. Done beforehand, so that only the flood is measured.
    for (const [i, userId] of READERS.entries()) {
      await calm.write(userId, cookies[i] as string, 1);
      await calm.send("/api/auth/challenge", {}, { accountId: "0.0.5" });
    }
    const target = { calm, cookies, attacker };
    await spell(WARM_UP.seconds, WARM_UP.perSecond, reads(target));
    return await work(target);
  } finally {
    calm.close();
    attacker.kill();
  }
}

async function floods(target: Target, server: ServerProcess, bare: Spells): Promise<readonly BenchRow[]> {
  const spells = noSpells();
  const statuses = new Map<Flood, Map<string, number>>(FLOODS.map((flood) => [flood, new Map()]));
  const grownMb: number[] = [];
  for (let i = 0; i < RUNS; i += 1) {
    spells.get("peace")?.push(await peace(target));
    for (const flood of FLOODS) {
      const memory = watchMemory(server.child.pid as number);
      const { p99Ms, answered } = await underFlood(target, flood);
      if (flood === "bodies") grownMb.push(memory.grownMb());
      else memory.grownMb();
      spells.get(flood)?.push(p99Ms);
      const counts = statuses.get(flood) as Map<string, number>;
      for (const [status, count] of Object.entries(answered)) counts.set(status, (counts.get(status) ?? 0) + count);
    }
  }
  return rowsOf({ spells, bare, statuses, grownMb });
}

/** The yardstick: node:http that answers every request with a few bytes, under the flood of writes. */
async function bareSpells(): Promise<Spells> {
  const server = fork(await bundleOf("bench/support/load/bare-server.ts"), { execArgv: [] });
  try {
    const answer: BareAnswer = { status: 200, headers: ["content-length", "2"], body: "{}" };
    const port = (await told(server, answer)) as number;
    return await attacked(port, async (target) => {
      const spells = noSpells();
      for (let i = 0; i < RUNS; i += 1) {
        spells.get("peace")?.push(await peace(target));
        spells.get("writes")?.push((await underFlood(target, "writes")).p99Ms);
      }
      return spells;
    });
  } finally {
    server.kill();
  }
}

const noSpells = (): Spells => new Map(([...FLOODS, "peace"] as const).map((name) => [name, []]));

const reads =
  ({ calm, cookies }: Target) =>
  async (i: number): Promise<number> => {
    const startMs = performance.now();
    const { status } = await calm.send("/api/contacts", { cookie: cookies[i % cookies.length] as string });
    if (status !== 200) throw new Error(`a reader got ${status}`);
    return performance.now() - startMs;
  };

const peace = async (target: Target): Promise<number> => p99(await spell(SPELL_S, READS_PER_SECOND, reads(target)));

async function underFlood(target: Target, flood: Flood): Promise<{ p99Ms: number; answered: FloodStatuses }> {
  const [times, answered] = await Promise.all([
    spell(SPELL_S, READS_PER_SECOND, reads(target)),
    told(target.attacker, flood) as Promise<FloodStatuses>,
  ]);
  return { p99Ms: p99(times), answered };
}

interface Measured {
  readonly spells: Spells;
  readonly bare: Spells;
  readonly statuses: ReadonlyMap<Flood, ReadonlyMap<string, number>>;
  readonly grownMb: readonly number[];
}

const medianOf = (spells: Spells, name: Flood | "peace") => median(spells.get(name) as number[]);
const ratioOf = (spells: Spells, flood: Flood) => medianOf(spells, flood) / medianOf(spells, "peace");
const worstOf = (spells: Spells) =>
  Math.max(...FLOODS.flatMap((flood) => spells.get(flood) as number[])) / medianOf(spells, "peace");

function rowsOf({ spells, bare, statuses, grownMb }: Measured): readonly BenchRow[] {
  const ratios = FLOODS.map((flood) => ({ flood, ratio: ratioOf(spells, flood) }));
  const answersOf = (flood: Flood) => [...(statuses.get(flood) as Map<string, number>)];
  const total = (flood: Flood) => answersOf(flood).reduce((sum, [, count]) => sum + count, 0);
  const answers = (flood: Flood) =>
    answersOf(flood)
      .map(([status, count]) => `${count} × ${status}`)
      .join(", ");
  const yardstick = `bare node:http under the same writes ${ratioOf(bare, "writes").toFixed(2)}, worst spell ${worstOf(bare).toFixed(2)}, p99 in peace ${medianOf(bare, "peace").toFixed(1)} ms`;
  return [
    {
      name: "flood.p99_ratio",
      value: Math.max(...ratios.map(({ ratio }) => ratio)),
      unit: "times",
      detail: `required: 1.5 at most, and no spell over 2.5; worst spell ${worstOf(spells).toFixed(2)}; of each: ${ratios.map(({ flood, ratio }) => `${flood} ${ratio.toFixed(2)}`).join(", ")}; median of ${RUNS} spells; p99 of reads ${medianOf(spells, "peace").toFixed(1)} ms in peace; ${yardstick}; ${FLOODS.map((flood) => `${flood} ${Math.round(total(flood) / RUNS / SPELL_S)}/s`).join(", ")} from one address; the production build`,
    },
    {
      name: "flood.refused_share",
      value: (statuses.get("writes")?.get("429") ?? 0) / total("writes"),
      unit: "of 1",
      detail: FLOODS.map((flood) => `${flood}: ${answers(flood)}`).join("; "),
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

const p99 = (values: readonly number[]) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length * 0.99)] as number;
