/** The contract of every durable store. Each part has a file of its own. */
import { afterAll, beforeAll, describe } from "vitest";
import { type Database, openStore } from "@/tests/support/stores/store-opening";
import { accountsContract } from "./parts/accounts";
import { adminContract } from "./parts/admin";
import { backfillContract } from "./parts/backfill";
import { batchesContract } from "./parts/batches";
import { commitContract } from "./parts/commit";
import { definitionsContract } from "./parts/definitions";
import { droppingContract } from "./parts/dropping";
import { droppingGuardsContract } from "./parts/dropping-guards";
import { droppingLateContract } from "./parts/dropping-late";
import { edgesContract } from "./parts/edges";
import { gapsContract } from "./parts/gaps";
import { identitiesContract } from "./parts/identities";
import { ledgerLogContract } from "./parts/ledger-log";
import { lifeContract } from "./parts/life";
import { packingContract } from "./parts/packing";
import { packingRowsContract } from "./parts/packing-rows";
import { readableContract } from "./parts/readable";
import { registryContract } from "./parts/registry";
import { stampContract } from "./parts/stamp";
import { viewsContract } from "./parts/views";

export function storeContract(name: string, open: () => Promise<Database>): void {
  describe(`store on ${name}`, () => {
    let db: Database;
    beforeAll(async () => {
      db = await open();
      await openStore(db, "devnet");
    });
    afterAll(() => db.close());

    const subject = { db: () => db };
    describe("commit", () => commitContract(subject));
    describe("definitions", () => definitionsContract(subject));
    describe("edges", () => edgesContract(subject));
    describe("gaps", () => gapsContract(subject));
    describe("backfill", () => backfillContract(subject));
    describe("admin", () => adminContract(subject));
    describe("views", () => viewsContract(subject));
    describe("ledger log", () => ledgerLogContract(subject));
    describe("accounts", () => accountsContract(subject));
    describe("batches", () => batchesContract(subject));
    describe("packing", () => packingContract(subject));
    describe("packed rows of people", () => packingRowsContract(subject));
    describe("dropped messages", () => droppingContract(subject));
    describe("what comes late to dropped messages", () => droppingLateContract(subject));
    describe("the guards of dropping", () => droppingGuardsContract(subject));
    describe("identities", () => identitiesContract(subject));
    describe("readable", () => readableContract(subject));
    describe("registry", () => registryContract(subject));
    describe("stamp", () => stampContract(subject));
    describe("life", () => lifeContract(subject));
  });
}
