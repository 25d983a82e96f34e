/** Chooses the next act. */
import type { Rng } from "../rng";
import type { Act } from "../seed/acts";
import { type DemoPerson, traitsOf } from "../seed/people";
import { COMMUNITIES, MINT_NOTES, REQUEST_NOTES, TRUST_NOTES } from "../seed/phrases";
import { profileUpdate } from "../seed/profiles";
import { RECOGNITION_IDS } from "../seed/recognition";
import type { SocialState } from "./social-state";

export interface Choice {
  readonly state: SocialState;
  readonly people: readonly DemoPerson[];
  /** Nothing is done in the name of these people. */
  readonly played: ReadonlySet<string>;
  readonly nowMs: number;
  readonly rng: Rng;
}

/** With an act every four seconds, something happens to a played person about once a minute. */
const PLAYED_SHARE = 1 / 14;
/** A person who was just asked looks at it after a while. */
const ANSWER_AFTER_MS = 6_000;
const JUST_ASKED_MS = 10 * 60_000;
const SLOTS = 9;
const TRIES = 40;

/** A plausible act; null if none is found. */
export function chooseAct(choice: Choice): Act | null {
  const { state, played, nowMs, rng } = choice;
  const waiting = state.pending().filter(({ from, to, sinceMs }) => {
    const ageMs = nowMs - sinceMs;
    return played.has(from) && !played.has(to) && ageMs > ANSWER_AFTER_MS && ageMs < JUST_ASKED_MS;
  });
  const [request] = waiting;
  if (request && rng.chance(0.4)) return { type: "CONTACT_ACCEPT", actor: request.to, target: request.from };
  return rng.chance(PLAYED_SHARE) ? forPlayed(choice) : amongOthers(choice);
}

function forPlayed(choice: Choice): Act | null {
  const { state, people, played, rng } = choice;
  const person = rng.pick([...played]);
  const contacts = state.contactsOf(person).filter((id) => !played.has(id));
  const asked = state.pending().find(({ from, to }) => from === person && !played.has(to));
  const kind = rng.weighted({ request: 3, accept: asked ? 2 : 0, trust: 3, mint: 2, profile: 1 });
  if (kind === "accept" && asked) return { type: "CONTACT_ACCEPT", actor: asked.to, target: asked.from };
  if (kind === "request" || contacts.length === 0) {
    const strangers = people.filter(({ userId }) => !played.has(userId) && isStranger(state, userId, person));
    return strangers.length > 0 ? request(rng.pick(strangers).userId, person, rng) : null;
  }
  const contact = rng.pick(contacts);
  if (kind === "trust" && canTrust(state, contact, person)) return trust(contact, person, rng);
  if (kind === "profile")
    return profile(
      people.find(({ userId }) => userId === contact),
      rng,
    );
  return mint(contact, person, rng);
}

function amongOthers(choice: Choice): Act | null {
  const { state, people, played, rng } = choice;
  const kind = rng.weighted({ request: 24, accept: 22, revoke: 2, trust: 22, untrust: 4, mint: 16, profile: 10 });
  const others = people.filter(({ userId }) => !played.has(userId));
  if (kind === "accept") {
    const open = state.pending().filter(({ from, to }) => !played.has(to) && !played.has(from));
    const answered = open.length > 0 ? rng.pick(open) : null;
    if (answered) return { type: "CONTACT_ACCEPT", actor: answered.to, target: answered.from };
  }
  for (let tries = 0; tries < TRIES && others.length > 1; tries++) {
    const actor = rng.pick(others);
    if (kind === "profile") return profile(actor, rng);
    if (kind === "request" || kind === "accept") {
      const target = rng.pick(others);
      if (isStranger(state, actor.userId, target.userId)) return request(actor.userId, target.userId, rng);
      continue;
    }
    if (kind === "untrust") {
      const [target] = rng.sample([...state.trustedBy(actor.userId)], 1);
      if (target && !played.has(target)) return { type: "TRUST_REVOKE", actor: actor.userId, target };
      continue;
    }
    const [contact] = rng.sample(state.contactsOf(actor.userId), 1);
    if (!contact) continue;
    if (kind === "revoke" && !played.has(contact)) {
      return { type: "CONTACT_REVOKE", actor: actor.userId, target: contact };
    }
    if (kind === "trust" && canTrust(state, actor.userId, contact)) return trust(actor.userId, contact, rng);
    if (kind === "mint") return mint(actor.userId, contact, rng);
  }
  return null;
}

function isStranger(state: SocialState, a: string, b: string): boolean {
  return a !== b && !state.isBonded(a, b) && !state.isPending(a, b);
}

function canTrust(state: SocialState, giver: string, receiver: string): boolean {
  const trusted = state.trustedBy(giver);
  return state.isBonded(giver, receiver) && !trusted.has(receiver) && trusted.size < SLOTS;
}

const request = (actor: string, target: string, rng: Rng): Act => ({
  type: "CONTACT_REQUEST",
  actor,
  target,
  note: rng.pick(REQUEST_NOTES),
});

const trust = (actor: string, target: string, rng: Rng): Act => ({
  type: "TRUST_ALLOCATE",
  actor,
  target,
  weight: 1,
  category: rng.pick(COMMUNITIES).category,
  note: rng.pick(TRUST_NOTES),
});

const mint = (actor: string, target: string, rng: Rng): Act => ({
  type: "RECOGNITION_MINT",
  actor,
  target,
  recognitionId: rng.pick(RECOGNITION_IDS),
  note: rng.pick(MINT_NOTES),
});

function profile(person: DemoPerson | undefined, rng: Rng): Act | null {
  return person ? profileUpdate({ ...person, ...traitsOf(person.name) }, rng, false) : null;
}
