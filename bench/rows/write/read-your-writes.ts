/** Writes on A, reads on B: the number of reads that contain the write. */
import { startFleet } from "@/tests/support/fleet/fleet";
import { readYourWrites } from "@/tests/support/fleet/scenarios/read-your-writes";
import { startServices } from "@/tests/support/fleet/services";
import type { BenchRow } from "../../types";

export const names = ["ryw.contained"];

const WRITES = 200;
/** Twelve writers, because a write mostly waits for its receipt. */
const WRITERS = Array.from({ length: 12 }, (_, i) => `tm-writer-${i}`);

export async function run(): Promise<readonly BenchRow[]> {
  const services = await startServices({ grpc: true });
  const fleet = await startFleet({ services, count: 4, isCounted: false });
  try {
    const { contained, missing, notYet } = await readYourWrites(fleet, WRITERS, WRITES);
    const detail = `of ${WRITES}; required: all; 4 processes, every pair of them; ${notYet} were told to come back first`;
    return [
      {
        name: names[0] as string,
        value: contained,
        unit: "reads",
        detail: missing.length === 0 ? detail : `${detail}; MISSING: ${missing.slice(0, 5).join(" | ")}`,
      },
    ];
  } finally {
    await fleet.stop();
    await services.stop();
  }
}
