import { isNull } from "drizzle-orm";
import { meta } from "../../../drizzle/schema";
import type { AccountStore } from "../../ports/store/account-store";
import type { AdminStore } from "../../ports/store/admin-store";
import type { IdentityStore } from "../../ports/store/identity-store";
import type { LedgerLog } from "../../ports/store/ledger-log";
import type { ShardRegistry } from "../../ports/store/shard-registry";
import type { StoreStamp } from "../../ports/store/store-stamp";
import type { SyncStore } from "../../ports/store/sync/sync-store";
import type { UnreadableRows } from "../../ports/store/unreadable-rows";
import type { ViewStore } from "../../ports/store/view-store";
import { PostgresAccountStore } from "./account-store";
import { PostgresAdminStore } from "./admin-store";
import { claimFormat, refuseLaterFormat } from "./codec/format";
import type { Database } from "./drivers/database";
import { DatabaseUnusable, sqlState } from "./drivers/errors";
import { migrate, missingMigrations } from "./drivers/migrate";
import { Statements, type StatementsOptions, type StatementsStats } from "./drivers/statements";
import { PostgresIdentityStore } from "./identity-store";
import { PostgresLedgerLog } from "./ledger-log";
import { RowReader } from "./read/row-reader";
import { StoredMessages } from "./read/stored-messages";
import { PostgresShardRegistry } from "./shard-registry";
import { PostgresSyncStore } from "./sync-store";
import { PostgresViewStore } from "./view-store";

export interface PostgresStore {
  readonly sync: SyncStore;
  readonly views: ViewStore;
  readonly ledgerLog: LedgerLog;
  readonly accounts: AccountStore;
  readonly identities: IdentityStore;
  readonly admin: AdminStore;
  /** Counts of the statements that the stores sent. */
  stats(): StatementsStats;
  readonly registry: ShardRegistry;
  readonly unreadable: UnreadableRows;
  readonly stamp: StoreStamp;
  /**
   * Makes sure that all rows belong to this ledger. A database that knows no ledger yet is bound to this one. Throws OtherLedger.
   */
  claimLedger(ledger: string): Promise<void>;
  close(): Promise<void>;
}

/** The database holds another network's rows, whose ids mean other people. */
class OtherNetwork extends Error {
  override readonly name = "OtherNetwork";
}

/** The database was filled from another ledger of the same network, as devnets are. */
class OtherLedger extends Error {
  override readonly name = "OtherLedger";
}

/** The tables belong to an earlier version, and this start may not change them. */
class SchemaBehind extends Error {
  override readonly name = "SchemaBehind";
}

export interface StoreOptions extends StatementsOptions {
  readonly isStrict?: boolean;
  /** Whether this start brings the tables up to date. If not, they must be up to date already. */
  readonly migrates?: boolean;
  /** Writes nothing, not even the network: for a command that only looks. */
  readonly onlyReads?: boolean;
}

/**
 * Migrates the database, makes sure that it belongs to `network` (a fresh one is bound to it), and opens the stores on it.
 * `isStrict`: readers see bonds as STRICT_BONDING has them; the rows are the same.
 */
export async function openStore(
  db: Database,
  network: string,
  { isStrict = false, migrates = true, onlyReads = false, ...options }: StoreOptions = {},
): Promise<PostgresStore> {
  if (migrates && !onlyReads) await migrateIfBehind(db);
  else await refuseBehind(db);
  if (!onlyReads) await claim(db, network);
  const found = await networkOf(db, network);
  if (found !== network) {
    throw new OtherNetwork(
      `This database holds the network "${found}", but HEDERA_NETWORK is "${network}": use another database (DATABASE_URL or DATA_DIR), or set HEDERA_NETWORK=${found}.`,
    );
  }
  if (onlyReads) await refuseLaterFormat(db);
  else await claimFormat(db);
  const statements = new Statements(db, options);
  const rowReader = new RowReader();
  const messages = new StoredMessages(statements, rowReader);
  return {
    sync: new PostgresSyncStore(statements, rowReader, messages),
    views: new PostgresViewStore(statements, rowReader, messages, isStrict),
    ledgerLog: new PostgresLedgerLog(statements, rowReader, messages),
    accounts: new PostgresAccountStore(statements),
    identities: new PostgresIdentityStore(statements, rowReader, messages),
    admin: new PostgresAdminStore(statements, rowReader),
    registry: new PostgresShardRegistry(statements),
    unreadable: rowReader,
    stamp: statements.stamp,
    claimLedger: (ledger) => claimLedger(db, ledger),
    stats: () => statements.stats(),
    close: () => db.close(),
  };
}

/** Tables that are up to date need no rights to change them. */
async function migrateIfBehind(db: Database): Promise<void> {
  const missing = await missingMigrations(db);
  if (missing.length === 0) return;
  try {
    await migrate(db);
  } catch (cause) {
    if (sqlState(cause) !== INSUFFICIENT_PRIVILEGE) throw cause;
    throw new DatabaseUnusable(
      `The role in DATABASE_URL may not create or alter tables, and the database is behind this version by ${missing.join(", ")}: run \`npm run migrate\` with a role that may, then start again.`,
      { cause },
    );
  }
}

/** SQLSTATE 42501. */
const INSUFFICIENT_PRIVILEGE = "42501";

async function refuseBehind(db: Database): Promise<void> {
  const missing = await missingMigrations(db);
  if (missing.length === 0) return;
  throw new SchemaBehind(
    `The database is behind this version by ${missing.join(", ")}, and nothing alters it here: run \`npm run migrate\` with a role that may alter tables, then start again.`,
  );
}

/** Binds a fresh database to that network. */
async function claim(db: Database, network: string): Promise<void> {
  await db.ask((queries) => queries.insert(meta).values({ network }).onConflictDoNothing());
}

/** The network of the database; `network` if it has none yet. */
async function networkOf(db: Database, network: string): Promise<string> {
  const [row] = await db.ask((queries) => queries.select({ network: meta.network }).from(meta));
  return row?.network ?? network;
}

async function claimLedger(db: Database, ledger: string): Promise<void> {
  await db.ask((queries) => queries.update(meta).set({ ledger }).where(isNull(meta.ledger)));
  const [row] = await db.ask((queries) => queries.select({ ledger: meta.ledger }).from(meta));
  if (row?.ledger === ledger) return;
  throw new OtherLedger(
    "This database was filled from another devnet: put back the devnet's folder that it belongs to (DATA_DIR/devnet), or use an empty database (another DATABASE_URL, or without one delete DATA_DIR/postgres).",
  );
}
