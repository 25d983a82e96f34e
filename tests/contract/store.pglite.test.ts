import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { openPglite } from "@/lib/adapters/postgres/pglite";
import { StoreUnavailable } from "@/lib/ports/sync-store";
import { batchOf, topic, user } from "@/tests/support/batches";
import { openStore } from "@/tests/support/store-opening";
import { storeContract } from "./store.contract";

storeContract("PGlite", () => openPglite({ memory: true }));

describe("PGlite in a directory", () => {
  const directory = mkdtempSync(join(tmpdir(), "trustmesh-pglite-"));
  const T = topic("0.0.7");
  const A = user("tm-alice");
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it("keeps what was committed over a restart, and is one owner's at a time", async () => {
    const db = await openPglite(directory);
    const store = await openStore(db, "devnet");
    await store.sync.ensureTopics([{ topicId: T, kinds: ["contact"] }]);
    await store.sync.commit(batchOf(T, 0, [{ type: "CONTACT_REQUEST", actor: A, target: "tm-bob" }]));

    await expect(openPglite(directory)).rejects.toThrow(/in use by process \d+: stop that process, or set DATA_DIR/);
    const child = spawnSync(process.execPath, ["--import", "tsx", "tests/support/open-pglite.ts", directory], {
      encoding: "utf8",
    });
    expect(child.stdout.trim()).toBe(
      `The database directory ${directory} is in use by process ${process.pid}: stop that process, or set DATA_DIR to another directory.`,
    );

    await store.close();
    await expect(db.query("SELECT 1")).rejects.toBeInstanceOf(StoreUnavailable);
    const again = await openStore(await openPglite(directory), "devnet");
    expect(await again.sync.topic(T)).toMatchObject({ cursor: 1 });
    expect(await again.views.head(A)).toBe(1);
    await again.close();
  });

  it("takes over from an owner that is gone, also when its number is used again", async () => {
    const gone = spawnSync(process.execPath, ["-e", ""]).pid;
    for (const owner of [
      { pid: gone, startedAt: "1", token: "x" },
      { pid: process.pid, startedAt: "1", token: "x" },
      "torn",
    ]) {
      writeFileSync(join(directory, "owner.pid"), JSON.stringify(owner));
      await (await openPglite(directory)).close();
    }
  });
});
