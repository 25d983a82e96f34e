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

/** Empties the database and opens its stores, as at a first start. */
export async function emptied(subject: Subject): Promise<EmptyStore> {
  const db = subject.db();
  await (await openStore(db, "devnet")).sync.rebuild();
  await rawQuery(
    db,
    "TRUNCATE topics, shards, tenants, user_routes, account_bindings, session_sign_outs, admin_audit RESTART IDENTITY",
  );
  await rawQuery(db, "UPDATE meta SET epoch = 0, registry_version = 0, ledger = NULL");
  const { sync, views, ledgerLog, registry, accounts, identities, admin, stamp } = await openStore(db, "devnet");
  return { db, sync, views, ledgerLog, registry, accounts, identities, admin, stamp };
}
