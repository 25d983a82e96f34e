/** The thread that makes the embedded database. A stub stands for it, and for the one that opens the database then. */
import { EventEmitter } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import { afterEach, expect, it, vi } from "vitest";
import type { Opening } from "@/lib/adapters/postgres/drivers/embedded/messages";
import { openInThread } from "@/lib/adapters/postgres/drivers/embedded/open-in-thread";
import { DatabaseThread } from "@/lib/adapters/postgres/drivers/embedded/thread";

afterEach(() => void vi.restoreAllMocks());

it("keeps the directory, and nobody opens it, while the thread that made the database has not ended", async () => {
  const threads: EventEmitter[] = [];
  const start = (_: Opening) => {
    const thread = new EventEmitter();
    threads.push(thread);
    setImmediate(() => thread.emit("message", { kind: "opened" }));
    return thread as Worker;
  };
  const close = vi.spyOn(DatabaseThread.prototype, "close");
  // It rejects if the thread has not ended in time.
  close.mockRejectedValueOnce(new Error("the thread does not end"));
  const settled = vi.fn();
  const opening = openInThread("no/such/directory", { start });
  opening.then(settled, settled);
  await vi.waitUntil(() => close.mock.calls.length > 0);
  for (let i = 0; i < 10; i += 1) await turn();
  expect([settled.mock.calls, threads.length]).toEqual([[], 1]);
  Object.assign(threads[0] as EventEmitter, { terminate: vi.fn() }).emit("exit");
  await opening;
  expect(threads).toHaveLength(2);
});
