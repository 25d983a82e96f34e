/** Profiles, which people publish again from time to time. */
import type { Rng } from "../rng";
import { type ProfileBody, type SeedEvent, seedEvent } from "./acts";
import type { Character, DemoPerson, Traits } from "./people";
import { BIO_ENDINGS, COMMUNITIES, LONG_PARAGRAPHS } from "./phrases";

/** This share of biographies is longer than one transaction holds. */
const LONG_BIO_CHANCE = 0.05;

/** A profile when they join, and changes of it later. */
export function makeProfiles(people: readonly Character[], rng: Rng, endMs: number): SeedEvent[] {
  return people.flatMap((person, i) => {
    const isLong = i === 0 || rng.chance(LONG_BIO_CHANCE);
    const firstMs = Math.min(person.joinedMs + 60_000 + rng.next() * 600_000, endMs - 1);
    const story = [seedEvent(firstMs, profileUpdate(person, rng, false))];
    const updates = i === 0 ? 2 : rng.chance(0.45) ? rng.int(1, 2) : 0;
    for (let n = 0; n < updates; n++) {
      const atMs = firstMs + rng.next() * (endMs - 1 - firstMs);
      story.push(seedEvent(atMs, profileUpdate(person, rng, isLong && n === updates - 1)));
    }
    return story;
  });
}

/** A profile message of that person, with a new bio. */
export function profileUpdate(person: DemoPerson & Traits, rng: Rng, isLong: boolean) {
  const profile: ProfileBody = {
    displayName: person.name,
    handle: person.handle,
    bio: isLong ? rng.sample(LONG_PARAGRAPHS, 5).join("\n\n") : bio(person, rng),
    hrl: `hrl:tm/${person.userId}`,
  };
  return { type: "PROFILE_UPDATE", actor: person.userId, profile } as const;
}

function bio({ community, city }: Traits, rng: Rng): string {
  const { role, interest } = COMMUNITIES[community] ?? COMMUNITIES[0];
  const opening = rng.pick([
    `${role} in ${city}, mostly about ${interest}.`,
    `${role}. ${city}.`,
    `I do ${interest} in ${city}.`,
    `${role} by day, ${interest} by night, ${city} always.`,
  ]);
  return `${opening} ${rng.pick(BIO_ENDINGS)}`;
}
