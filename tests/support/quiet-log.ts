import type { Log } from "@/lib/ports/log";

/** A log that drops every line. */
export const quietLog: Log = { info: () => {}, warn: () => {}, error: () => {} };
