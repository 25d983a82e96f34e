/** The submitter's thread: what becomes of its calls when it ends, what follows it, and its bundled program. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { type StartThread, ThreadedSubmitter } from "@/lib/adapters/hedera/in-thread/threaded-submitter";
import type { SdkSubmitterOptions } from "@/lib/adapters/hedera/sdk-submitter";
import { toTopicId } from "@/lib/core/ledger/ids";
import { type Devnet, startDevnet } from "@/lib/devnet/devnet";
import { startProgram } from "@/lib/system/program-thread";
import { bundleThreads } from "@/scripts/build/node-bundle";

const folder = mkdtempSync(join(tmpdir(), "trustmesh-submit-"));
let devnet: Devnet;
beforeAll(async () => {
  devnet = await startDevnet();
  await bundleThreads(folder, ["submit-thread"]);
});
afterAll(async () => {
  await devnet.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Neither packages nor sources are beside the program. */
const bundled: StartThread = (options) =>
  startProgram({ path: join(folder, "submit-thread.mjs"), execArgv: [] }, options);

/** A submitter, the threads that it has started, and the reasons of those that it has lost. */
function newSubmitter(options: Partial<SdkSubmitterOptions> = {}, start = bundled) {
  const workers: Worker[] = [];
  const losses: unknown[] = [];
  const { nodeAddress, operatorId, operatorKey } = devnet;
  const submitter = new ThreadedSubmitter(
    { network: { nodeAddress }, operatorId, operatorKey, ...options },
    (cause) => losses.push(cause),
    (given) => {
      const worker = start(given);
      workers.push(worker);
      return worker;
    },
  );
  onTestFinished(() => submitter.close());
  return { submitter, workers, losses };
}

const hello = new TextEncoder().encode("hello");

it("a thread that ends leaves its calls without a known outcome, and the next call starts another one", async () => {
  const { submitter, workers, losses } = newSubmitter();
  const submit = () => submitter.submit(devnet.topics.contact, hello);
  expect(await submit()).toMatchObject({ ok: true });
  // Told first, so that the thread answers none of the calls.
  const ending = workers[0]?.terminate();
  const [sent, attempt, created] = [
    submit(),
    submitter.newAttempt(),
    submitter.createTopic("0.0.2@1.000000001", "memo"),
  ];
  const rejected = expect(attempt).rejects.toThrow(
    "The thread that writes to the ledger ended. Try again in a moment.",
  );
  await ending;
  expect(await sent).toMatchObject({ ok: false, error: { code: "uncertain" } });
  expect(await created).toMatchObject({ ok: false, error: { code: "unavailable" } });
  await rejected;
  expect(losses).toEqual([undefined]);
  expect(await submit()).toMatchObject({ ok: true });
  expect(workers).toHaveLength(2);
});

it("an error that nothing catches in the thread is the reason of its loss", async () => {
  const throwing = `const { parentPort } = require("node:worker_threads");
    parentPort.postMessage("ready");
    parentPort.on("message", () => { throw new Error("no memory left") });`;
  const { submitter, losses } = newSubmitter({}, () => new Worker(throwing, { eval: true }));
  expect(await submitter.submit(devnet.topics.contact, hello)).toMatchObject({ error: { code: "uncertain" } });
  expect(losses).toEqual([expect.objectContaining({ message: "no memory left" })]);
});

it("a thread that cannot run has sent nothing", async () => {
  const { submitter, losses } = newSubmitter(
    {},
    () => new Worker(`throw new Error("cannot be loaded")`, { eval: true }),
  );
  const answer = await submitter.submit(devnet.topics.contact, hello);
  expect(answer).toMatchObject({
    error: { code: "unavailable", message: expect.stringContaining("Nothing was sent") },
  });
  expect(losses).toEqual([expect.objectContaining({ message: "cannot be loaded" })]);
});

it("calls of many callers each get their own answer", async () => {
  const { submitter, workers } = newSubmitter();
  const messages = devnet.ledger.topics.get(devnet.topics.trust)?.messages ?? [];
  const texts = Array.from({ length: 8 }, (_, i) => `message ${i}`);
  const nowhere = submitter.submit(toTopicId("0.0.424242"), hello);
  const sent = await Promise.all(
    texts.map((text) => submitter.submit(devnet.topics.trust, new TextEncoder().encode(text))),
  );
  expect(await nowhere).toMatchObject({ ok: false, error: { code: "refused" } });
  const found = sent.map((answer) => {
    const place = messages.find(({ sequence }) => answer.ok && sequence === answer.value.sequence);
    return place === undefined ? null : new TextDecoder().decode(place.bytes);
  });
  expect(found).toEqual(texts);
  expect(workers).toHaveLength(1);
});

it("an operator key that cannot be read is refused in the SDK's words", async () => {
  const { submitter, losses } = newSubmitter({ operatorKey: "no key" });
  await expect(submitter.submit(devnet.topics.contact, hello)).rejects.toThrow(/key/i);
  expect(losses).toEqual([]);
});

it("the bundled program knows the nodes of the public networks", async () => {
  const { submitter } = newSubmitter({ network: "testnet" });
  expect(await submitter.newAttempt()).toContain(devnet.operatorId);
});

it("closing ends a thread that does not end by itself", async () => {
  const deaf = `require("node:worker_threads").parentPort.on("message", () => {});`;
  const { submitter, workers } = newSubmitter({}, () => new Worker(deaf, { eval: true }));
  const sent = submitter.submit(devnet.topics.contact, hello);
  await submitter.close();
  expect(workers[0]?.threadId).toBe(-1);
  expect(await sent).toMatchObject({ ok: false });
});

it("closing ends the thread, and later calls are refused", async () => {
  const { submitter, workers, losses } = newSubmitter();
  const sent = submitter.submit(devnet.topics.contact, hello);
  await sent;
  await submitter.close();
  expect(workers[0]?.threadId).toBe(-1);
  expect(losses).toEqual([]);
  await expect(submitter.newAttempt()).rejects.toThrow("The submitter is closed.");
});
