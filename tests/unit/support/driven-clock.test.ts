import { pbkdf2 } from "node:crypto";
import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { readFile as readFileCallback, writeFile as writeFileCallback } from "node:fs";
import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, deflateRaw } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DrivenClock } from "../../support/control/driven-clock";
import { busy } from "../../support/control/event-loop";

let server: Server;
let address: string;
let port: number;
let folder: string;
const written = () => join(folder, "written");
const held = new Set<() => void>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "trustmesh-clock-"));
  server = createServer((request, response) => {
    if (request.url === "/held") held.add(() => response.end());
    else response.end("answer");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new Error("no port");
  ({ port } = bound);
  address = `http://127.0.0.1:${port}`;
});

afterAll(async () => {
  for (const end of held) end();
  server.close();
  await rm(folder, { recursive: true });
});

/** One after the other: each is more than a turn of the event loop. */
async function often(times: number, work: () => Promise<unknown>): Promise<void> {
  for (let done = 0; done < times; done += 1) await work();
}

const bytes = new Uint8Array(5_000_000);

describe("a driven clock", () => {
  it.each([
    ["files are read", () => often(20, () => readFile("package-lock.json"))],
    ["files are written", () => often(20, () => writeFile(written(), bytes.subarray(0, 10_000)))],
    ["files get longer", () => often(20, () => appendFile(written(), "a line\n"))],
    ["files are looked at", () => often(20, () => stat("package-lock.json"))],
    ["files are read for a callback", () => often(20, () => promisify(readFileCallback)("package-lock.json"))],
    ["files are written for a callback", () => often(20, () => promisify(writeFileCallback)(written(), "text"))],
    ["host names are looked up", () => often(20, () => lookup("localhost"))],
    ["bytes are hashed in another thread", () => often(5, () => crypto.subtle.digest("SHA-384", bytes))],
    ["bytes are compressed in another thread", () => often(5, () => promisify(brotliCompress)(bytes))],
    ["bytes are deflated in another thread", () => often(5, () => promisify(deflateRaw)(bytes))],
    ["a server of this process answers", () => often(50, async () => (await fetch(address)).text())],
    ["immediates follow each other", () => often(200, () => new Promise((resolve) => setImmediate(resolve)))],
    [
      "an immediate asks a server of this process",
      async () => {
        await new Promise((resolve) => setImmediate(resolve));
        await (await fetch(address)).text();
      },
    ],
    ["a server elsewhere is busy", () => busy(promisify(pbkdf2)("word", "salt", 50_000, 32, "sha256"))],
  ])("stands still while %s", async (_, work) => {
    const clock = new DrivenClock();
    const order: string[] = [];
    const worked = work().then(() => order.push("work"));
    const slept = clock.sleep(1).then(() => order.push("clock"));
    await clock.advance(1);
    await Promise.all([worked, slept]);
    expect(order).toEqual(["work", "clock"]);
  });

  it("runs what a sleeper does before time moves on", async () => {
    const clock = new DrivenClock();
    const order: string[] = [];
    const first = clock
      .sleep(1)
      .then(() => readFile("package-lock.json"))
      .then(() => order.push("first"));
    const second = clock.sleep(2).then(() => order.push("second"));
    await clock.advance(2);
    await Promise.all([first, second]);
    expect(order).toEqual(["first", "second"]);
  });

  it("moves on while a request is not answered and a connection is silent", async () => {
    const clock = new DrivenClock();
    const silent = connect(port, "127.0.0.1");
    await once(silent, "connect");
    const request = fetch(`${address}/held`).then((response) => response.text());
    await clock.advance(60_000);
    expect(held.size).toBe(1);
    for (const end of held) end();
    await request;
    silent.destroy();
  });

  it("is driven together with another", async () => {
    const clocks = [new DrivenClock(), new DrivenClock()];
    const worked = clocks.map(async (clock) => {
      await often(20, () => clock.sleep(1_000));
      return clock.monotonicMs();
    });
    const ends = await Promise.all(worked.map((work, k) => clocks[k]?.drive(work)));
    expect(ends).toEqual([21_000, 21_000]);
  });
});
