/** The writing parts of the store's contract, with each statement explained before it runs. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type PostgresServer, startPostgres } from "@/tests/support/servers/postgres/postgres-server";
import { type ExplainedPg, explainedPg } from "@/tests/support/stores/explained-pg";
import { openStore } from "@/tests/support/stores/store-opening";
import { backfillContract } from "./parts/backfill";
import { commitContract } from "./parts/commit";
import { gapsContract } from "./parts/gaps";

let server: PostgresServer;
let pg: ExplainedPg;
beforeAll(async () => {
  server = await startPostgres();
  pg = explainedPg(await server.createDatabase());
  await openStore(pg.database, "devnet");
});
afterAll(async () => {
  await pg.database.close();
  await server.stop();
});

describe("a statement that may wait for a row's lock", () => {
  const subject = { db: () => pg.database };
  describe("commit", () => commitContract(subject));
  describe("gaps", () => gapsContract(subject));
  describe("backfill", () => backfillContract(subject));

  // Comes last: it judges all statements of the parts above.
  it("chooses no partition while it runs, since PostgreSQL 18 may crash when it does so after a wait", () => {
    expect(pg.explained.size).toBeGreaterThan(10);
    expect([...pg.choosing]).toEqual([]);
  });
});
