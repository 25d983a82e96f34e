import type { Log } from "@/lib/ports/log";

/** A log that keeps nothing. */
export const quietLog: Log = { info: () => {}, warn: () => {}, error: () => {} };
