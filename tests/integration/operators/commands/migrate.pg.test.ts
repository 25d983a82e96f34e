/** Migrations as a step of its own, by a role that may alter tables, for an app whose role may not. */
import pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { MIGRATIONS } from "@/drizzle/migrations/embedded";
import { openStores } from "@/lib/server/boot/open";
import { runMigrations } from "@/lib/server/cli/migrations";
import { readEnv } from "@/lib/server/config/env";
import { type PostgresServer, startPostgres } from "../../../support/servers/postgres/postgres-server";

const NAMES = MIGRATIONS.map(({ name }) => name);
const log = { info: () => {}, warn: () => {}, error: () => {} };

let postgres: PostgresServer;
let ownerUrl: string;
let appUrl: string;

async function asOwner(...statements: string[]): Promise<void> {
  const client = new pg.Client(ownerUrl);
  await client.connect();
  for (const statement of statements) await client.query(statement);
  await client.end();
}

beforeAll(async () => {
  postgres = await startPostgres();
  ownerUrl = await postgres.createDatabase();
  const url = new URL(ownerUrl);
  [url.username, url.password] = ["app", "of-the-app"];
  appUrl = url.href;
  await asOwner(
    "CREATE ROLE app LOGIN PASSWORD 'of-the-app'",
    "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO app",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO app",
  );
});
afterAll(() => postgres.stop());

const start = (url: string, MIGRATE: string) => openStores(readEnv({ DATABASE_URL: url, MIGRATE }), log);
async function migrated(url: string): Promise<readonly string[]> {
  const lines: string[] = [];
  await runMigrations(readEnv({ DATABASE_URL: url }), (line) => void lines.push(line));
  return lines;
}

it("refuses to start on older tables that it may not change, and names the missing step", async () => {
  await expect(start(appUrl, "off")).rejects.toMatchObject({
    name: "SchemaBehind",
    message: `The database is behind this version by ${NAMES.join(", ")}, and nothing alters it here: run \`npm run migrate\` with a role that may alter tables, then start again.`,
  });
  await expect(start(appUrl, "on")).rejects.toMatchObject({
    name: "DatabaseUnusable",
    message: `The role in DATABASE_URL may not create or alter tables, and the database is behind this version by ${NAMES.join(", ")}: run \`npm run migrate\` with a role that may, then start again.`,
  });
});

it("prints what it applied, and nothing the second time; then the app starts with a role that may alter nothing", async () => {
  const done = `The database is up to date now (${NAMES.length} applied).`;
  expect(await migrated(ownerUrl)).toEqual([...NAMES.map((name) => `applied ${name}`), done]);
  expect(await migrated(ownerUrl)).toEqual(["The database is up to date."]);
  const stores = await start(appUrl, "off");
  expect(await stores.sync.topics()).toEqual([]);
  await stores.close();
});

it("names only what is missing, and is a step that several may take at once", async () => {
  const last = NAMES.at(-1) as string;
  await asOwner(`DELETE FROM schema_migrations WHERE name = '${last}'`);
  await expect(start(appUrl, "off")).rejects.toThrow(`behind this version by ${last},`);
  await asOwner(`INSERT INTO schema_migrations (name) VALUES ('${last}')`);
  const fresh = await postgres.createDatabase();
  const said = await Promise.all([migrated(fresh), migrated(fresh), migrated(fresh)]);
  for (const lines of said) expect(lines.at(-1)).toMatch(/^The database is up to date/);
});
