/** Oddities of public topics: bytes without meaning, forgeries in other people's names, half messages. */
import type { TopicKind } from "@/lib/core/ledger/ids";
import type { Rng } from "../rng";
import { type SeedEvent, seedEvent } from "./acts";
import type { Bond } from "./contacts";
import { type Character, WORLD_DAYS } from "./people";
import { LONG_PARAGRAPHS } from "./phrases";

const DAY_MS = 86_400_000;
/** Pays for messages in names that are not its own; nobody trusts it. */
export const UNTRUSTED_PAYER = "0.0.6660013";

const text = (value: unknown): Uint8Array => Buffer.from(typeof value === "string" ? value : JSON.stringify(value));

function poison(a: string, b: string): readonly (readonly [TopicKind, Uint8Array])[] {
  return [
    ["contact", Uint8Array.from([0xff, 0xfe, 0xfd, 0xfc])],
    ["profile", Uint8Array.from([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x7d])],
    ["contact", text("Message 1")],
    ["trust", text("hello world")],
    ["trust", text('{"hcs":"21","type":3,"from":"tm-alex')],
    ["contact", text({ p: "hcs-21", op: "register", t_id: "0.0.123" })],
    ["profile", text({ actor: a })],
    ["recognition", text({})],
    ["recognition", text([1, 2, 3])],
    ["contact", text({ type: "CONTACT_REQUEST" })],
    ["contact", text({ type: "CONTACT_REQUEST", actor: "a".repeat(51), target: b })],
    ["contact", text({ type: "CONTACT_REQUEST", actor: a, target: a })],
    ["contact", text({ type: "CONTACT_ACCEPT", actor: a })],
    ["trust", text({ type: "T".repeat(51), actor: a, target: b })],
    ["trust", text({ hcs: "21", v: "1.0", type: 42, from: a, nonce: 4, ts: 1_700_000_300, payload: { target: b } })],
    ["trust", text({ type: "payment_sent", actor: a, target: b, amount: 5 })],
  ];
}

/** Undecodable messages, forgeries, and messages that people paid for themselves. */
export function makeOddities(
  people: readonly Character[],
  bonds: readonly Bond[],
  rng: Rng,
  endMs: number,
): SeedEvent[] {
  const anyTime = () => endMs - rng.next() * WORLD_DAYS * DAY_MS;
  const strange = [0, 1].flatMap(() => {
    const [a, b] = rng.sample(people, 2);
    return poison(a?.userId ?? "tm-a", b?.userId ?? "tm-b").map(
      ([kind, bytes]): SeedEvent => ({ atMs: anyTime(), kind, what: { bytes } }),
    );
  });
  const forged = rng.sample(bonds, 6).map(({ a, b }, i) => {
    const pair = { actor: a.userId, target: b.userId };
    const act =
      i % 2 === 0
        ? ({ type: "CONTACT_REVOKE", ...pair } as const)
        : ({ type: "TRUST_ALLOCATE", ...pair, weight: 9, category: "general", note: "trust me" } as const);
    return seedEvent(endMs - rng.next() * DAY_MS, act, { payer: UNTRUSTED_PAYER });
  });
  // An account that pays for its own messages needs nobody's trust.
  const own = people
    .filter((person) => person.userId.startsWith("0.0."))
    .slice(0, 8)
    .map((person) =>
      seedEvent(
        anyTime(),
        {
          type: "PROFILE_UPDATE",
          actor: person.userId,
          profile: { displayName: person.name, handle: person.handle, bio: "Paid for by myself." },
        },
        { payer: person.userId },
      ),
    );
  const [writer] = rng.sample(people, 1);
  const unfinished: SeedEvent[] = writer
    ? [
        {
          ...seedEvent(anyTime(), {
            type: "PROFILE_UPDATE",
            actor: writer.userId,
            profile: { displayName: writer.name, handle: writer.handle, bio: LONG_PARAGRAPHS.join("\n\n") },
          }),
          unfinished: true,
        },
      ]
    : [];
  return [...strange, ...forged, ...own, ...unfinished];
}
