/** `GET /api/metrics`: who gets it, and that it counts what happened. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestApp, type TestApp } from "../../../support/worlds/app";

const TOKEN = "a-token-of-the-tests-that-nobody-could-guess";
const ALICE = "tm-alice";
let t: TestApp;

beforeAll(async () => {
  t = await startTestApp({ env: { METRICS_TOKEN: TOKEN } });
  t.devnet.submitMany(t.devnet.topics.contact, [
    { type: "CONTACT_REQUEST", from: "tm-bob", to: ALICE },
    { type: "CONTACT_REQUEST", from: "tm-carol", to: ALICE },
    "no message of ours",
  ]);
  await t.sync();
});
afterAll(() => t.close());

const scrape = (headers: Record<string, string> = { authorization: `Bearer ${TOKEN}` }) =>
  t.ask("GET", "/api/metrics", null, { headers });

/** The values of a metric by its labels, as they stand in the text. */
async function values(name: string): Promise<Readonly<Record<string, number>>> {
  const lines = (await (await scrape()).text()).split("\n").filter((line) => line.startsWith(`${name}{`));
  expect(lines, name).not.toEqual([]);
  return Object.fromEntries(
    lines.map((line) => [
      line.slice(name.length, line.lastIndexOf(" ")),
      Number(line.slice(line.lastIndexOf(" ") + 1)),
    ]),
  );
}

describe("metrics", () => {
  it("need the token", async () => {
    for (const headers of [{}, { authorization: "Bearer wrong" }, { authorization: TOKEN }] as Record<
      string,
      string
    >[]) {
      const refused = await scrape(headers);
      expect(refused.status).toBe(401);
      expect(refused.headers.get("content-type")).toBe("application/problem+json");
      expect(await refused.json()).toMatchObject({ code: "wrong-token" });
    }
    const answer = await scrape();
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toContain("text/plain; version=0.0.4");
  });

  it("count each tier's outcomes of reads", async () => {
    await t.ask("GET", "/api/contacts", ALICE);
    const before = await values("trustmesh_tier_reads_total");
    for (let i = 0; i < 3; i += 1) await t.ask("GET", "/api/contacts", ALICE);
    const after = await values("trustmesh_tier_reads_total");
    const grown = (labels: string) => (after[labels] ?? 0) - (before[labels] ?? 0);
    expect(grown('{tier="l1",outcome="hit"}')).toBe(3);
    expect(grown('{tier="postgres",outcome="hit"}')).toBe(0);
    expect(before['{tier="postgres",outcome="hit"}']).toBe(1);
    expect((await values("trustmesh_tier_duration_seconds_count"))['{tier="l1"}']).toBe(
      after['{tier="l1",outcome="hit"}'],
    );
  });

  it("count requests by route and status class", async () => {
    const before = await values("trustmesh_http_request_duration_seconds_count");
    await t.ask("GET", "/api/circle", ALICE);
    await t.ask("GET", "/api/circle", null);
    const after = await values("trustmesh_http_request_duration_seconds_count");
    for (const status of ["2xx", "4xx"]) {
      const labels = `{route="GET /api/circle",status="${status}"}`;
      expect((after[labels] ?? 0) - (before[labels] ?? 0)).toBe(1);
    }
  });

  it("count what was committed of each topic, and what was left out", async () => {
    const topic = t.devnet.topics.contact;
    const messages = await values("trustmesh_topic_messages_total");
    expect(messages[`{topic="${topic}",verification="verified"}`]).toBe(3);
    expect(messages[`{topic="${topic}",verification="failed"}`]).toBe(0);
    expect((await values("trustmesh_topic_left_out_total"))[`{topic="${topic}",reason="undecodable"}`]).toBe(1);
    expect((await values("trustmesh_topic_cursor"))[`{topic="${topic}"}`]).toBe(3);
    expect((await values("trustmesh_topic_state"))[`{topic="${topic}",state="idle"}`]).toBe(1);
  });

  it("count mirror requests by outcome", async () => {
    const origin = new URL(t.devnet.restUrl).origin;
    const requests = await values("trustmesh_mirror_requests_total");
    expect(requests[`{mirror="${origin}",outcome="answered"}`]).toBe(t.app.ledger.requests);
    const rule = t.devnet.faults.add({ kind: "rateLimited" });
    await t.sync();
    t.devnet.faults.remove(rule);
    const after = await values("trustmesh_mirror_requests_total");
    expect(after[`{mirror="${origin}",outcome="rate-limited"}`]).toBeGreaterThan(0);
    expect(after[`{mirror="${origin}",outcome="failed"}`]).toBe(0);
  });

  it("include metrics of the process", async () => {
    const text = await (await scrape()).text();
    for (const name of ["process_resident_memory_bytes", "nodejs_eventloop_lag_seconds", "trustmesh_l1_bytes"])
      expect(text).toMatch(new RegExp(`^${name} [\\d.e+-]+$`, "m"));
  });

  it("name no user, and have as many series for many users as for one", async () => {
    const series = async () => {
      const text = await (await scrape()).text();
      expect(text).not.toMatch(/tm-/);
      return text.split("\n").filter((line) => line.startsWith("trustmesh_")).length;
    };
    await t.ask("GET", "/api/signals?limit=1", ALICE);
    await t.ask("GET", "/api/signals", ALICE);
    await series();
    const one = await series();
    for (let i = 0; i < 20; i += 1) await t.ask("GET", `/api/signals?limit=${i + 40}`, `tm-reader-${i}`);
    expect(await series()).toBe(one);
  });

  it("cost neither a statement nor a mirror request", async () => {
    await scrape();
    const statements = () =>
      Object.values(t.app.stores.stats().byPurpose).reduce((sum, { statements }) => sum + statements, 0);
    const before = [statements(), t.app.ledger.requests];
    for (let i = 0; i < 5; i += 1) expect((await scrape()).status).toBe(200);
    expect([statements(), t.app.ledger.requests]).toEqual(before);
  });
});

describe("without a token", () => {
  it("metrics are answered on the devnet", async () => {
    const devnet = { ...t.app, env: { ...t.app.env, METRICS_TOKEN: undefined } };
    expect((await t.ask("GET", "/api/metrics", null, { app: devnet })).status).toBe(200);
  });

  it("and nowhere else; the refusal says what to set", async () => {
    const testnet = { ...t.app, env: { ...t.app.env, METRICS_TOKEN: undefined, isDevnet: false } };
    const refused = await t.ask("GET", "/api/metrics", null, { app: testnet });
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({ code: "no-token", detail: expect.stringContaining("METRICS_TOKEN") });
  });
});
