/** A program that opens an embedded database, and prints `opened` or the error: `open-pglite.ts DIRECTORY`. */
import { openPglite } from "@/lib/adapters/postgres/drivers/pglite";

openPglite(process.argv[2] ?? "").then(
  async (db) => {
    console.log("opened");
    await db.close();
  },
  (error: Error) => console.log(error.message),
);
