/** Sample pages of mirrors, each with the log entries that it must produce: tests/fixtures/mirror-pages. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { LogEntry } from "@/lib/core/signals/batch";

export interface MirrorPage {
  readonly name: string;
  readonly about: string;
  readonly page: { readonly messages: readonly Readonly<Record<string, unknown>>[] };
  readonly expect: readonly Pick<LogEntry, "verification" | "disposition" | "reason">[];
}

const FOLDER = "tests/fixtures/mirror-pages";

export const MIRROR_PAGES: readonly MirrorPage[] = readdirSync(FOLDER).map((file) => ({
  name: file.replace(".json", ""),
  ...(JSON.parse(readFileSync(join(FOLDER, file), "utf8")) as Omit<MirrorPage, "name">),
}));
