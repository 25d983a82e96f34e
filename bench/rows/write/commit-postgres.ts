/** Commits on a real PostgreSQL, synchronous commit on. Required: 12,000 messages a second and 0.14 of COPY at pages of 500. */
import pg from "pg";
import { openPg } from "@/lib/adapters/postgres/drivers/pg";
import { openStore } from "@/lib/adapters/postgres/store";
import type { Batch } from "@/lib/core/signals/batch";
import { startPostgres } from "@/tests/support/servers/postgres/postgres-server";
import { measure, ratio } from "../../support/postgres/commit-speed";
import { COPY_TABLES, CREATE_COPY_TABLES, copyText, TRUNCATE_COPY_TABLES } from "../../support/postgres/copy";
import { median, spread } from "../../support/statistics";
import type { BenchRow } from "../../types";

export const names = ["commit.pg.messages_per_s", "commit.pg.vs_copy"];

const PAGE = 500;

export async function run(): Promise<BenchRow[]> {
  const server = await startPostgres();
  const client = new pg.Client(await server.createDatabase());
  const store = await openStore(openPg(server.url), "bench");
  try {
    await client.connect();
    await client.query(CREATE_COPY_TABLES);
    const [setting] = (await client.query("SHOW synchronous_commit")).rows;
    const speed = await measure(store, PAGE, (pages) => copyInto(client, pages));
    const detail = `PostgreSQL, synchronous_commit ${setting.synchronous_commit}, pages of ${PAGE}`;
    const copy = `COPY ${Math.round(median(speed.copy))}/s, ${spread(speed.commit)}`;
    return [
      {
        name: "commit.pg.messages_per_s",
        value: median(speed.commit),
        unit: "messages/s",
        detail: `${detail}, ${copy}; at least 12000`,
      },
      { name: "commit.pg.vs_copy", value: ratio(speed), unit: "ratio", detail: `${detail}; at least 0.14` },
    ];
  } finally {
    await store.close();
    await client.end();
    await server.stop();
  }
}

/** COPY FROM STDIN with all its data ready. */
class CopyIn extends pg.Query {
  constructor(
    sql: string,
    private readonly data: Buffer,
  ) {
    super(sql);
  }

  handleCopyInResponse(connection: { sendCopyFromChunk(data: Buffer): void; endCopyFrom(): void }): void {
    connection.sendCopyFromChunk(this.data);
    connection.endCopyFrom();
  }
}

async function copyInto(client: pg.Client, pages: readonly Batch[]): Promise<number> {
  await client.query(TRUNCATE_COPY_TABLES);
  const texts = pages.map(copyText);
  const startMs = performance.now();
  for (const page of texts) {
    await client.query("BEGIN");
    for (const table of COPY_TABLES) await copyOne(client, table, page[table]);
    await client.query("COMMIT");
  }
  return performance.now() - startMs;
}

function copyOne(client: pg.Client, table: string, data: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const copy = new CopyIn(`COPY ${table} FROM STDIN`, data);
    copy.once("end", () => resolve());
    copy.once("error", reject);
    client.query(copy);
  });
}
