/** Contacts of the seeded world: requests, accepts, revokes, and second thoughts. */
import type { Rng } from "../rng";
import { type SeedEvent, seedEvent } from "./acts";
import type { Character } from "./people";
import { LONG_PARAGRAPHS, REQUEST_NOTES } from "./phrases";

/** A pair that is bonded at the end, and since when. */
export interface Bond {
  readonly a: Character;
  readonly b: Character;
  readonly sinceMs: number;
}

export interface ContactsOfWorld {
  readonly bonds: readonly Bond[];
  readonly events: readonly SeedEvent[];
}

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** Most of the unanswered requests are from the last hours. */
const RECENT_MS = 30 * HOUR_MS;
/** How many open requests the first person has in every world: a newcomer should have something to answer. */
const MAIN_INCOMING = 4;
const MAIN_OUTGOING = 3;

/** Draws the graph, then tells each pair's story. */
export function makeContacts(people: readonly Character[], rng: Rng, endMs: number): ContactsOfWorld {
  const bonds: Bond[] = [];
  const events: SeedEvent[] = [];
  const main = people[0];
  let mainPairs = 0;
  for (const [a, b] of drawPairs(people, rng)) {
    const mainIndex = a === main || b === main ? mainPairs++ : -1;
    const story = tell(a, b, { rng, endMs, main, mainIndex });
    events.push(...story.events);
    if (story.bond) bonds.push(story.bond);
  }
  return { bonds, events };
}

/** Pairs such that everybody gets about as many contacts as they are sociable, mostly inside their community. */
function drawPairs(people: readonly Character[], rng: Rng): [Character, Character][] {
  const degree = new Map<Character, number>(people.map((person) => [person, 0]));
  const seen = new Set<string>();
  const pairs: [Character, Character][] = [];
  const byCommunity = new Map<number, Character[]>();
  for (const person of people) {
    byCommunity.set(person.community, [...(byCommunity.get(person.community) ?? []), person]);
  }
  const free = (person: Character) => person.sociability - (degree.get(person) ?? 0);
  // The most sociable choose first, or they would find nobody left.
  for (const person of people.toSorted((a, b) => b.sociability - a.sociability)) {
    const neighbours = byCommunity.get(person.community) ?? [];
    for (let tries = 0; free(person) > 0 && tries < person.sociability * 12; tries++) {
      const peer = rng.pick(rng.chance(0.6) ? neighbours : people);
      const key = [person.userId, peer.userId].sort().join(" ");
      if (peer === person || seen.has(key) || free(peer) <= 0) continue;
      seen.add(key);
      degree.set(person, (degree.get(person) ?? 0) + 1);
      degree.set(peer, (degree.get(peer) ?? 0) + 1);
      pairs.push(rng.chance(0.5) ? [person, peer] : [peer, person]);
    }
  }
  return pairs;
}

interface Setting {
  readonly rng: Rng;
  readonly endMs: number;
  readonly main: Character | undefined;
  /** Counts the first person's pairs; -1 for all others. */
  readonly mainIndex: number;
}

function tell(a: Character, b: Character, { rng, endMs, main, mainIndex }: Setting) {
  const events: SeedEvent[] = [];
  const isMain = mainIndex >= 0;
  const pending = isMain ? mainIndex < MAIN_INCOMING + MAIN_OUTGOING : rng.chance(0.07);
  // The first person's first pairs are their open requests: some to answer, then some to wait for.
  const swap = isMain && pending && (a === main) === mainIndex < MAIN_INCOMING;
  const [asker, asked] = swap ? [b, a] : [a, b];
  const from = Math.max(a.joinedMs, b.joinedMs) + 5 * MINUTE_MS;
  const isRecent = pending && rng.chance(0.75);
  const requestedMs = isRecent ? endMs - rng.next() * RECENT_MS : from + rng.next() * (endMs - from);
  const note = rng.chance(0.012) ? rng.sample(LONG_PARAGRAPHS, 5).join("\n\n") : rng.pick(REQUEST_NOTES);
  const there = { actor: asker.userId, target: asked.userId };
  const back = { actor: asked.userId, target: asker.userId };
  events.push(seedEvent(requestedMs, { type: "CONTACT_REQUEST", ...there, note }));
  if (pending) {
    // Some people ask each other before either has answered.
    if (!isMain && rng.chance(0.1)) {
      const crossing = { type: "CONTACT_REQUEST", ...back, note: rng.pick(REQUEST_NOTES) } as const;
      events.push(seedEvent(Math.min(requestedMs + HOUR_MS, endMs - 1), crossing));
    }
    return { events, bond: null };
  }
  const answeredMs = requestedMs + Math.exp(rng.normal(Math.log(2 * HOUR_MS), 1.4));
  let sinceMs = answeredMs < endMs ? answeredMs : requestedMs + rng.next() * (endMs - requestedMs);
  events.push(seedEvent(sinceMs, { type: "CONTACT_ACCEPT", ...back }));
  if (!isMain && rng.chance(0.06)) {
    const revokedMs = sinceMs + rng.next() * (endMs - sinceMs);
    events.push(seedEvent(revokedMs, { type: "CONTACT_REVOKE", ...(rng.chance(0.5) ? there : back) }));
    if (rng.chance(0.5)) return { events, bond: null };
    const againMs = revokedMs + rng.next() * (endMs - revokedMs) * 0.5;
    sinceMs = againMs + rng.next() * (endMs - againMs) * 0.3;
    events.push(seedEvent(againMs, { type: "CONTACT_REQUEST", ...back, note: "Sorry about that. Again?" }));
    events.push(seedEvent(sinceMs, { type: "CONTACT_ACCEPT", ...there }));
  }
  return { events, bond: { a, b, sinceMs } };
}
