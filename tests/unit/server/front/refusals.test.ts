/** Refusals of the front: each names its request, whichever part refuses it, and the log has it. */
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { MemoryBudgets } from "@/lib/adapters/memory/memory-budgets";
import { CallerLimits } from "@/lib/server/access/caller-limits";
import { writeInBatch } from "@/lib/server/front/answers/write-batch";
import { failureReport } from "@/lib/server/front/direct";
import { type EntranceOptions, entrance } from "@/lib/server/front/entrance";
import { Front } from "@/lib/server/front/front";
import { nextRoute, pageRefusal } from "@/lib/server/http/next-route";
import { createLog } from "@/lib/server/observe/log";
import { Metrics } from "@/lib/server/observe/metrics";
import { RecentErrors } from "@/lib/server/observe/recent-errors";
import { DrivenClock } from "../../../support/control/driven-clock";
import { RawConnection } from "../../../support/servers/raw-http";

const ID = "asked-for-by-me";
const clock = new DrivenClock();
const limits = new CallerLimits({ shared: null, own: new MemoryBudgets(clock, 100), clock, factor: 1, proxyHops: 0 });
const errors = new RecentErrors(clock);
const lines: string[] = [];
const log = createLog((line) => void lines.push(line), false);
const logged = () => lines.map((line) => JSON.parse(line));
const app = {
  ...{ clock, limits, metrics: new Metrics(), ui: null, log, errors },
  env: { LOG_REQUESTS: "on" } as EntranceOptions["app"]["env"],
};
const BROKEN = new Error("postgres://app:hunter2@db/x is away");

let front: Front;
let connection: RawConnection;
const open = () => RawConnection.open((front.server.address() as AddressInfo).port);
beforeAll(async () => {
  front = new Front(
    entrance({
      app,
      routes: (_, request, response) => {
        const write = () => {
          throw BROKEN;
        };
        writeInBatch({ request, response, write, report: failureReport(app) });
      },
      next: () => Promise.reject(BROKEN),
      isEnding: () => false,
    }),
    clock,
  );
  front.report = failureReport(app);
  await front.listen(0, "127.0.0.1");
});
beforeEach(async () => {
  lines.length = 0;
  connection = await open();
});
afterAll(async () => {
  front.server.closeAllConnections();
  await front.stopAccepting();
});

const ask = async (line: string, ...headers: string[]) => {
  connection.send(`${[`${line} HTTP/1.1`, "host: app.test", `x-request-id: ${ID}`, ...headers].join("\r\n")}\r\n\r\n`);
  const answer = await connection.answer();
  // A body that was announced does not come.
  connection.destroy();
  connection = await open();
  return { status: answer.status, headers: new Headers(answer.headers as HeadersInit), text: answer.body };
};

type Init = Readonly<{ method: string; headers?: Readonly<Record<string, string>> }>;
const asHandler = (path: string, { method, headers = {} }: Init) =>
  new Request(`http://app.test${path}`, { method, headers: { "x-request-id": ID, ...headers } });

/** The refusals of the gate: our own server's, and those of the framework's handlers. */
const REFUSED: readonly (readonly [string, string, Readonly<Record<string, string>>, number, string | undefined])[] = [
  ["POST", "/api/hcs/submit", { "content-length": "65537" }, 413, "body"],
  ["GET", "/api/contacts", { "content-length": "1" }, 413, "body"],
  ["PUT", "/api/contacts", {}, 405, undefined],
  ["DELETE", "/signals", {}, 405, undefined],
  ["GET", "/api/nowhere", {}, 404, undefined],
  ["POST", "/api/hcs/submit", { "transfer-encoding": "gzip, chunked" }, 501, "body"],
  ["POST", "/api/hcs/submit", { "content-encoding": "gzip", "content-length": "9" }, 415, "body"],
];

describe("a refusal of the gate names its request, as every problem does", () => {
  it.each(REFUSED)("%s %s", async (method, path, headers, status, field) => {
    const isApi = path.startsWith("/api/");
    const lined = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    const own = await ask(`${method} ${path}`, ...lined);
    const request = asHandler(path, { method, headers });
    const handler = isApi
      ? await nextRoute("GET /api/contacts")[method as "GET"](request, { params: Promise.resolve({}) })
      : pageRefusal(request);
    const theirs = { status: handler?.status, headers: handler?.headers, text: await handler?.text() };
    for (const answer of [own, theirs]) {
      expect(answer.status).toBe(status);
      expect(answer.headers?.get("x-request-id")).toBe(ID);
      const body = JSON.parse(answer.text ?? "");
      expect(body).toMatchObject({ instance: `urn:trustmesh:request:${ID}`, status });
      expect(body.field).toBe(field);
    }
    expect(theirs.text).toBe(own.text);
  });

  it("is logged as an answer of a route is, without what was sent", async () => {
    await ask("POST /api/hcs/submit?secret=canary", "content-length: 65537");
    await ask("PUT /api/contacts/canary");
    await ask("GET /canary/%ff");
    expect(logged()).toMatchObject([
      { message: "POST /api/hcs/submit", status: 413, requestId: ID },
      { message: "other", status: 404, requestId: ID },
    ]);
    expect(lines.join()).not.toContain("canary");
  });
});

describe("a page of another site", () => {
  it.each(["PUT /api/v1/topics/0.0.5/messages", "GET /api/v1/topics/0.0.5"])(
    "reads why the public mirror refuses it: %s",
    async (line) => {
      const [method = "", path = ""] = line.split(" ");
      const headers: Record<string, string> = method === "GET" ? { "content-length": "1" } : {};
      const own = await ask(line, ...Object.entries(headers).map((each) => each.join(": ")));
      const handler = await nextRoute("GET /api/v1/topics/{topicId}")[method as "GET"](
        asHandler(path, { method, headers }),
        { params: Promise.resolve({}) },
      );
      for (const answer of [own, handler]) expect(answer.headers.get("access-control-allow-origin")).toBe("*");
    },
  );

  it("reads no other refusal", async () => {
    expect((await ask("PUT /api/contacts")).headers.get("access-control-allow-origin")).toBeNull();
  });
});

it("a request over its limit is logged as an answer of its route", async () => {
  while ((await limits.countAddress("submit", "127.0.0.1")) === null);
  expect((await ask("POST /api/hcs/submit", "content-length: 0")).status).toBe(429);
  expect(logged()).toMatchObject([{ message: "POST /api/hcs/submit", status: 429, requestId: ID }]);
});

it.each(["GET /api/contacts", "GET /signals"])("a failure behind the front is in the log: %s", async (line) => {
  const failed = await ask(line);
  expect(failed.status).toBe(500);
  expect(JSON.parse(failed.text)).toMatchObject({ instance: `urn:trustmesh:request:${ID}` });
  const [written] = logged();
  expect(written).toMatchObject({ level: "error", requestId: ID, cause: { name: "Error" } });
  expect(lines.join()).not.toContain("hunter2");
  expect(errors.list()[0]).toMatchObject({ kind: "internal" });
  expect(errors.list()[0]?.latest[0]).toMatchObject({ requestId: ID, route: "other" });
});

it.each(["NONSENSE\r\n\r\n", "CONNECT a:1 HTTP/1.1\r\n\r\n"])(
  "%j is refused with an id, and no cache keeps it",
  async (bytes) => {
    connection.send(bytes);
    const { headers } = await connection.answer();
    expect(headers).toMatchObject({
      "x-request-id": expect.stringMatching(/^[0-9a-f]{24}$/),
      "cache-control": "no-store",
    });
  },
);
