/** A process that packs a database while something else is measured. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import pg from "pg";
import type { Packed } from "@/lib/engine/repair/pack";
import { bundleOf } from "@/tests/support/fleet/processes/bundle";
import type { PackerOrder } from "./packer-process";

const WARM_MS = 1_000;

export interface Packer {
  /** Packs while `act` runs. Throws an error if nothing was packed meanwhile. */
  during<T>(how: Exclude<PackerOrder, "stop">, act: () => Promise<T>): Promise<readonly [T, Packed]>;
  stop(): Promise<void>;
}

/** Opens a database, and makes it count as old enough to be packed. */
export async function startPacker(databaseUrl: string): Promise<Packer> {
  const program = await bundleOf("bench/support/postgres/packer-process.ts");
  const child = fork(program, { execArgv: [], env: { ...process.env, DATABASE_URL: databaseUrl } });
  await once(child, "message");
  const client = new pg.Client(databaseUrl);
  await client.connect();
  await client.query("UPDATE meta SET packable_ms = 0");
  await client.end();
  return {
    async during(how, act) {
      child.send(how);
      // The packer of a long-running instance runs compiled code.
      await setTimeout(WARM_MS);
      const result = await act();
      const answer = once(child, "message");
      child.send("stop");
      const [packed] = (await answer) as [Packed];
      if (packed.messages === 0 || packed.rows === 0) throw new Error("the packer of the bench had nothing to pack");
      return [result, packed];
    },
    async stop() {
      const gone = once(child, "exit");
      child.disconnect();
      await gone;
    },
  };
}
