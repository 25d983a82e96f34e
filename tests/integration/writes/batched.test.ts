/** Signals that share a ledger message, through the real routes: each is answered, shown and read back as if it had come alone. */
import { afterEach, beforeEach, expect, it } from "vitest";
import { signalsIn } from "@/lib/core/signals/signal-batch";
import type { SignalsAnswer } from "@/lib/wire/signals";
import type { SubmitAnswer } from "@/lib/wire/submit";
import { ed25519Wallet } from "../../support/stand-ins/wallet";
import { startTestApp, type TestApp } from "../../support/worlds/app";
import { signedProfile } from "../../support/worlds/histories/signed";

const PEOPLE = Array.from({ length: 20 }, (_, i) => `0.0.${7_001 + i}`);
const signalIdOf = ({ topicId, sequenceNumber, place = 0 }: SubmitAnswer) =>
  place === 0 ? `${topicId}/${sequenceNumber}` : `${topicId}/${sequenceNumber}/${place}`;

let t: TestApp;
beforeEach(async () => {
  t = await startTestApp({ env: { RATE_LIMITS: "0", SUBMIT_LINGER_MS: "1000" } });
  // A memory of nonces that is younger than a message does not know whether it was sent before.
  await t.clock.advance(150_000);
  await t.sync();
});
afterEach(() => t.close());

const contactMessages = () => t.devnet.ledger.topics.get(t.devnet.topics.contact)?.messages ?? [];
const envelope = (type: string, from: string, payload: object) => {
  return { type, from, nonce: t.clock.now(), ts: Math.floor(t.clock.now() / 1_000), payload };
};
const request = (from: string) => envelope("CONTACT_REQUEST", from, { target: "tm-bob" });
/** The sync after the answer takes longer than the write, so nobody waits for it here. */
const submit = (from: string, body: object = request(from)) =>
  t.ask("POST", "/api/hcs/submit", from, { body, withoutBackground: true });
async function submitAll(people: readonly string[]): Promise<SubmitAnswer[]> {
  const sent = people.map((from) => submit(from));
  const answers = await t.clock.drive(Promise.all(sent));
  expect(answers.map(({ status }) => status)).toEqual(people.map(() => 200));
  return Promise.all(answers.map((answer) => answer.json() as Promise<SubmitAnswer>));
}
const newest = async (userId: string) => (await t.json<SignalsAnswer>("/api/signals", userId)).items[0];

it("a burst of writes becomes a few messages, and everybody sees their own by its id, pending and read back", async () => {
  const told = await submitAll(PEOPLE);
  expect(contactMessages().length).toBeLessThanOrEqual(2);
  expect(contactMessages().flatMap(({ bytes }) => signalsIn(bytes))).toHaveLength(PEOPLE.length);
  expect(new Set(told.map(signalIdOf)).size).toBe(PEOPLE.length);
  const shown = async () => {
    const signals = await Promise.all(PEOPLE.map(newest));
    return signals.map((signal) => [signal?.id, signal?.actor, signal?.consensusTimestamp]);
  };
  const expected = told.map((answer, i) => [signalIdOf(answer), PEOPLE[i], answer.consensusTimestamp]);
  expect((await newest(PEOPLE[3] as string))?.source).toBe("pending");
  expect(await shown()).toEqual(expected);
  await t.clock.advance(10_000);
  await t.sync();
  expect((await newest(PEOPLE[3] as string))?.source).not.toBe("pending");
  expect(await shown()).toEqual(expected);
});

it("a signed message goes out alone and at once, beside others that wait", async () => {
  const [ana, ben] = PEOPLE as [string, string];
  const wallet = ed25519Wallet();
  t.devnet.ledger.createAccount(wallet.encodedKey, { id: ana as never });
  await t.clock.advance(1_000);
  const { type, ...members } = signedProfile(wallet, ana, { displayName: "Ana", timestamp: t.clock.now() });
  const waiting = submit(ben, envelope("PROFILE_UPDATE", ben, { displayName: "Ben" }));
  const startMs = t.clock.now();
  expect((await t.clock.drive(submit(ana, envelope(type, ana, members)))).status).toBe(200);
  expect(t.clock.now() - startMs).toBeLessThan(1_000);
  expect((await t.clock.drive(waiting)).status).toBe(200);
  expect(t.clock.now() - startMs).toBeGreaterThanOrEqual(1_000);
});

it("an end of the server sends what waits at once", async () => {
  const sent = PEOPLE.slice(0, 3).map((from) => submit(from));
  await t.clock.advance(100);
  expect(contactMessages()).toHaveLength(0);
  void t.app.batches?.close();
  await t.clock.advance(100);
  expect(contactMessages().map(({ bytes }) => signalsIn(bytes).length)).toEqual([3]);
  expect((await t.clock.drive(Promise.all(sent))).map(({ status }) => status)).toEqual([200, 200, 200]);
});
