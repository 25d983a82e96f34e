/** Trust of the seeded world: nine slots each, a handful who gave more than they had, and changes of mind. */
import type { Rng } from "../rng";
import { type SeedEvent, seedEvent } from "./acts";
import type { Bond } from "./contacts";
import type { Character } from "./people";
import { COMMUNITIES, TRUST_NOTES } from "./phrases";

const SLOTS = 9;
/** The first person has room for two more. */
const MAIN_GIVES = 7;
/** As many write past their slots, as older clients let them. They need more contacts than that. */
const OVER_ALLOCATORS = 5;
const MAX_OVER = 3;
const HOUR_MS = 3_600_000;

/** Trust between bonded people, from the time after they bonded. */
export function makeTrust(people: readonly Character[], bonds: readonly Bond[], rng: Rng, endMs: number): SeedEvent[] {
  const bondsOf = new Map<Character, Bond[]>();
  for (const bond of bonds) {
    for (const side of [bond.a, bond.b]) bondsOf.set(side, [...(bondsOf.get(side) ?? []), bond]);
  }
  // A newcomer signs in as one of the first people of the list, whose circles are in order.
  const overAllocators = people
    .filter((person) => (bondsOf.get(person)?.length ?? 0) > SLOTS + MAX_OVER)
    .slice(-OVER_ALLOCATORS);
  return people.flatMap((giver, i) => {
    const own = bondsOf.get(giver) ?? [];
    const isMain = i === 0;
    const isOver = !isMain && overAllocators.includes(giver);
    const slots = isMain ? MAIN_GIVES : isOver ? SLOTS + rng.int(1, MAX_OVER) : rng.int(2, SLOTS);
    let given = 0;
    const story: SeedEvent[] = [];
    for (const bond of rng.sample(own, own.length)) {
      const weight = !isMain && !isOver && rng.chance(0.1) ? 2 : 1;
      if (given + weight > slots) break;
      given += weight;
      story.push(
        ...give(giver, bond.a === giver ? bond.b : bond.a, {
          weight,
          sinceMs: bond.sinceMs,
          rng,
          endMs,
          stays: isMain || isOver,
        }),
      );
    }
    return story;
  });
}

interface Gift {
  readonly weight: number;
  readonly sinceMs: number;
  readonly rng: Rng;
  readonly endMs: number;
  /** Nobody takes it back or declines it. */
  readonly stays: boolean;
}

function give(giver: Character, receiver: Character, { weight, sinceMs, rng, endMs, stays }: Gift): SeedEvent[] {
  const atMs = sinceMs + rng.next() * (endMs - 1 - sinceMs);
  const later = (afterMs: number) => afterMs + rng.next() * (endMs - 1 - afterMs);
  const pair = { actor: giver.userId, target: receiver.userId };
  const back = { actor: receiver.userId, target: giver.userId };
  const category = COMMUNITIES[receiver.community]?.category ?? "general";
  const story = [seedEvent(atMs, { type: "TRUST_ALLOCATE", ...pair, weight, category, note: rng.pick(TRUST_NOTES) })];
  if (rng.chance(0.18)) {
    const answerMs = Math.min(atMs + rng.next() * 20 * HOUR_MS, endMs - 1);
    story.push(seedEvent(answerMs, { type: "TRUST_ACCEPT", ...back }));
  }
  if (stays) return story;
  if (rng.chance(0.1)) story.push(seedEvent(later(atMs), { type: "TRUST_REVOKE", ...pair }));
  else if (rng.chance(0.04)) story.push(seedEvent(later(atMs), { type: "TRUST_DECLINE", ...back }));
  return story;
}
