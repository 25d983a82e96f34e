/** Tells V8 how far the heap may grow before it collects all of it. */
import { setFlagsFromString } from "node:v8";

/**
 * V8 lets the heap of a process that allocates slowly grow by about a tenth between full collections. For 68 MB that is less
 * than its young generation, so a minor collection often started a full one: every 3 to 9 s under a light flood. A full
 * collection takes 40 ms of the main thread, in steps of up to 8 ms, and reads wait for those. At 50 % it runs every 30 to 80 s
 * (docs/measurements.md §1). The price is memory: up to half as much again as is live.
 */
const PERCENT = 50;

/** V8 reads this setting at the end of each full collection, so it can be set while the process runs. */
export function letHeapGrow(): void {
  setFlagsFromString(`--heap-growing-percent=${PERCENT}`);
}
