/** Clients that close their sending side after the request: their answer still comes, and one that has left leaves nothing behind. */
import type { ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MemoryBudgets } from "@/lib/adapters/memory/memory-budgets";
import { CallerLimits } from "@/lib/server/access/caller-limits";
import { LIMITS } from "@/lib/server/access/limits";
import { sendAnswer, write } from "@/lib/server/front/answers/plain-answer";
import { writeInBatch } from "@/lib/server/front/answers/write-batch";
import { type EntranceOptions, entrance } from "@/lib/server/front/entrance";
import { Front } from "@/lib/server/front/front";
import { Metrics } from "@/lib/server/observe/metrics";
import { DrivenClock } from "../../../support/control/driven-clock";
import { quietLog } from "../../../support/quiet-log";
import { RawConnection } from "../../../support/servers/raw-http";

const ANSWER = { status: 200, headers: {}, body: "done" };
const clock = new DrivenClock();
const limits = new CallerLimits({ shared: null, own: new MemoryBudgets(clock, 100), clock, factor: 1, proxyHops: 0 });
/** Another deployment that never answers. It hears when its client leaves. */
const ui = {
  pass: ({ signal }: { signal: AbortSignal }) => {
    asked.push("ui");
    return new Promise<null>((resolve) =>
      signal.addEventListener("abort", () => {
        aborted += 1;
        resolve(null);
      }),
    );
  },
};
const app = { clock, limits, metrics: new Metrics(), ui: null, log: quietLog, env: { LOG_REQUESTS: "off" } } as const;

let front: Front;
let port: number;
/** The requests that work has begun for. */
let asked: string[];
/** Make the answers that wait, first come first. */
let waiting: (() => void)[];
let streams: number;
/** The requests that another deployment was told to give up. */
let aborted: number;
beforeEach(async () => {
  await clock.advance(3_600_000);
  [asked, waiting, streams, aborted] = [[], [], 0, 0];
  front = new Front(serveWith(app), clock);
  port = await front.listen(0, "127.0.0.1");
});
afterEach(async () => {
  front.server.closeAllConnections();
  await front.stopAccepting();
});

const serveWith = (given: EntranceOptions["app"]) =>
  entrance({
    app: given,
    routes: ({ name }, request, response) => {
      asked.push(name);
      const write = () => sendAnswer(request, response, ANSWER);
      const answer = () => writeInBatch({ request, response, report: front.report, write });
      if (name === "GET /api/circle") answer();
      else waiting.push(name === "GET /api/stream" ? () => stream(response) : answer);
    },
    next: (request, response) =>
      new Promise<void>((resolve) => {
        asked.push(request.url ?? "");
        // A page takes its place until its answer is sent, or its client has left.
        response.once("close", resolve);
        waiting.push(() => sendAnswer(request, response, ANSWER));
      }),
    isEnding: () => false,
  });

function stream(response: ServerResponse): void {
  write(response.req, response, {
    status: 200,
    headers: {},
    body: (client) => {
      streams += 1;
      client.onLeave(() => (streams -= 1));
      client.send("first");
    },
  });
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`;
/** Sends requests and closes the sending side. Resolves when the server has read that. */
async function sendAndClose(text: string, { leaves = false } = {}): Promise<RawConnection> {
  const ended = new Promise<void>((resolve) =>
    front.server.once("connection", (socket) => socket.once("end", () => setImmediate(resolve))),
  );
  const connection = await RawConnection.open(port);
  connection.send(text);
  if (leaves) connection.destroy();
  else connection.endSending();
  await ended;
  return connection;
}
const connections = () => new Promise<number>((resolve) => front.server.getConnections((_, count) => resolve(count)));
const answerAll = () => {
  for (const answer of waiting.splice(0)) answer();
};

describe("a client that closes its sending side", () => {
  it.each(["/api/contacts", "/signals"])(
    "gets the answer that is still to come, as the last of its connection: %s",
    async (path) => {
      const connection = await sendAndClose(get(path));
      answerAll();
      expect(await connection.answer()).toMatchObject({ status: 200, headers: { connection: "close" } });
      await connection.closed();
      expect(await connections()).toBe(0);
    },
  );

  it("gets all answers that are still to come, in their order", async () => {
    const connection = await sendAndClose(get("/api/contacts") + get("/api/signals") + get("/api/nowhere"));
    for (const answer of waiting.splice(0).reverse()) answer();
    const answers = [await connection.answer(), await connection.answer(), await connection.answer()];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 404]);
    await connection.closed();
  });

  it("has its idle connection ended at once", async () => {
    const connection = await RawConnection.open(port);
    connection.send(get("/api/circle"));
    expect((await connection.answer()).headers.connection).toBe("keep-alive");
    connection.endSending();
    await connection.closed();
  });

  it("gets no stream: an open one ends, and one that is still to begin gives its place back", async () => {
    const open = await RawConnection.open(port);
    open.send(get("/api/stream"));
    await expect.poll(() => waiting.length).toBe(1);
    answerAll();
    await open.answer();
    expect(streams).toBe(1);
    open.endSending();
    await open.closed();
    expect(streams).toBe(0);
    const late = await sendAndClose(get("/api/contacts") + get("/api/stream"));
    answerAll();
    await late.closed();
    await expect.poll(() => streams).toBe(0);
    expect(await connections()).toBe(0);
  });

  it("has left for the other deployment at UI_ORIGIN", async () => {
    front.serve = serveWith({ ...app, ui: ui as unknown as EntranceOptions["app"]["ui"] });
    const connection = await sendAndClose(get("/theirs"));
    expect(asked).toEqual(["ui"]);
    await connection.closed();
    expect(aborted).toBe(1);
    expect(await connections()).toBe(0);
  });

  it("gets what was answered before its stream", async () => {
    const connection = await sendAndClose(get("/api/circle") + get("/api/stream"));
    answerAll();
    expect((await connection.answer()).status).toBe(200);
    await connection.closed();
    await expect.poll(() => streams).toBe(0);
  });

  it("gets its answer too if an earlier request of its connection had waited for its turn, or had failed there", async () => {
    let isFailing = true;
    const counted = Object.assign(Object.create(limits) as typeof limits, {
      countAddress: () => (isFailing ? Promise.reject(new Error("no budget")) : Promise.resolve(null)),
    });
    front.report = () => {};
    front.serve = serveWith({ ...app, limits: counted });
    const connection = await RawConnection.open(port);
    connection.send(get("/signals"));
    expect((await connection.answer()).status).toBe(500);
    isFailing = false;
    connection.send(get("/signals"));
    await expect.poll(() => waiting.length).toBe(1);
    answerAll();
    expect((await connection.answer()).status).toBe(200);
    connection.send(get("/api/contacts"));
    await expect.poll(() => waiting.length).toBe(1);
    connection.endSending();
    await new Promise((resolve) => setImmediate(resolve));
    answerAll();
    expect((await connection.answer()).status).toBe(200);
    await connection.closed();
  });

  it("loses its place among pages that wait to be rendered", async () => {
    const { atOnce } = LIMITS.page.address;
    const first = await Promise.all(Array.from({ length: atOnce }, () => RawConnection.open(port)));
    for (const each of first) each.send(get("/signals"));
    await expect.poll(() => asked.length).toBe(atOnce);
    const gone = await sendAndClose(get("/contacts").repeat(3));
    await gone.closed();
    answerAll();
    for (const each of first) expect((await each.answer()).status).toBe(200);
    expect(asked).toEqual(Array(atOnce).fill("/signals"));
    for (const each of first) each.destroy();
  });
});

describe("requests behind the first one on a connection that breaks off", () => {
  it("give their places back, so that other pages of this address are rendered", async () => {
    const { atOnce } = LIMITS.page.address;
    const left = await RawConnection.open(port);
    left.send(get("/signals").repeat(atOnce));
    await expect.poll(() => asked.length).toBe(atOnce);
    left.reset();
    await expect.poll(connections).toBe(0);
    waiting = [];
    const next = await RawConnection.open(port);
    next.send(get("/contacts").repeat(atOnce));
    await expect.poll(() => waiting.length).toBe(atOnce);
    answerAll();
    for (let i = 0; i < atOnce; i += 1) expect((await next.answer()).status).toBe(200);
    next.destroy();
  });

  it("are given up at UI_ORIGIN", async () => {
    front.serve = serveWith({ ...app, ui: ui as unknown as EntranceOptions["app"]["ui"] });
    const left = await RawConnection.open(port);
    left.send(get("/theirs").repeat(3));
    await expect.poll(() => asked.length).toBe(3);
    left.reset();
    await expect.poll(() => aborted).toBe(3);
  });

  it("end their streams once, whether these have begun or not", async () => {
    const left = await RawConnection.open(port);
    left.send(get("/api/stream").repeat(3));
    await expect.poll(() => waiting.length).toBe(3);
    const begin = waiting.splice(1);
    for (const each of begin) each();
    expect(streams).toBe(2);
    left.reset();
    await expect.poll(() => streams).toBe(0);
    answerAll();
    expect(streams).toBe(0);
  });
});

it("a hundred clients that have left in the middle leave no connection and no stream", async () => {
  for (let i = 0; i < 100; i += 1)
    await sendAndClose(get(i % 2 === 0 ? "/api/contacts" : "/api/stream"), { leaves: true });
  answerAll();
  await expect.poll(connections).toBe(0);
  expect(streams).toBe(0);
});

it("a client that reads slowly gets a long answer whole after it has closed its sending side", async () => {
  const text = "x".repeat(4_000_000);
  front.serve = (request, response) =>
    void waiting.push(() => sendAnswer(request, response, { ...ANSWER, body: text }));
  const connection = await sendAndClose(get("/"));
  answerAll();
  expect((await connection.answer()).body).toBe(text);
  await connection.closed();
});
