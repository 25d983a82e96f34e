/** What every durable store must do, whatever database it stands on. Each part takes its tests from a file of its own. */
import { afterAll, beforeAll, describe } from "vitest";
import { type Database, openStore } from "@/tests/support/store-opening";
import { accountsContract } from "./store-parts/accounts";
import { adminContract } from "./store-parts/admin";
import { backfillContract } from "./store-parts/backfill";
import { commitContract } from "./store-parts/commit";
import { definitionsContract } from "./store-parts/definitions";
import { edgesContract } from "./store-parts/edges";
import { gapsContract } from "./store-parts/gaps";
import { lifeContract } from "./store-parts/life";
import { registryContract } from "./store-parts/registry";
import { stampContract } from "./store-parts/stamp";
import { viewsContract } from "./store-parts/views";

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
    describe("accounts", () => accountsContract(subject));
    describe("registry", () => registryContract(subject));
    describe("stamp", () => stampContract(subject));
    describe("life", () => lifeContract(subject));
  });
}
