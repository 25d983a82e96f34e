/** Every row module of the bench. A new one is added here. */
import type { RowModule } from "./types";

export const ROW_MODULES: readonly (() => Promise<RowModule>)[] = [
  () => import("./rows/verify-decode"),
  () => import("./rows/commit-pglite"),
  () => import("./rows/commit-postgres"),
  () => import("./rows/sync"),
  () => import("./rows/read-cpu"),
  () => import("./rows/readers"),
  () => import("./rows/split"),
  () => import("./rows/read-commands"),
  () => import("./rows/read-your-writes"),
  () => import("./rows/stampede"),
  () => import("./rows/tiered"),
  () => import("./rows/chaos"),
  () => import("./rows/streams"),
  () => import("./rows/memory"),
  () => import("./rows/storage"),
  () => import("./rows/flood"),
  () => import("./rows/capacity"),
];
