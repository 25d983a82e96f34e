/** Traces of an app that environment variables configure, on Redis and PostgreSQL, sent to a collector. */
import { afterAll, beforeAll, beforeEach, expect, it, vi } from "vitest";
import type { UserId } from "@/lib/core/ledger/ids";
import { type Devnet, startDevnet } from "@/lib/devnet/devnet";
import type { App } from "@/lib/server/boot/app";
import { getApp } from "@/lib/server/boot/start";
import { readEnv } from "@/lib/server/config/env";
import { openTracing } from "@/lib/server/observe/tracing";
import { ROUTES, type RouteName } from "@/lib/server/routes/table";
import { answer } from "../../../support/contract/checked";
import { type PostgresServer, startPostgres } from "../../../support/servers/postgres/postgres-server";
import { type RedisServer, startRedis } from "../../../support/servers/redis/redis-server";
import { type CollectedSpan, type OtlpStandIn, startOtlp } from "../../../support/stand-ins/otlp";
import { startUpstash, type UpstashStandIn } from "../../../support/stand-ins/upstash";

const ALICE = "tm-alice-of-the-traces";
const CANARY = "canary-in-what-was-sent";
const SECRET = "a secret of the tests that is long enough to be one";
const [SERVER, CLIENT] = [2, 3];

let [postgres, redis, upstash]: [PostgresServer, RedisServer, UpstashStandIn] = [] as never;
let devnet: Devnet;
let otlp: OtlpStandIn;
let app: App;

beforeAll(async () => {
  [postgres, redis, devnet, otlp] = await Promise.all([
    startPostgres(),
    startRedis(),
    startDevnet({ grpc: false }),
    startOtlp(),
  ]);
  upstash = await startUpstash({ redisPort: redis.port });
  const { contact, trust, recognition, profile } = devnet.topics;
  devnet.submit(contact, { type: "CONTACT_REQUEST", from: "tm-bob", to: ALICE, note: CANARY });
  const env = {
    HEDERA_NETWORK: "custom",
    MIRROR_URL: devnet.restUrl,
    ...{ TOPIC_CONTACT: contact, TOPIC_TRUST: trust, TOPIC_RECOGNITION: recognition, TOPIC_PROFILE: profile },
    TRUSTED_PAYERS: devnet.operatorId,
    SESSION_SECRET: SECRET,
    DATABASE_URL: await postgres.createDatabase(),
    UPSTASH_REDIS_REST_URL: upstash.url,
    UPSTASH_REDIS_REST_TOKEN: upstash.token,
    OTEL_EXPORTER_OTLP_ENDPOINT: `${otlp.url}/`,
    OTEL_EXPORTER_OTLP_HEADERS: "x-of-the-collector=known",
  };
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  app = await getApp();
  await app.firstSync.run();
});
afterAll(async () => {
  // Files share a process: the next one must find neither these settings nor the mocked module.
  vi.unstubAllEnvs();
  vi.resetModules();
  await app?.close();
  await upstash?.stop();
  await Promise.all([redis?.stop(), postgres?.stop(), devnet?.stop(), otlp?.stop()]);
});
beforeEach(() => {
  otlp.spans.length = 0;
});

async function ask(name: RouteName, query = "", more: RequestInit & { headers?: Record<string, string> } = {}) {
  const [method, path] = name.split(" ");
  const cookie = (await app.sessions.issue(ALICE as UserId)).split(";")[0] as string;
  const request = new Request(`http://app.test${path}${query}`, {
    ...more,
    method,
    headers: { host: "app.test", cookie, ...more.headers },
  });
  const response = await answer(app, ROUTES[name], { request, params: {}, background: () => {} });
  await response.text();
  await app.tracing?.flush();
  return response;
}
const named = (name: string | RegExp) =>
  otlp.spans.filter((span) => (typeof name === "string" ? span.name === name : name.test(span.name)));
const only = (name: string): CollectedSpan => {
  expect(named(name), name).toHaveLength(1);
  return named(name)[0] as CollectedSpan;
};

it("has a span for the request, and within it one for each tier that was asked and each call", async () => {
  const response = await ask("GET /api/contacts");
  const request = only("GET /api/contacts");
  expect(request).toMatchObject({ kind: SERVER, isError: false, parentSpanId: null });
  expect(request.attributes).toEqual({
    "http.request.method": "GET",
    "http.route": "/api/contacts",
    "http.response.status_code": 200,
    "trustmesh.request_id": response.headers.get("x-request-id"),
  });
  const parts = otlp.spans.filter((span) => span !== request);
  for (const part of parts) expect(part).toMatchObject({ traceId: request.traceId, parentSpanId: request.spanId });
  expect(named(/^redis /).every(({ kind }) => kind === CLIENT)).toBe(true);
  expect(named(/^redis /).length).toBeGreaterThan(0);
  expect(only("postgres contacts").attributes).toEqual({ "db.system.name": "postgresql" });

  // Each tier's span lasts as long as its Server-Timing entry says.
  const told = (response.headers.get("server-timing") ?? "").split(", ").map((each) => each.split(";dur="));
  for (const [tier, ms] of told.slice(0, -1)) expect(only(`tier ${tier}`).ms).toBeCloseTo(Number(ms), 0);
  expect(told.map(([name]) => name)).toEqual(["postgres", "redis", "l1", "total"]);
  expect(only("tier postgres").attributes).toEqual({ "trustmesh.outcome": "hit" });

  await ask("GET /api/contacts");
  expect(named("tier l1").at(-1)?.attributes).toEqual({ "trustmesh.outcome": "hit" });
  expect(named("tier postgres")).toHaveLength(1);
});

it("has the mirror's requests and the statements of a sync", async () => {
  devnet.submit(devnet.topics.contact, { type: "CONTACT_REQUEST", from: "tm-carol", to: ALICE });
  const json = { "content-type": "application/json", origin: "http://app.test" };
  expect((await ask("POST /api/sync", "", { headers: json, body: "{}" })).status).toBe(200);
  expect(named("mirror").length).toBeGreaterThan(0);
  expect(named("mirror")[0]?.attributes).toEqual({ "server.address": new URL(devnet.restUrl).origin });
  expect(named("postgres commit")).toHaveLength(1);
  expect(named("redis publish").length + named(/^redis /).length).toBeGreaterThan(0);
});

it("never names a user, nor a secret, nor what was sent", async () => {
  await ask("GET /api/signals", `?type=${CANARY}`);
  await ask("GET /api/profiles", `?ids=${ALICE}`);
  expect(otlp.raw.length).toBeGreaterThan(2);
  expect(otlp.raw[0]).toMatch(/^POST \/v1\/traces .*"x-of-the-collector":"known"/);
  for (const hidden of [ALICE, "tm-bob", CANARY, SECRET, "tm_session", upstash.token, "postgres://", "select "])
    for (const text of otlp.raw) expect(text.toLowerCase()).not.toContain(hidden.toLowerCase());
});

it("continues a trace that came with the request, and marks failed requests", async () => {
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  await postgres.stop();
  const response = await ask("GET /api/recognition", "", { headers: { traceparent } });
  expect(response.status).toBe(503);
  expect(only("GET /api/recognition")).toMatchObject({
    traceId: "0af7651916cd43dd8448eb211c80319c",
    parentSpanId: "b7ad6b7169203331",
    isError: true,
  });
  expect(named(/^postgres /).some(({ isError }) => isError)).toBe(true);
});

it("traces the configured share of requests, whatever a request claims", async () => {
  const none = await openTracing(readEnv({ OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url, OTEL_TRACES_SAMPLER_ARG: "0" }));
  const headers = new Headers({ traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" });
  const request = none?.begin("GET /api/health", headers, "request-1");
  request?.add({ name: "redis x", ms: 1, isError: false, isCall: true, attributes: {} });
  request?.end(200);
  await none?.close();
  expect(otlp.spans).toEqual([]);
});

it("is off, and not even loaded, if no collector is configured", async () => {
  vi.resetModules();
  let isLoaded = false;
  vi.doMock("@opentelemetry/sdk-trace-base", () => {
    isLoaded = true;
    return {};
  });
  const fresh = await import("@/lib/server/observe/tracing");
  expect(await fresh.openTracing(readEnv({}))).toBeNull();
  expect(isLoaded).toBe(false);
  await expect(fresh.openTracing(readEnv({ OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url }))).rejects.toThrow();
  expect(isLoaded).toBe(true);
  vi.doUnmock("@opentelemetry/sdk-trace-base");
});
