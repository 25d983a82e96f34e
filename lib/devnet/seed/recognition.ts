/** Recognition: a dozen definitions, and mints of them, some of which come before their definition does. */
import type { Rng } from "../rng";
import { type DefinitionBody, type SeedEvent, seedEvent } from "./acts";
import type { Bond } from "./contacts";
import { type Character, WORLD_DAYS } from "./people";
import { MINT_NOTES } from "./phrases";

const DAY_MS = 86_400_000;

interface PlannedDefinition {
  readonly id: string;
  readonly title: string;
  readonly icon: string;
  readonly description: string;
  readonly category: string;
  /** The day of the world on which it is published. Null: never, so its mints stay pending. */
  readonly day: number | null;
}

const DEFINITIONS: readonly PlannedDefinition[] = [
  ["team-player", "Team Player", "🤝", "Collaborates well with others", "community", 0.1],
  ["reliable", "Reliable", "⚓", "Does what was said, when it was said", "character", 0.1],
  ["mentor", "Mentor", "🧭", "Helps others find their own way", "education", 0.2],
  ["night-owl", "Night Owl", "🦉", "Kept the lights on when everybody slept", "technical", 0.4],
  ["bridge-builder", "Bridge Builder", "🌉", "Brings people together who did not speak", "community", 1],
  ["code-whisperer", "Code Whisperer", "🪄", "Understands the part nobody dares to touch", "technical", 2],
  ["good-soup", "Good Soup", "🍲", "Feeds people, literally or otherwise", "care", 3],
  ["clear-voice", "Clear Voice", "📣", "Says the difficult thing kindly", "character", 5],
  ["first-responder", "First Responder", "🚑", "Was there before being asked", "care", 8],
  ["open-hand", "Open Hand", "🫱", "Shares work, credit and tools", "community", 12],
  ["late-bloomer", "Late Bloomer", "🌻", "Took the long road and arrived", "character", 21],
  ["deep-diver", "Deep Diver", "🤿", "Reads the source, then the paper, then the errata", "research", 25],
].map(
  ([id, title, icon, description, category, day]) =>
    ({ id, title, icon, description, category, day }) as PlannedDefinition,
);

/** Minted, but nobody has published what it means. */
const NEVER_DEFINED: readonly PlannedDefinition[] = [
  { id: "quiet-hero", title: "", icon: "", description: "", category: "", day: null },
  { id: "moon-garden", title: "", icon: "", description: "", category: "", day: null },
];

/** Recognitions of the first person; one is pending. */
const MAIN_MINTS = ["team-player", "mentor", "night-owl", "code-whisperer", "late-bloomer", "quiet-hero"];

/** Definitions on their days, and a few mints per person from people they are bonded with. */
export function makeRecognition(
  people: readonly Character[],
  bonds: readonly Bond[],
  rng: Rng,
  endMs: number,
): SeedEvent[] {
  const startMs = endMs - WORLD_DAYS * DAY_MS;
  const all = [...DEFINITIONS, ...NEVER_DEFINED];
  const author = people[1]?.userId ?? people[0]?.userId ?? "tm-trustmesh";
  const definitions = DEFINITIONS.map((planned) =>
    seedEvent(startMs + (planned.day ?? 0) * DAY_MS, {
      type: "RECOGNITION_DEFINITION",
      actor: author,
      definition: bodyOf(planned),
    }),
  );
  const givers = new Map<string, Bond[]>();
  for (const bond of bonds) {
    for (const side of [bond.a, bond.b]) givers.set(side.userId, [...(givers.get(side.userId) ?? []), bond]);
  }
  const mints = people.flatMap((receiver, i) => {
    const own = givers.get(receiver.userId) ?? [];
    if (own.length === 0) return [];
    const ids = i === 0 ? MAIN_MINTS : Array.from({ length: mintCount(rng) }, () => draw(all, rng).id);
    return ids.flatMap((recognitionId) => mint(receiver, rng.pick(own), recognitionId, rng, endMs));
  });
  return [...definitions, ...mints];
}

function mint(receiver: Character, bond: Bond, recognitionId: string, rng: Rng, endMs: number): SeedEvent[] {
  const giver = bond.a === receiver ? bond.b : bond.a;
  const atMs = bond.sinceMs + rng.next() * (endMs - 1 - bond.sinceMs);
  const pair = { actor: giver.userId, target: receiver.userId };
  const story = [seedEvent(atMs, { type: "RECOGNITION_MINT", ...pair, recognitionId, note: rng.pick(MINT_NOTES) })];
  if (rng.chance(0.07)) {
    const seenMs = atMs + rng.next() * (endMs - 1 - atMs);
    story.push(seedEvent(seenMs, { type: "RECOGNITION_VALIDATE", actor: giver.userId, target: receiver.userId }));
  }
  return story;
}

const mintCount = (rng: Rng): number => Math.max(0, Math.round(rng.normal(2.6, 1.8)));

/** Definitions that are never published are rare. */
function draw(all: readonly PlannedDefinition[], rng: Rng): PlannedDefinition {
  const planned = rng.pick(all);
  return planned.day === null && rng.chance(0.7) ? draw(all, rng) : planned;
}

function bodyOf({ id, title, icon, description, category }: PlannedDefinition): DefinitionBody {
  return { id, slug: id, title, icon, description, category };
}

/** The ids that mints made later may use. */
export const RECOGNITION_IDS: readonly string[] = DEFINITIONS.map((definition) => definition.id);
