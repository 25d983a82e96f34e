import { afterAll, beforeAll } from "vitest";
import { openPg } from "@/lib/adapters/postgres/drivers/pg";
import { type PostgresServer, startPostgres } from "@/tests/support/servers/postgres/postgres-server";
import { reshardContract } from "./reshard.contract";

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());

reshardContract("PostgreSQL", async () => openPg(await server.createDatabase()), 1);
