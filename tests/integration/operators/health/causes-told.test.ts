/**
 * Faults between the mirror and what is stored, brought about for real: operators are told within 15 s, in every place
 * the same, and by one log line. Readers are told that the data may be outdated.
 */
import { afterEach, describe, expect, it } from "vitest";
import type { TopicId } from "@/lib/core/ledger/ids";
import type { Devnet } from "@/lib/devnet/devnet";
import type { SignalsAnswer } from "@/lib/wire/signals";
import { eachMessage, LyingMirrors, SECOND, Status } from "../../../support/mirrors/lying-mirrors";
import { SseReader } from "../../../support/sse";
import { startTestApp, type TestApp } from "../../../support/worlds/app";
import { createTestApp } from "../../../support/worlds/create-test-app";
import { expectToldEverywhere, METRICS_TOKEN } from "../../../support/worlds/told-codes";

const ALICE = "tm-alice";
let t: TestApp;
let mirrors: LyingMirrors;
afterEach(async () => {
  await t.close();
});

interface Start {
  readonly env?: Readonly<Record<string, string>>;
  readonly moreMirrors?: readonly string[];
}

async function open({ env = {}, moreMirrors = [] }: Start = {}): Promise<void> {
  mirrors = new LyingMirrors(() => t.devnet.restUrl);
  t = await startTestApp({ env: { METRICS_TOKEN, ...env }, moreMirrors, mirrors });
  write(3);
  await readFor(3);
}

const contact = () => t.devnet.topics.contact;
function write(count: number, name = "tm-p"): void {
  const bodies = Array.from({ length: count }, (_, i) => ({ type: "CONTACT_REQUEST", from: `${name}${i}`, to: ALICE }));
  t.devnet.submitMany(contact(), bodies);
}
const read = async (app = t.app) => {
  const response = await t.ask("GET", "/api/signals", ALICE, { app });
  const { stale, items } = (await response.json()) as SignalsAnswer;
  return { stale, header: response.headers.get("trustmesh-stale"), actors: items.map(({ actor }) => actor) };
};
async function readFor(seconds: number, app = t.app): Promise<void> {
  for (let second = 0; second < seconds; second += 1) {
    await read(app);
    await t.clock.advance(1_000);
  }
}
const askHealth =
  (app = t.app) =>
  (path: string, headers: Readonly<Record<string, string>> = {}) =>
    t.ask("GET", path, null, { headers, app });

/** People read for 15 s after the cause. Then every place tells of it, and the log has one line of it. */
async function isToldOnce(code: string): Promise<void> {
  const before = t.logged.length;
  await readFor(14);
  await expectToldEverywhere(t.app, askHealth(), code);
  const lines = t.logged.slice(before).filter((line) => /^(warn|error): /.test(line));
  const incident = t.app.incidents.current().find((each) => each.code === code);
  expect(lines).toEqual([`${incident?.severity === "critical" ? "error" : "warn"}: ${incident?.summary}`]);
}

/** The network was reset: the topic has `count` messages of other people now. */
function reset(devnet: Devnet, topicId: TopicId, count: number): void {
  devnet.ledger.topic(topicId).messages.length = 0;
  write(count, "tm-new");
}

describe("a topic that was reset", () => {
  /** A public network always has new blocks. A network of one's own may rest. */
  const CUSTOM = {
    ...{ HEDERA_NETWORK: "custom", MIRROR_URL: "http://mirror.test", TRUSTED_PAYERS: "0.0.2" },
    ...{ TOPIC_CONTACT: "0.0.1", TOPIC_TRUST: "0.0.1", TOPIC_RECOGNITION: "0.0.1", TOPIC_PROFILE: "0.0.1" },
  };

  it("is reported once and everywhere, and every answer and stream says stale, in a process that runs and in one that starts", async () => {
    await open();
    const stream = new SseReader(await t.ask("GET", "/api/stream", ALICE));
    expect(await read()).toMatchObject({ stale: false, header: "false" });
    reset(t.devnet, contact(), 5);
    await isToldOnce("topic-reset");
    const stored = ["tm-p2", "tm-p1", "tm-p0"];
    expect(await read()).toEqual({ stale: true, header: "true", actors: stored });
    await t.clock.advance(2_000);
    expect(stream.events.at(-1)?.data).toMatchObject({ stale: true });
    await stream.cancel();

    const started = createTestApp({
      ...{ devnet: t.devnet, stores: t.app.stores, env: { METRICS_TOKEN }, clock: t.clock },
      sendToMirror: mirrors.send,
    });
    await started.openTopics();
    await readFor(5, started);
    await expectToldEverywhere(started, askHealth(started), "topic-reset");
    expect(await read(started)).toEqual({ stale: true, header: "true", actors: stored });
    const other = new SseReader(await t.ask("GET", "/api/stream", ALICE, { app: started }));
    await t.clock.advance(2_000);
    expect(other.events.at(-1)?.data).toMatchObject({ stale: true });
    await other.cancel();
  });

  it("is never called fresh where the network makes no blocks, from the moment at which it is reported", async () => {
    await open({ env: CUSTOM });
    mirrors.lie("first", (path, body) => (path.startsWith("/blocks") ? { blocks: [] } : body));
    await readFor(20);
    expect(await read()).toMatchObject({ stale: false });
    reset(t.devnet, contact(), 5);
    for (let second = 0; second < 20; second += 1) {
      const isTold = t.app.incidents.current().some(({ code }) => code === "topic-reset");
      const { stale } = await read();
      if (isTold) expect(stale, `second ${second}`).toBe(true);
      await t.clock.advance(1_000);
    }
    expect(t.app.incidents.current().map(({ code }) => code)).toContain("topic-reset");
  });
});

describe("operators are told once and on every surface", () => {
  it("that two mirrors have different histories", async () => {
    await open({ moreMirrors: [SECOND] });
    mirrors.lie(SECOND, (_, body) =>
      eachMessage(body, (message) => ({ ...message, running_hash: btoa("x".repeat(48)) })),
    );
    // Mirrors are compared every ten minutes.
    await t.clock.advance(600_000);
    await isToldOnce("mirrors-disagree");
  });

  it("that the replicas behind a mirror's address are apart", async () => {
    await open();
    mirrors.lie("first", (path, body) =>
      path.startsWith("/topics/")
        ? eachMessage(body, (message) =>
            Number(message.consensus_timestamp) * 1_000 <= t.clock.trueMs() - 4_000 ? message : null,
          )
        : body,
    );
    write(1);
    await isToldOnce("replicas-apart");
  });

  it("that a mirror answers about something else", async () => {
    await open();
    mirrors.lie("first", (path, body) =>
      path.startsWith(`/topics/${contact()}/messages?`)
        ? { ...body, messages: [{ ...body.messages?.[0], topic_id: "0.0.4" }] }
        : body,
    );
    write(1);
    await isToldOnce("mirror-foreign");
    expect(await read()).toMatchObject({ stale: true, header: "true" });
  });

  it("that a mirror's newest block lies in the future", async () => {
    await open();
    const at = (ms: number) => (ms / 1_000).toFixed(9);
    mirrors.lie("first", (path, body) => {
      const nowMs = t.clock.trueMs();
      if (path.startsWith("/blocks"))
        return { blocks: [{ timestamp: { from: at(nowMs), to: at(nowMs + 3_600_000) } }] };
      return body ?? new Status(404);
    });
    await isToldOnce("head-in-future");
    expect(await read()).toMatchObject({ stale: true, header: "true" });
  });
});
