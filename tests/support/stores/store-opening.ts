/** Stores for the contract suite. A file has one database, and each test empties it. */

import type { Database } from "@/lib/adapters/postgres/drivers/database";
import { openStore } from "@/lib/adapters/postgres/store";
import type { AccountStore } from "@/lib/ports/store/account-store";
import type { AdminStore } from "@/lib/ports/store/admin-store";
import type { IdentityStore } from "@/lib/ports/store/identity-store";
import type { LedgerLog } from "@/lib/ports/store/ledger-log";
import type { ShardRegistry } from "@/lib/ports/store/shard-registry";
import type { StoreStamp } from "@/lib/ports/store/store-stamp";
import type { SyncStore } from "@/lib/ports/store/sync/sync-store";
import type { ViewStore } from "@/lib/ports/store/view-store";
import { rawQuery } from "@/tests/support/stores/raw-query";

export { type Database, openStore };

export interface Subject {
  db(): Database;
}

export interface EmptyStore {
  readonly db: Database;
  readonly sync: SyncStore;
  readonly views: ViewStore;
  readonly ledgerLog: LedgerLog;
  readonly accounts: AccountStore;
  readonly identities: IdentityStore;
  readonly admin: AdminStore;
  readonly registry: ShardRegistry;
  readonly stamp: StoreStamp;
}

/** Deletes rows instead of truncating: fresh files for a hundred partitions take most of a second, and a test has few rows. */
const EMPTY = `DO $empty$
DECLARE
  found regclass;
BEGIN
  FOR found IN
    SELECT oid FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
      AND relname NOT IN ('meta', 'schema_migrations')
  LOOP
    EXECUTE format('DELETE FROM %s', found);
  END LOOP;
  FOR found IN SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'S' LOOP
    PERFORM setval(found, 1, false);
  END LOOP;
  UPDATE meta SET epoch = 0, registry_version = 0, ledger = NULL, swept_through = 0, swept_user = 0;
END $empty$`;

/** Empties the database and opens its stores, as at a first start. */
export async function emptied(subject: Subject): Promise<EmptyStore> {
  const db = subject.db();
  await rawQuery(db, EMPTY);
  const { sync, views, ledgerLog, registry, accounts, identities, admin, stamp } = await openStore(db, "devnet");
  return { db, sync, views, ledgerLog, registry, accounts, identities, admin, stamp };
}
