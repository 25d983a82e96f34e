import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { openPglite } from "@/lib/adapters/postgres/drivers/pglite";
import { rawQuery } from "@/tests/support/stores/raw-query";
import { openStore } from "@/tests/support/stores/store-opening";
import { batchOf, topic, user } from "@/tests/support/worlds/histories/batches";
import { addTopics } from "../../support/stores/add-topics";
import { storeContract } from "./store.contract";

// In memory, most other tests use it.
const contractDirectory = mkdtempSync(join(tmpdir(), "trustmesh-pglite-"));
storeContract("PGlite in a thread", () => openPglite(contractDirectory));
afterAll(() => rmSync(contractDirectory, { recursive: true, force: true }));

describe("PGlite in a directory", () => {
  const directory = mkdtempSync(join(tmpdir(), "trustmesh-pglite-"));
  const T = topic("0.0.7");
  const A = user("tm-alice");
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it("keeps commits over a restart, and has one owner at a time", async () => {
    const db = await openPglite(directory);
    const store = await openStore(db, "devnet");
    await addTopics(store.registry, [{ topicId: T, kinds: ["contact"] }]);
    await store.sync.commit(batchOf(T, 0, [{ type: "CONTACT_REQUEST", actor: A, target: "tm-bob" }]));

    await expect(openPglite(directory)).rejects.toThrow(/in use by process \d+: stop that process, or set DATA_DIR/);
    const child = spawnSync(process.execPath, ["--import", "tsx", "tests/support/stores/open-pglite.ts", directory], {
      encoding: "utf8",
    });
    expect(child.stdout.trim()).toBe(
      `The database directory ${directory} is in use by process ${process.pid}: stop that process, or set DATA_DIR to another directory.`,
    );

    await store.close();
    await expect(rawQuery(db, "SELECT 1")).rejects.toMatchObject({ name: "TierUnavailable", tier: "postgres" });
    const again = await openStore(await openPglite(directory), "devnet");
    expect(await again.sync.topic(T)).toMatchObject({ cursor: 1 });
    expect(await again.views.head(A)).toBe(1);
    await again.close();
  });

  it("is refused with a sentence if it cannot be written", async () => {
    const file = join(directory, "a-file");
    writeFileSync(file, "");
    for (const place of [join(file, "postgres"), "/sys/kernel/trustmesh", "/proc/foo/postgres"])
      await expect(openPglite(place)).rejects.toMatchObject({
        name: "DatabaseUnusable",
        message: expect.stringMatching(
          /^The database directory \S+ cannot be written \(E[A-Z]+\): give this process the right to write there, or set DATA_DIR to a directory where it has it\.$/,
        ),
      });
  });

  it.each([
    ["its control file", ["global", "pg_control"]],
    ["its version", ["PG_VERSION"]],
  ])("is refused with a sentence if its files are damaged: %s", async (_, file) => {
    const damaged = mkdtempSync(join(tmpdir(), "trustmesh-damaged-"));
    await (await openPglite(damaged)).close();
    const path = join(damaged, "pgdata", ...file);
    const whole = readFileSync(path);
    writeFileSync(path, "what no cluster says");
    await expect(openPglite(damaged)).rejects.toMatchObject({
      name: "DatabaseUnusable",
      message: expect.stringMatching(
        /^The embedded database in \S+ cannot be opened: the disk is full, or its files are damaged\. Free some space, restore a backup of this directory, or move it away and start again: what the ledger has is read from there again\.$/,
      ),
    });
    // The cluster that did not start has ended with its thread, and left nothing in this process.
    writeFileSync(path, whole);
    await (await openPglite(damaged)).close();
    rmSync(damaged, { recursive: true, force: true });
  });

  it("takes over from an owner that has ended, even if its process id is used again", async () => {
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
