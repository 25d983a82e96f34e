/** Commits on the embedded database, in a fresh directory. Required: 8,000 messages a second at pages of 500. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import { dataDir } from "@electric-sql/pglite-prepopulatedfs";
import { openPglite } from "@/lib/adapters/postgres/drivers/pglite";
import { openStore } from "@/lib/adapters/postgres/store";
import type { Batch } from "@/lib/core/signals/batch";
import { measure, ratio } from "../../support/postgres/commit-speed";
import { COPY_TABLES, CREATE_COPY_TABLES, copyText, TRUNCATE_COPY_TABLES } from "../../support/postgres/copy";
import { median, spread } from "../../support/statistics";
import type { BenchRow } from "../../types";

export const names = [
  "commit.messages_per_s",
  "commit.messages_per_s.100",
  "commit.messages_per_s.1000",
  "commit.vs_copy",
];

export async function run(): Promise<BenchRow[]> {
  const directory = mkdtempSync(join(tmpdir(), "trustmesh-bench-"));
  const store = await openStore(await openPglite(join(directory, "store")), "bench");
  const raw = await PGlite.create({ dataDir: join(directory, "raw"), loadDataDir: await dataDir() });
  try {
    await raw.exec(CREATE_COPY_TABLES);
    const rows: BenchRow[] = [];
    for (const page of [500, 100, 1_000]) {
      const speed = await measure(store, page, (pages) => copyInto(raw, pages));
      const detail = `PGlite, pages of ${page}, COPY ${Math.round(median(speed.copy))}/s, ${spread(speed.commit)}`;
      const name = page === 500 ? "commit.messages_per_s" : `commit.messages_per_s.${page}`;
      rows.push({
        name,
        value: median(speed.commit),
        unit: "messages/s",
        detail: page === 500 ? `${detail}; at least 8000` : detail,
      });
      if (page === 500) {
        rows.push({ name: "commit.vs_copy", value: ratio(speed), unit: "ratio", detail: "PGlite, pages of 500" });
      }
    }
    return rows;
  } finally {
    await store.close();
    await raw.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Milliseconds that COPY needs for the pages. */
async function copyInto(raw: PGlite, pages: readonly Batch[]): Promise<number> {
  await raw.exec(TRUNCATE_COPY_TABLES);
  const texts = pages.map(copyText);
  const startMs = performance.now();
  for (const page of texts) {
    await raw.transaction(async (tx) => {
      for (const table of COPY_TABLES) {
        await tx.query(`COPY ${table} FROM '/dev/blob'`, [], { blob: new Blob([new Uint8Array(page[table])]) });
      }
    });
  }
  return performance.now() - startMs;
}
