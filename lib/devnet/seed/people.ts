/** People of the seeded world: ids, handles, interests, how sociable they are. */
import { createRng, type Rng } from "../rng";
import { fullNames } from "./names";
import { CITIES, COMMUNITIES } from "./phrases";

/** A person as the demo sign-in shows one. */
export interface DemoPerson {
  /** `tm-first-last`, or an account id. */
  readonly userId: string;
  readonly name: string;
}

/** Traits that follow from the id. They are the same at every start, so that later profiles agree with earlier ones. */
export interface Traits {
  readonly handle: string;
  /** Index into COMMUNITIES, which says whom they mostly know and for what. */
  readonly community: number;
  readonly city: string;
}

export interface Character extends DemoPerson, Traits {
  /** About how many contacts they have. */
  readonly sociability: number;
  readonly joinedMs: number;
}

const DAY_MS = 86_400_000;
export const WORLD_DAYS = 30;
/** TrustMesh's own accounts on testnet lie around here. */
const FIRST_ACCOUNT = 7_226_146;
/** One person in this many signed up with a Hedera account instead of a name. */
const ACCOUNT_EVERY = 11;
const CONNECTORS = 4;
const MAX_USER_ID_CHARACTERS = 50;

/** The people of a world, the first of them the well-connected one. */
export function createPeople(count: number, rng: Rng, endMs: number): Character[] {
  return fullNames(count).map((name, i) => {
    const slug = slugOf(name);
    const hasAccount = i % ACCOUNT_EVERY === ACCOUNT_EVERY - 1;
    const userId = hasAccount ? `0.0.${FIRST_ACCOUNT + i * 19}` : `tm-${slug}`.slice(0, MAX_USER_ID_CHARACTERS);
    return {
      userId,
      name,
      ...traitsOf(name),
      sociability: i === 0 ? 38 : sociability(i, rng),
      // Most came early; the last ones joined this week.
      joinedMs: endMs - WORLD_DAYS * DAY_MS * (i === 0 ? 1 : 1 - 0.75 * rng.next() ** 2.2),
    };
  });
}

function sociability(index: number, rng: Rng): number {
  if (index <= CONNECTORS) return rng.int(58, 80);
  return Math.round(Math.min(40, Math.max(8, Math.exp(rng.normal(Math.log(17), 0.42)))));
}

function slugOf(name: string): string {
  return name
    .normalize("NFD")
    .replace(/[\u0300-\u036f']/g, "")
    .toLowerCase()
    .replace(/[^a-z]+/g, "-");
}

/** The traits of a name. */
export function traitsOf(name: string): Traits {
  const slug = slugOf(name);
  const rng = createRng([...slug].reduce((hash, letter) => Math.imul(hash ^ letter.charCodeAt(0), 16_777_619), 1));
  const parts = slug.split("-");
  const [first = slug, last = ""] = [parts[0], parts.at(-1)];
  const handles = [
    `${first}${last}`,
    `${first}.${last}`,
    `${first}_${last.slice(0, 1)}`,
    `${first.slice(0, 1)}${last}`,
  ];
  return { handle: rng.pick(handles), community: rng.int(0, COMMUNITIES.length - 1), city: rng.pick(CITIES) };
}
