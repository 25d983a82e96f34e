/** Mirrors that answer about something else, lag apart from each other, or lie about the time: nothing wrong is called fresh. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { IngestionAnswer } from "@/lib/wire/operators/health";
import type { SignalsAnswer } from "@/lib/wire/signals";
import {
  eachMessage,
  LyingMirrors,
  type MirrorBody,
  type MirrorMessage,
  SECOND,
  Status,
} from "../../support/mirrors/lying-mirrors";
import { startTestApp, type TestApp } from "../../support/worlds/app";

const ALICE = "tm-alice";
let t: TestApp;
let mirrors: LyingMirrors;

const open = async (env: Readonly<Record<string, string>> = {}, moreMirrors: readonly string[] = []) => {
  mirrors = new LyingMirrors(() => t.devnet.restUrl);
  t = await startTestApp({ env, moreMirrors, mirrors });
};
afterEach(async () => {
  await t.close();
});

const contact = () => t.devnet.topics.contact;
function requests(count: number, from = 1): void {
  const bodies = Array.from({ length: count }, (_, i) => ({
    type: "CONTACT_REQUEST",
    from: `tm-p${from + i}`,
    to: ALICE,
  }));
  t.devnet.submitMany(contact(), bodies);
}
const signals = () => t.json<SignalsAnswer>("/api/signals?limit=100", ALICE);
const sequences = async () => (await signals()).items.map(({ sequenceNumber }) => sequenceNumber).sort((a, b) => a - b);
const topic = async () => {
  const { topics } = (await (await t.ask("GET", "/api/health/ingestion", null)).json()) as IngestionAnswer;
  return topics.find(({ topicId }) => topicId === contact());
};
/** The codes of the incidents now. */
const codes = async () => {
  await t.ask("GET", "/api/health/ready", null);
  return t.app.incidents.current().map(({ code }) => code);
};
/** Readers come every second. */
async function readFor(seconds: number): Promise<SignalsAnswer> {
  for (let second = 0; second < seconds; second += 1) {
    await signals();
    await t.clock.advance(1_000);
  }
  return signals();
}
const isLookUp = (path: string, sequence: number) => path.endsWith(`${contact()}/messages/${sequence}`);
const forged = (message: MirrorMessage): MirrorMessage => ({ ...message, message: "Zm9yZ2Vk" });

describe("a look-up that answers with another message", () => {
  beforeEach(() => open());

  it.each<[string, (body: MirrorBody) => unknown]>([
    ["of another sequence number", (body) => ({ ...body, sequence_number: 3 })],
    ["of another topic", (body) => ({ ...body, topic_id: t.devnet.topics.trust })],
  ])("%s is refused: the wanted one stays failed, alarms, and heals when an honest answer comes", async (_, change) => {
    requests(4);
    mirrors.lie("first", (path, body) => {
      if (isLookUp(path, 2)) return change(body);
      return path.includes("/messages?")
        ? eachMessage(body, (message) => (message.sequence_number === 2 ? forged(message) : message))
        : body;
    });
    await t.sync();
    expect(await sequences()).toEqual([1, 3, 4]);
    expect(await topic()).toMatchObject({ cursor: 4, counts: { messages: 4, failed: 1 } });
    expect(await codes()).toContain("mirror-foreign");
    expect(t.logged.filter((line) => line.includes("answered with something else"))).toHaveLength(1);
    mirrors.lie("first", null);
    await t.clock.advance(60_000);
    await t.sync();
    expect(await sequences()).toEqual([1, 2, 3, 4]);
    expect(await topic()).toMatchObject({ counts: { messages: 4, failed: 0, verified: 4 } });
    expect(await codes()).toEqual([]);
  });
});

describe("a page with something else in it", () => {
  beforeEach(() => open());

  it("is stored without it, and a page of foreign messages alone does not count as empty", async () => {
    requests(3);
    await t.sync();
    requests(2, 4);
    mirrors.lie("first", (path, body) => {
      if (!path.startsWith(`/topics/${contact()}/messages?`)) return body;
      const page = body.messages ?? [];
      return { ...body, messages: page.length > 0 ? [...page, { ...page[0], topic_id: "0.0.4" }] : [foreign] };
    });
    const foreign: MirrorMessage = {
      ...{ topic_id: contact(), sequence_number: 1, consensus_timestamp: "1.000000001", message: "" },
      payer_account_id: "0.0.2",
    };
    await t.sync();
    expect(await sequences()).toEqual([1, 2, 3, 4, 5]);
    expect(await topic()).toMatchObject({ cursor: 5, lastError: "the mirror answered about something else" });
    expect(await codes()).toContain("mirror-foreign");
    expect((await readFor(5)).stale).toBe(true);
    mirrors.lie("first", null);
    expect((await readFor(20)).stale).toBe(false);
    expect(await codes()).toEqual([]);
  });
});

describe("two mirrors of which one is behind", () => {
  beforeEach(() => open({}, [SECOND]));

  it("are never mixed: pages and head come from one mirror", async () => {
    requests(3);
    await readFor(3);
    const behind = t.clock.trueMs();
    // The first knows its head and has no pages; the second has pages of an hour ago.
    mirrors.lie("first", (path, body) => (path.startsWith("/topics/") ? new Status(503) : body));
    mirrors.lie(SECOND, (path, body) => {
      if (path.startsWith("/blocks")) return { blocks: [{ timestamp: { from: at(behind - 2_000), to: at(behind) } }] };
      return eachMessage(body, (message) => (Number(message.consensus_timestamp) * 1_000 <= behind ? message : null));
    });
    await t.clock.advance(60_000);
    requests(1, 4);
    for (let second = 0; second < 60; second += 1) {
      const answer = await readFor(1);
      if (!answer.items.some(({ sequenceNumber }) => sequenceNumber === 4)) expect(answer.stale).toBe(true);
    }
    mirrors.lie("first", null);
    mirrors.lie(SECOND, null);
    const healed = await readFor(90);
    expect(healed.items).toHaveLength(4);
    expect(healed.stale).toBe(false);
  });
});

describe("a proof", () => {
  it("says how many mirrors agree on the chain, and claims no more than that", async () => {
    await open({}, [SECOND]);
    requests(3);
    const mirrorsOf = async (sequence: number) =>
      (await t.json<{ mirrors: number }>(`/api/proof/${contact()}/${sequence}`, ALICE)).mirrors;
    await readFor(2);
    expect(await mirrorsOf(2)).toBe(1);
    await t.clock.advance(700_000);
    await readFor(3);
    expect(await mirrorsOf(2)).toBe(2);
    requests(1, 4);
    await readFor(2);
    expect(await mirrorsOf(4)).toBe(1);
    mirrors.lie(SECOND, (_, body) =>
      eachMessage(body, (message) => ({ ...message, running_hash: btoa("x".repeat(48)) })),
    );
    await t.clock.advance(700_000);
    await readFor(3);
    expect(await mirrorsOf(2)).toBe(1);
    expect(await codes()).toContain("mirrors-disagree");
  });
});

describe("a head in the future", () => {
  beforeEach(() => open());

  it("is not believed, ages, and is not kept; incidents begin and end with it", async () => {
    requests(3);
    await readFor(3);
    let times = 1;
    mirrors.lie("first", (path, body) => {
      if (!path.startsWith("/blocks") || times === 0) return body;
      times -= 1;
      return { blocks: [{ timestamp: { from: at(t.clock.trueMs()), to: at(t.clock.trueMs() + 3 * 3_600_000) } }] };
    });
    await readFor(1);
    expect(t.logged.filter((line) => line.includes("after this instance's clock"))).toHaveLength(1);
    mirrors.lie("first", () => new Status(502));
    requests(1, 4);
    const answer = await readFor(10);
    expect(answer.items).toHaveLength(3);
    expect(answer).toMatchObject({ stale: true });
    expect(answer.lagMs).toBeGreaterThan(8_000);
    expect(Number(answer.asOf) * 1_000).toBeLessThanOrEqual(t.clock.trueMs());
    mirrors.lie("first", null);
    expect(await readFor(120)).toMatchObject({ stale: false });
    expect(await codes()).toEqual([]);
  });
});

describe("a network without new blocks", () => {
  const CUSTOM = {
    ...{ HEDERA_NETWORK: "custom", MIRROR_URL: "http://mirror.test", TRUSTED_PAYERS: "0.0.2" },
    ...{ TOPIC_CONTACT: "0.0.1", TOPIC_TRUST: "0.0.1", TOPIC_RECOGNITION: "0.0.1", TOPIC_PROFILE: "0.0.1" },
  };
  const still = (body: MirrorBody, blocks: unknown) => (path: string, honest: MirrorBody) =>
    path.startsWith("/blocks") ? { ...body, blocks } : honest;

  it.each([
    ["none at all", []],
    ["one that has not ended", [{ timestamp: { from: "1795392000.000000000", to: null } }]],
    ["one without a time", [{ timestamp: null }]],
  ])("that has %s goes on, and is quiet", async (_, blocks) => {
    await open(CUSTOM);
    mirrors.lie("first", still({}, blocks));
    requests(3);
    const answer = await readFor(3);
    expect(answer.items).toHaveLength(3);
    expect(answer).toMatchObject({ stale: false, quiet: true });
    expect(await (await t.ask("GET", "/api/health/ready", null)).json()).toMatchObject({
      ready: true,
      degraded: false,
    });
    requests(1, 4);
    expect((await readFor(120)).items).toHaveLength(4);
    expect(t.app.ledger.states()[0]).toMatchObject({ circuit: "closed", errors: 0 });
  });

  it("whose newest block stands still counts as quiet only on networks that may be quiet", async () => {
    await open(CUSTOM);
    requests(3);
    await readFor(3);
    t.devnet.faults.add({ kind: "stalledHead" });
    expect(await readFor(60)).toMatchObject({ stale: false, quiet: true });
    expect(await (await t.ask("GET", "/api/health/ready", null)).json()).toMatchObject({
      ready: true,
      degraded: false,
    });
    t.devnet.faults.add({ kind: "badGateway" });
    expect(await readFor(60)).toMatchObject({ stale: true });
    expect(await (await t.ask("GET", "/api/health/ready", null)).json()).toMatchObject({ degraded: true });
  });

  it("on a public network has stalled, and topics go on all the same", async () => {
    await open();
    mirrors.lie("first", still({}, []));
    requests(3);
    const answer = await readFor(3);
    expect(answer.items).toHaveLength(3);
    expect(answer).toMatchObject({ stale: true, asOf: null });
  });
});

describe("a mirror of several replicas", () => {
  beforeEach(() => open());

  /** Heads come from a replica that is up to date, pages from one that is so far behind. */
  const apart = (lagMs: number) =>
    mirrors.lie("first", (path, body) =>
      path.startsWith("/topics/")
        ? eachMessage(body, (message) =>
            Number(message.consensus_timestamp) * 1_000 <= t.clock.trueMs() - lagMs ? message : null,
          )
        : body,
    );
  /** Reads every second; how often an answer was called fresh that lacks a message from before its `asOf`. */
  async function lies(seconds: number, count: () => number): Promise<number> {
    let found = 0;
    for (let second = 0; second < seconds; second += 1) {
      const { items, stale, asOf } = await readFor(1);
      const owed = t.devnet.ledger.topics
        .get(contact())
        ?.messages.filter(({ consensusNs }) => consensusNs <= BigInt((asOf ?? "0.0").replace(".", "")));
      if (!stale && items.length < (owed?.length ?? count())) found += 1;
    }
    return found;
  }

  it("is noticed by the first late message; freshness is taken back and understated until the replicas agree", async () => {
    requests(3);
    await readFor(3);
    apart(4_000);
    requests(1, 4);
    await lies(6, () => 4);
    expect(await codes()).toContain("replicas-apart");
    let lied = 0;
    for (let i = 5; i < 15; i += 1) {
      requests(1, i);
      lied += await lies(6, () => i);
    }
    expect(lied).toBe(0);
    mirrors.lie("first", null);
    // Ten minutes halve what is held back. One reader a minute is enough for an hour of that.
    for (let minute = 0; minute < 60; minute += 1) {
      await t.clock.advance(60_000);
      await signals();
    }
    const healed = await readFor(5);
    expect(healed).toMatchObject({ stale: false });
    expect(healed.items).toHaveLength(14);
    expect(await codes()).toEqual([]);
  });

  it("that agree keep an idle topic fresh", async () => {
    requests(3);
    expect(await readFor(600)).toMatchObject({ stale: false });
    expect(await codes()).toEqual([]);
  });
});

describe("a message that is dated later than the ledger", () => {
  beforeEach(() => open());
  const FAR = "9000000000.000000001";

  it.each([
    ["the first of a topic", 1],
    ["one in the middle", 3],
    ["the last", 5],
  ])("fails alone if it is %s: what follows is shown, and it heals", async (_, at) => {
    requests(5);
    mirrors.lie("first", (_, body) =>
      eachMessage(body, (message) =>
        message.sequence_number === at ? { ...message, consensus_timestamp: FAR } : message,
      ),
    );
    await t.sync();
    expect(await sequences()).toEqual([1, 2, 3, 4, 5].filter((each) => each !== at));
    expect(await topic()).toMatchObject({ cursor: 5, counts: { failed: 1, verified: 4 } });
    expect(await t.app.stores.sync.failed(contact(), 9)).toMatchObject([{ reason: "ahead-of-ledger" }]);
    requests(1, 6);
    await t.sync();
    expect(await sequences()).toContain(6);
    mirrors.lie("first", null);
    await t.clock.advance(60_000);
    await t.sync();
    expect(await sequences()).toEqual([1, 2, 3, 4, 5, 6]);
    expect(await codes()).toEqual([]);
  });

  it("is accepted if the ledger agrees with its time, even if this instance's clock is behind", async () => {
    t.clock.stepWall(-3_600_000);
    requests(3);
    await t.sync();
    expect(await topic()).toMatchObject({ cursor: 3, counts: { failed: 0, verified: 3 } });
    expect(await codes()).toContain("clock-off");
    t.clock.stepWall(3_600_000);
    await readFor(3);
    expect(await codes()).toEqual([]);
  });
});

const at = (ms: number) => (ms / 1_000).toFixed(9);
