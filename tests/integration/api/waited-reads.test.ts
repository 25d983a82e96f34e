/** Reads that wait for messages: what that costs the mirror depends on topics and time, not on who waits, nor for what. */
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { startTestApp, type TestApp } from "../../support/worlds/app";

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
  t.devnet.submit(t.devnet.topics.contact, { type: "CONTACT_REQUEST", from: "tm-alice", to: "tm-bob" });
  await t.sync();
});
afterAll(() => t.close());
beforeEach(async () => {
  // Long enough for what was learnt of the topics' ends to be forgotten.
  await t.clock.advance(60_000);
  t.devnet.requests.reset();
});

const topics = () => Object.values(t.devnet.topics) as string[];
const minimum = (sequence: number, of = topics()) => of.map((topicId) => `${topicId}=${sequence}`).join(",");
const read = (sequence: number, of?: string[]) =>
  t.ask("GET", "/api/contacts", "tm-alice", {
    headers: { "if-min-sequence": minimum(sequence, of) },
    withoutBackground: true,
  });
const requests = () => t.devnet.requests.counts().total;

it("a read floor that the ledger cannot have soon is refused at once, after one pull of each topic", async () => {
  const beforeMs = t.clock.now();
  const answer = await read(2 ** 50);
  expect(answer.status).toBe(503);
  expect(await answer.json()).toMatchObject({ code: "not-yet" });
  expect(t.clock.now() - beforeMs).toBeLessThan(1_000);
  // One page of each topic, and one request for the head of all.
  expect(requests()).toBeLessThanOrEqual(topics().length + 1);
  for (let i = 0; i < 20; i += 1) expect((await read(2 ** 50)).status).toBe(503);
  expect(requests()).toBeLessThanOrEqual(topics().length + 1);
});

it("fifty waiting readers cause no more requests to the mirror than one", async () => {
  const contact = [t.devnet.topics.contact as string];
  await read(50, contact);
  const one = requests();
  await t.clock.advance(60_000);
  t.devnet.requests.reset();
  const many = await Promise.all(Array.from({ length: 50 }, (_, i) => read(50 + i, contact)));
  expect(many.map(({ status }) => status)).toEqual(Array(50).fill(503));
  expect(requests()).toBeLessThanOrEqual(one);
  // Some pulls in three seconds, each with at most one request for the head.
  expect(one).toBeLessThanOrEqual(10);
});

it("a person's other reads are answered while forty of that person's reads wait", async () => {
  const startMs = t.clock.now();
  const waiting = Array.from({ length: 40 }, () => read(50, [t.devnet.topics.contact as string]));
  const other = t
    .ask("GET", "/api/contacts", "tm-alice")
    .then(({ status }) => ({ status, ms: t.clock.now() - startMs }));
  const { status, ms } = await other;
  expect(status).toBe(200);
  expect(ms).toBeLessThan(1_000);
  expect((await Promise.all(waiting)).map((answer) => answer.status)).toEqual(Array(40).fill(503));
});

it("waiting readers cause a few requests only, whatever they wait for and whenever they start", async () => {
  const wait = fc.record({
    sequence: fc.oneof(fc.integer({ min: 2, max: 1_000 }), fc.integer({ min: 1_001, max: Number.MAX_SAFE_INTEGER })),
    startMs: fc.integer({ min: 0, max: 2_000 }),
    topic: fc.subarray([0, 1, 2, 3], { minLength: 1 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(wait, { minLength: 1, maxLength: 12 }), async (waits) => {
      await t.clock.advance(60_000);
      t.devnet.requests.reset();
      const answers = waits.map(async ({ sequence, startMs, topic }) => {
        await t.clock.sleep(startMs);
        return read(
          sequence,
          topic.map((i) => topics()[i] as string),
        );
      });
      await t.clock.drive(Promise.all(answers));
      // Five seconds: a pull of each topic after 0, 0.2, 0.6 s, then every 0.8 s; the head every half second at the most.
      expect(requests()).toBeLessThanOrEqual(9 * topics().length + 11);
    }),
    { numRuns: 15 },
  );
});

it("a waiting reader is served by the pull that brings the message", async () => {
  const contact = t.devnet.topics.contact;
  const waiting = read(2, [contact as string]);
  // After the first pull and before the last.
  const late = t.clock.sleep(700).then(() => {
    t.devnet.submit(contact, { type: "CONTACT_REQUEST", from: "tm-carol", to: "tm-alice" });
  });
  const [answer] = await t.clock.drive(Promise.all([waiting, late]));
  expect(answer.status).toBe(200);
  expect(await answer.text()).toContain("tm-carol");
});
