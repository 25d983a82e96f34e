/** How many live streams a person and an instance may have, and what becomes of the next one. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SseReader } from "../../support/sse";
import { startTestApp, type TestApp } from "../../support/worlds/app";

const ALICE = "tm-alice";
let t: TestApp;
let open: SseReader[];

beforeEach(async () => {
  open = [];
  t = await startTestApp({ env: { STREAMS_PER_USER: "2", STREAMS_PER_INSTANCE: "5" } });
});
afterEach(async () => {
  for (const reader of open) await reader.cancel();
  await t.close();
});

async function stream(userId: string): Promise<SseReader> {
  const response = await t.ask("GET", "/api/stream", userId);
  expect(response.status).toBe(200);
  const reader = new SseReader(response);
  open.push(reader);
  await t.clock.advance(10);
  return reader;
}

async function refusal(userId: string): Promise<{ retryAfterS: number; detail: string }> {
  const response = await t.ask("GET", "/api/stream", userId);
  expect(response.status).toBe(429);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  const { code, detail } = (await response.json()) as { code: string; detail: string };
  expect(code).toBe("too-many");
  return { retryAfterS: Number(response.headers.get("retry-after")), detail };
}

describe("one stream too many", () => {
  it("of one person is refused with a sentence, and disturbs neither open streams nor other people", async () => {
    const readers = [await stream(ALICE), await stream(ALICE)];
    const { retryAfterS, detail } = await refusal(ALICE);
    expect(retryAfterS).toBeGreaterThan(0);
    expect(detail).toContain("Close another page");
    await stream("tm-bob");
    t.devnet.submit(t.devnet.topics.contact, { type: "CONTACT_REQUEST", from: "tm-carol", to: ALICE });
    await t.clock.advance(3_000);
    for (const reader of readers) {
      expect(reader.isEnded).toBe(false);
      expect(reader.of("signal")).toHaveLength(1);
    }
  });

  it("is accepted as soon as another one is closed", async () => {
    const [first] = [await stream(ALICE), await stream(ALICE)];
    await refusal(ALICE);
    await first.cancel();
    await stream(ALICE);
    await refusal(ALICE);
  });

  it("of one instance is refused for everybody, with a shorter Retry-After", async () => {
    for (let i = 0; i < 5; i += 1) await stream(`tm-${i}`);
    const { retryAfterS, detail } = await refusal(ALICE);
    expect(retryAfterS).toBeLessThan(10);
    expect(detail).toContain("This server");
    expect(t.app.hub.size).toBe(5);
    expect(t.app.hub.counts).toEqual({ opened: 5, refusedPerUser: 0, refusedPerInstance: 1 });
  });

  it("is refused even if all come at the same time", async () => {
    const statuses = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const response = await t.ask("GET", "/api/stream", ALICE);
        if (response.status === 200) open.push(new SseReader(response));
        return response.status;
      }),
    );
    expect(statuses.filter((status) => status === 200)).toHaveLength(2);
    expect(statuses.filter((status) => status === 429)).toHaveLength(4);
  });

  it("does not count clients that left before they read anything", async () => {
    for (let i = 0; i < 4; i += 1) {
      const leaving = new AbortController();
      const response = await t.ask("GET", "/api/stream", ALICE, { signal: leaving.signal });
      expect(response.status).toBe(200);
      leaving.abort();
      await t.clock.advance(10);
      expect(t.app.hub.size).toBe(0);
    }
  });
});
