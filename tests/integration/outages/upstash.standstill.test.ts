/** A process that stands still, in front of a Redis that does not: a thread of its own answers in Upstash's form. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { systemClock } from "@/lib/adapters/memory/system-clock";
import { RedisClient } from "@/lib/adapters/redis/client/client";
import { UpstashTransport } from "@/lib/adapters/redis/upstash/upstash-transport";

const TIMEOUT_MS = 100;
const STANDSTILL_MS = 400;
/** Answers after so long, or, where told to, never. `received` counts requests. */
const SERVER = `
const { workerData: { received, silent }, parentPort } = require("node:worker_threads");
require("node:http").createServer((request, response) => {
  Atomics.add(received, 0, 1);
  request.resume();
  if (Atomics.load(silent, 0) === 0) setTimeout(() => response.end('{"result":"pong"}'), 20);
}).listen(0, "127.0.0.1", function () { parentPort.postMessage(this.address().port); });
`;
const received = new Int32Array(new SharedArrayBuffer(4));
const silent = new Int32Array(new SharedArrayBuffer(4));
let worker: Worker;
let client: RedisClient;

beforeAll(async () => {
  worker = new Worker(SERVER, { eval: true, workerData: { received, silent } });
  const [port] = await once(worker, "message");
  const transport = new UpstashTransport({ url: `http://127.0.0.1:${port}`, token: "token" });
  client = new RedisClient({ transport, clock: systemClock, readTimeoutMs: TIMEOUT_MS });
});
afterAll(async () => void (await worker.terminate()));
beforeEach(() => {
  Atomics.store(silent, 0, 0);
});

/** Sends a command, and stops the event loop as soon as the command has arrived. */
async function askAndStandStill(): Promise<unknown> {
  const before = Atomics.load(received, 0);
  const answer = client.eval("lookup", "return 'pong'", [], []).catch((error: Error) => error.message);
  while (Atomics.load(received, 0) === before) await new Promise(setImmediate);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, STANDSTILL_MS);
  return answer;
}

it("is not a failure of Redis, whose answer has come by then", async () => {
  expect(await askAndStandStill()).toBe("pong");
  expect(client.stats().byPurpose.lookup).toMatchObject({ commands: 1, errors: 0 });
});

it("saves nothing that does not answer", async () => {
  Atomics.store(silent, 0, 1);
  expect(await askAndStandStill()).toMatch(/lookup failed \(timeout/);
});
