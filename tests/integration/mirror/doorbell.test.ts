/** An app whose mirror tells when a topic moves: what an open page costs, how soon it has news, and what happens when it dies. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { consensusNs } from "@/lib/core/ledger/consensus-time";
import { StandInDoorbell } from "../../support/mirrors/stand-in-doorbell";
import { SseReader } from "../../support/sse";
import { startTestApp, type TestApp } from "../../support/worlds/app";

const ALICE = "tm-alice";
let t: TestApp;
let bell: StandInDoorbell;
let readers: SseReader[];

beforeEach(async () => {
  readers = [];
  t = await startTestApp({
    devnet: { people: 4 },
    env: { STREAM_MAX_S: "86400" },
    doorbell: ({ ledger }) => {
      bell = new StandInDoorbell(ledger);
      return bell;
    },
  });
  await t.sync();
});
afterEach(async () => {
  for (const reader of readers) await reader.cancel();
  await t.close();
});

async function openPage(): Promise<SseReader> {
  const reader = new SseReader(await t.ask("GET", "/api/stream", ALICE));
  readers.push(reader);
  await t.clock.advance(3_000);
  return reader;
}
const topics = () => Object.values(t.devnet.topics).sort();
const covered = () => topics().filter((topicId) => t.app.doorbells?.covers(topicId));
const submit = (from: string) =>
  t.devnet.submit(t.devnet.topics.contact, { type: "CONTACT_REQUEST", from, to: ALICE })[0];
const actors = (reader: SseReader) => reader.of("signal").map(({ data }) => data.actor);
async function requestsIn(ms: number): Promise<number> {
  t.devnet.requests.reset();
  await t.clock.advance(ms);
  return t.devnet.requests.counts().total;
}
const lastOf = (reader: SseReader) => reader.of("freshness").at(-1)?.data;

describe("a page that is open while a doorbell is live", () => {
  it("costs the mirror nothing in nine minutes, and one look at each topic in the tenth", async () => {
    await openPage();
    expect([bell.topics, covered()]).toEqual([topics(), topics()]);
    for (let minute = 1; minute <= 9; minute += 1) expect(await requestsIn(60_000)).toBe(0);
    const { byTopic } = t.devnet.requests.counts();
    expect(byTopic).toEqual({});
    const looks = await requestsIn(60_000);
    expect(looks).toBeGreaterThan(0);
    // Each topic's page and message at its cursor, and the mirror's head.
    expect(looks).toBeLessThanOrEqual(2 * topics().length + 2);
  });

  it("says up to when it is complete, and never that it is fresh", async () => {
    const reader = await openPage();
    const asOf = t.app.scheduler.freshness().asOfNs;
    await t.clock.advance(60_000);
    expect(t.app.scheduler.freshness()).toMatchObject({ asOfNs: asOf, stale: true, isWatched: true });
    expect(lastOf(reader)).toMatchObject({ stale: true, watched: true });
    expect(lastOf(reader)?.lagMs).toBeGreaterThan(55_000);
  });

  it("shows in the answer of a view, unless the topics are not watched", async () => {
    const watched = async () => (await t.json<{ watched?: true }>("/api/contacts", ALICE)).watched;
    expect(await watched()).toBeUndefined();
    await openPage();
    expect(await watched()).toBe(true);
    bell.manner = "refuses";
    bell.end("the mirror ended the subscription");
    expect(await watched()).toBeUndefined();
  });

  it("has a message as soon as the mirror announces it", async () => {
    const reader = await openPage();
    await t.clock.advance(60_000);
    submit("tm-1");
    await t.clock.advance(1);
    expect(actors(reader)).toEqual(["tm-1"]);
    expect(t.app.scheduler.freshness()).toMatchObject({ stale: true });
    expect(covered()).toEqual(topics());
  });

  it("has a message that follows another within a tenth of a second too, and a third within a gate period", async () => {
    const reader = await openPage();
    await t.clock.advance(60_000);
    for (const from of ["tm-1", "tm-2", "tm-3"]) {
      submit(from);
      await t.clock.advance(100);
    }
    expect(actors(reader)).toEqual(["tm-1", "tm-2"]);
    await t.clock.advance(900);
    expect(actors(reader)).toEqual(["tm-1", "tm-2", "tm-3"]);
  });

  it("waits for no poll while messages come as often as polls would", async () => {
    const reader = await openPage();
    await t.clock.advance(60_000);
    const waits: number[] = [];
    for (let i = 0; i < 60; i += 1) {
      const seen = actors(reader).length;
      submit("tm-1");
      let waitMs = 0;
      for (; actors(reader).length === seen && waitMs < 3_000; waitMs += 25) await t.clock.advance(25);
      waits.push(waitMs);
      await t.clock.advance(Math.max(0, (i % 2 === 0 ? 600 : 1_600) - waitMs));
    }
    waits.sort((a, b) => a - b);
    expect(waits[30]).toBeLessThanOrEqual(25);
    expect(waits.at(-1)).toBeLessThan(1_000);
  });

  it("demands a pull when somebody reads, and only then", async () => {
    await openPage();
    await t.clock.advance(60_000);
    t.devnet.requests.reset();
    await t.json("/api/signals", ALICE);
    expect(t.devnet.requests.counts().total).toBeGreaterThanOrEqual(topics().length);
    expect(t.app.scheduler.freshness()).toMatchObject({ stale: false, isWatched: true });
    expect(await requestsIn(60_000)).toBe(0);
  });

  it.each([250, 900, 1_300])("costs no more than polls on a topic with a message every %d ms", async (everyMs) => {
    await openPage();
    await t.clock.advance(60_000);
    const { contact } = t.devnet.topics;
    const busy = async () => {
      t.devnet.requests.reset();
      for (let ms = 0; ms < 30_000; ms += everyMs) {
        submit("tm-1");
        await t.clock.advance(everyMs);
      }
      const { byTopic, total } = t.devnet.requests.counts();
      return { topic: byTopic[contact] ?? 0, total };
    };
    const rung = await busy();
    bell.manner = "refuses";
    bell.end("the mirror ended the subscription");
    await t.clock.advance(10_000);
    expect(covered()).toEqual([]);
    const polled = await busy();
    // The two begin at another moment of a gate period.
    expect(rung.topic).toBeLessThanOrEqual(polled.topic + 2);
    expect(rung.total).toBeLessThanOrEqual(polled.total + 2);
  });

  it("ends its subscriptions half a minute after the last page was closed", async () => {
    const reader = await openPage();
    await reader.cancel();
    await t.clock.advance(40_000);
    expect([bell.topics, covered(), t.clock.waiting]).toEqual([[], [], 0]);
  });
});

describe("a doorbell that", () => {
  it("dies leaves its topic to the polls until it is live again", async () => {
    const reader = await openPage();
    bell.manner = "refuses";
    bell.end("the mirror ended the subscription", t.devnet.topics.contact);
    expect(await requestsIn(10_000)).toBeGreaterThanOrEqual(10);
    submit("tm-1");
    await t.clock.advance(2_000);
    expect(actors(reader)).toEqual(["tm-1"]);
    expect(lastOf(reader)?.watched).toBeUndefined();
    const asked = bell.asked;
    await t.clock.advance(600_000);
    // A minute at most between two tries, half a minute at least, and the renewals of the three others.
    expect(bell.asked - asked).toBeLessThan(60);
    bell.manner = "honest";
    await t.clock.advance(120_000);
    expect([bell.topics, covered()]).toEqual([topics(), topics()]);
  });

  it("never answers is given up after ten seconds, and is not trusted meanwhile", async () => {
    bell.manner = "never";
    await openPage();
    expect([bell.topics, covered()]).toEqual([topics(), []]);
    expect(await requestsIn(60_000)).toBeGreaterThan(100);
    expect(t.app.doorbells?.trouble).toBe("the mirror does not send the last message that is stored");
    expect(covered()).toEqual([]);
  });

  it("shows another message than the stored one is not trusted", async () => {
    bell.manner = "never";
    await openPage();
    const { contact } = t.devnet.topics;
    const head = t.app.scheduler.syncs.get(contact)?.head;
    bell.ring(contact, { sequence: head?.sequence ?? 0, consensusNs: consensusNs(1n), runningHash: Buffer.alloc(48) });
    expect(bell.topics).not.toContain(contact);
    expect(t.app.doorbells?.counts.failed).toBe(1);
  });

  it("no longer hears of new messages is replaced within a minute, and nothing is lost", async () => {
    const reader = await openPage();
    bell.manner = "deaf";
    submit("tm-1");
    await t.clock.advance(10_000);
    expect(actors(reader)).toEqual([]);
    await t.clock.advance(55_000);
    expect(actors(reader)).toEqual(["tm-1"]);
  });

  it("announces messages that do not exist costs no more than the polls, and one pull", async () => {
    await openPage();
    const { contact } = t.devnet.topics;
    bell.ring(contact, { sequence: 9_999, consensusNs: consensusNs(1n), runningHash: null });
    await t.clock.advance(2_000);
    expect(covered()).not.toContain(contact);
    t.devnet.requests.reset();
    for (let i = 0; i < 50; i += 1) {
      bell.ring(contact, { sequence: 10_000 + i, consensusNs: consensusNs(1n), runningHash: null });
      await t.clock.advance(200);
    }
    // Ten seconds of polls: one page each, and a head.
    expect(t.devnet.requests.counts().byTopic[contact]).toBeLessThanOrEqual(11);
    expect(t.app.doorbells?.counts.pulls).toBe(1);
  });

  it("rings for a message before the mirror's pages have it is heard: the polls have it", async () => {
    const reader = await openPage();
    const { contact } = t.devnet.topics;
    bell.manner = "deaf";
    const next = (t.app.scheduler.syncs.get(contact)?.cursor ?? 0) + 1;
    bell.ring(contact, { sequence: next, consensusNs: consensusNs(1n), runningHash: null });
    await t.clock.advance(300);
    submit("tm-1");
    await t.clock.advance(1_500);
    expect(actors(reader)).toEqual(["tm-1"]);
    expect(covered()).toEqual(topics());
  });
});
