/** Every row module of the bench. A new one is added here. */
import type { RowModule } from "./types";

export const ROW_MODULES: readonly (() => Promise<RowModule>)[] = [
  () => import("./rows/write/verify-decode"),
  () => import("./rows/write/commit-pglite"),
  () => import("./rows/write/commit-postgres"),
  () => import("./rows/write/sync"),
  () => import("./rows/write/first-start"),
  () => import("./rows/read/read-cpu"),
  () => import("./rows/read/fast-path"),
  () => import("./rows/read/request-work"),
  () => import("./rows/read/readers"),
  () => import("./rows/read/ui-polls"),
  () => import("./rows/fleet/split"),
  () => import("./rows/read/read-commands"),
  () => import("./rows/write/read-your-writes"),
  () => import("./rows/read/stampede"),
  () => import("./rows/read/tiered"),
  () => import("./rows/fleet/chaos"),
  () => import("./rows/read/streams"),
  () => import("./rows/read/fanout"),
  () => import("./rows/read/push"),
  () => import("./rows/read/memory"),
  () => import("./rows/write/storage"),
  () => import("./rows/write/pack"),
  () => import("./rows/fleet/flood"),
  () => import("./rows/fleet/capacity"),
];
