/** Every row module of the bench. A new one is added here. */
import type { RowModule } from "./types";

export const ROW_MODULES: readonly (() => Promise<RowModule>)[] = [
  () => import("./rows/commit-pglite"),
  () => import("./rows/commit-postgres"),
];
