/** What a flood on sign-in and submit from one address does to everybody else's reads, beside the same reads in peace. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleOf } from "@/tests/support/fleet/bundle";
import { startServerProcess } from "@/tests/support/server-process";
import type { FloodOrder, FloodStatuses } from "../support/flood-attacker";
import { FLOODED_HOST, FloodClient, spell } from "../support/flood-client";
import { ensureProductionBuild } from "../support/production-build";
import { median } from "../support/statistics";
import type { BenchRow } from "../types";

export const names = ["flood.p99_ratio", "flood.refused_share"];

const FLOOD_PER_SECOND = 1_000;
const READS_PER_SECOND = 100;
const READERS = Array.from({ length: 20 }, (_, i) => `tm-reader-${i}`);
const SPELL_S = 10;
/** Many short spells rather than few long ones: a pause of the machine spoils the one that it falls into. */
const RUNS = 9;
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
  const attacker = fork(await bundleOf("bench/support/flood-attacker.ts"));
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
    // The first who write and sign in load the code for it and warm it, whoever they are: only then is it the flood that is measured.
    for (const [i, userId] of READERS.entries()) {
      await calm.write(userId, cookies[i] as string, 1);
      await calm.send("/api/auth/challenge", {}, { accountId: "0.0.5" });
    }
    await spell(SPELL_S, READS_PER_SECOND, read);
    const peace: number[] = [];
    const war: number[] = [];
    const statuses = new Map<string, number>();
    for (let i = 0; i < RUNS; i += 1) {
      peace.push(p99(await spell(SPELL_S, READS_PER_SECOND, read)));
      const [times, answered] = await Promise.all([
        spell(SPELL_S, READS_PER_SECOND, read),
        told(attacker, "again") as Promise<FloodStatuses>,
      ]);
      war.push(p99(times));
      for (const [status, count] of Object.entries(answered)) statuses.set(status, (statuses.get(status) ?? 0) + count);
    }
    const sent = [...statuses.values()].reduce((sum, count) => sum + count, 0);
    const ms = (values: readonly number[]) => values.map((value) => value.toFixed(1)).join(", ");
    return [
      {
        name: "flood.p99_ratio",
        value: median(war) / median(peace),
        unit: "times",
        detail: `required: 2 at most; median of ${RUNS} spells; p99 of reads ${ms(war)} ms under ${Math.round(sent / RUNS / SPELL_S)} requests/s from one address, ${ms(peace)} ms in peace; the production build`,
      },
      {
        name: "flood.refused_share",
        value: (statuses.get("429") ?? 0) / sent,
        unit: "of 1",
        detail: [...statuses].map(([status, count]) => `${count} × ${status}`).join(", "),
      },
    ];
  } finally {
    calm.close();
    attacker.kill();
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** Tells a process something and resolves with what it says next. */
async function told(process: ChildProcess, message: object | string): Promise<unknown> {
  const settled = new AbortController();
  const { signal } = settled;
  const answer = once(process, "message", { signal });
  const end = once(process, "exit", { signal }).then(() => Promise.reject(new Error("the attacker has ended")));
  process.send(message);
  try {
    return (await Promise.race([answer, end]))[0];
  } finally {
    settled.abort();
  }
}

async function timed(client: FloodClient, cookie: string): Promise<number> {
  const startMs = performance.now();
  const { status } = await client.send("/api/contacts", { cookie });
  if (status !== 200) throw new Error(`a reader got ${status}`);
  return performance.now() - startMs;
}

const p99 = (values: readonly number[]) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length * 0.99)] as number;
