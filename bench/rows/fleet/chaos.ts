/**
 * Eight processes over the same four topics for a minute, two of which are killed every second, compared with one clean replay.
 */
import { runChaos } from "@/tests/support/fleet/scenarios/chaos";
import { startServices } from "@/tests/support/fleet/services";
import type { BenchRow } from "../../types";

export const names = ["chaos.wrong", "chaos.errors"];

const SECONDS = 60;

export async function run(): Promise<readonly BenchRow[]> {
  const services = await startServices({ people: 40 });
  try {
    const outcome = await runChaos({ services, instances: 8, durationMs: SECONDS * 1_000, killsPerSecond: 2 });
    const { kills, written, answers, broken, wrong, deadlocks, errors, starved } = outcome;
    const sample = [...wrong, ...errors].slice(0, 3).join(" | ");
    return [
      {
        name: "chaos.wrong",
        value: wrong.length,
        unit: "rows",
        detail: `required: 0; ${kills} kills in ${SECONDS} s, ${written} messages meanwhile; rows, counts, positions, edges and logs beside a clean replay ${sample}`,
      },
      {
        name: "chaos.errors",
        value: errors.length + deadlocks,
        unit: "errors",
        detail: `required: 0; ${deadlocks} deadlocks; ${answers} answers, ${broken} ended with their process, ${starved} for want of CPU`,
      },
    ];
  } finally {
    await services.stop();
  }
}
