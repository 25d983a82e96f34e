/** Whatever a doorbell does, readers get what the polls alone would give them, and nothing is called fresh that is not stored. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { consensusNs } from "@/lib/core/ledger/consensus-time";
import type { TopicId, UserId } from "@/lib/core/ledger/ids";
import { Freshness } from "@/lib/wire/common";
import { type Manner, StandInDoorbell } from "../../support/mirrors/stand-in-doorbell";
import { SseReader } from "../../support/sse";
import { emptyStores } from "../../support/stores/database";
import { startTestApp, type TestApp } from "../../support/worlds/app";
import { createTestApp } from "../../support/worlds/create-test-app";

const ALICE = "tm-alice";
let t: TestApp;
let bell: StandInDoorbell;
let topics: readonly TopicId[];
let reader: SseReader;
let openedAt: number;

beforeAll(async () => {
  t = await startTestApp({
    devnet: { people: 4 },
    env: { STREAM_MAX_S: "86400", MIRROR_RPS: "1000" },
    doorbell: ({ ledger }) => {
      bell = new StandInDoorbell(ledger);
      return bell;
    },
  });
  await t.sync();
  topics = Object.values(t.devnet.topics);
  openedAt = await t.app.stores.views.head(ALICE as UserId);
  reader = new SseReader(await t.ask("GET", "/api/stream", ALICE));
  await t.clock.advance(3_000);
});
afterAll(async () => {
  await reader.cancel();
  await t.close();
});

/** An act of the ledger, of a mirror's gRPC server or of a reader. */
type Act =
  | { readonly kind: "submit"; readonly topic: number }
  | { readonly kind: "manner"; readonly manner: Manner }
  | { readonly kind: "ring"; readonly topic: number; readonly ahead: number; readonly hash: number | null }
  | { readonly kind: "end"; readonly topic: number }
  | { readonly kind: "read" }
  | { readonly kind: "wait"; readonly ms: number };

const topic = fc.nat(3);
const anyAct: fc.Arbitrary<Act> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("submit" as const), topic }) },
  fc.record({
    kind: fc.constant("manner" as const),
    manner: fc.constantFrom<Manner>("honest", "never", "deaf", "refuses"),
  }),
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("ring" as const),
      topic,
      ahead: fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constant(1e9)),
      hash: fc.option(fc.constantFrom(0, 7)),
    }),
  },
  fc.record({ kind: fc.constant("end" as const), topic }),
  fc.record({ kind: fc.constant("read" as const) }),
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.constantFrom(1, 300, 2_000, 20_000) }),
  },
);

async function run(act: Act): Promise<void> {
  const topicId = topics["topic" in act ? act.topic : 0] as TopicId;
  const cursor = t.app.scheduler.syncs.get(topicId)?.cursor ?? 0;
  switch (act.kind) {
    case "submit":
      t.devnet.submit(topicId, { type: "CONTACT_REQUEST", from: "tm-1", to: ALICE });
      break;
    case "manner":
      bell.manner = act.manner;
      break;
    case "ring": {
      const runningHash = act.hash === null ? null : Buffer.alloc(48, act.hash);
      bell.ring(topicId, { sequence: Math.max(1, cursor + act.ahead), consensusNs: consensusNs(1n), runningHash });
      break;
    }
    case "end":
      bell.end("the mirror ended the subscription", topicId);
      break;
    case "read":
      await t.json("/api/signals", ALICE);
      break;
    case "wait":
      await t.clock.advance(act.ms);
  }
}

/** A claim of freshness as of a time holds everything that the ledger had by then (SPEC, "never fresh without cause"). */
function expectHonest(): void {
  const { asOfNs } = t.app.scheduler.freshness();
  for (const topicId of topics) {
    const due = t.devnet.ledger
      .topic(topicId)
      .messages.filter(({ consensusNs: ns }) => asOfNs !== null && ns <= asOfNs);
    expect(t.app.scheduler.syncs.get(topicId)?.cursor ?? 0).toBeGreaterThanOrEqual(due.at(-1)?.sequence ?? 0);
  }
}

/**
 * Polls alone ask for a topic's page once in a gate period (a second), and once more after a page that had messages. A run that
 * began just before, and one look at the message at the cursor, are counted too.
 */
function expectNoMoreThanPolls(acts: readonly Act[], ms: number): void {
  const { byTopic } = t.devnet.requests.counts();
  for (const [at, topicId] of topics.entries()) {
    const submits = acts.filter((act) => act.kind === "submit" && act.topic === at).length;
    expect(byTopic[topicId] ?? 0).toBeLessThanOrEqual(Math.ceil(ms / 1_000) + submits + 3);
  }
}

/**
 * An answer without its freshness, and without the places that the rows have in their store: those follow the order in which
 * topics are committed.
 */
function content(answer: unknown): unknown {
  const left = [...Object.keys(Freshness.shape), "position"];
  return JSON.parse(JSON.stringify(answer, (name, value) => (left.includes(name) ? undefined : value)));
}

describe("a doorbell that rings early, late, never or falsely", () => {
  it("changes nothing of what is stored and shown, claims nothing, and costs no more than polls", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyAct, { minLength: 1, maxLength: 12 }), async (acts) => {
        const startMs = t.clock.monotonicMs();
        t.devnet.requests.reset();
        for (const act of acts) {
          await run(act);
          expectHonest();
        }
        expectNoMoreThanPolls(acts, t.clock.monotonicMs() - startMs);
        // Even if the doorbell stays dumb, a topic is looked at within ten minutes.
        await t.clock.advance(602_000);
        expectHonest();
        expectNoMoreThanPolls(acts, t.clock.monotonicMs() - startMs);
        for (const topicId of topics) {
          const { messages } = t.devnet.ledger.topic(topicId);
          expect(t.app.scheduler.syncs.get(topicId)?.cursor).toBe(messages.length);
        }
        const head = await t.app.stores.views.head(ALICE as UserId);
        const sent = reader.of("signal").map(({ id }) => id);
        expect(sent).toEqual(Array.from({ length: head - openedAt }, (_, i) => openedAt + 1 + i));
      }),
      { numRuns: 12 },
    );
  });

  it("leaves the views that polls alone give", async () => {
    const polled = createTestApp({
      ...{ devnet: t.devnet, clock: t.clock, stores: await emptyStores("devnet") },
      network: { close: async () => {} },
    });
    await polled.openTopics();
    await t.clock.drive(polled.scheduler.syncNow());
    for (const path of ["/api/signals", "/api/contacts", "/api/circle"]) {
      const [ours, theirs] = await Promise.all([t.app, polled].map((app) => t.ask("GET", path, ALICE, { app })));
      expect(content(await ours?.json())).toEqual(content(await theirs?.json()));
    }
    await polled.close();
  });
});
