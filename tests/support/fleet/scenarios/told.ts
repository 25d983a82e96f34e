/** Everything that people and the readers of topics are told through an instance, page by page. */
import { Freshness } from "@/lib/wire/common";
import type { SignalsAnswer } from "@/lib/wire/signals";
import type { Instance } from "../fleet";
import type { Answer } from "../http";
import type { FleetServices } from "../services";

/** Members that each answer has of its own, and positions, whose order follows from races. */
const SAID_ANEW = new Set([...Object.keys(Freshness.shape), "timestamp", "instance", "source", "position"]);
const PAGE = 100;

interface Question {
  readonly person: string;
  readonly path: string;
}

export interface Told extends Question {
  readonly answer: string;
  /** No later message changes the answer. */
  readonly isOld: boolean;
}

export const wordsOf = ({ status, text }: Answer): string =>
  `${status} ${JSON.stringify(JSON.parse(text), (name, value) => (SAID_ANEW.has(name) ? undefined : value))}`;

/** Asks an instance that has stored the whole ledger. */
export async function everythingTold(
  instance: Instance,
  people: readonly string[],
  { devnet }: FleetServices,
): Promise<readonly Told[]> {
  const told: Told[] = [];
  const ask = async (person: string, path: string, isOld: boolean) => {
    const answer = await instance.get(path, person);
    if (answer.status !== 200) throw new Error(`${person} ${path}: ${answer.status} ${answer.text}`);
    told.push({ person, path, isOld, answer: wordsOf(answer) });
    return answer.text;
  };
  for (const person of people) {
    for (const path of ["/api/contacts", "/api/circle", "/api/recognition"]) await ask(person, path, false);
    for (let cursor: string | null = ""; cursor !== null; ) {
      const isOld = cursor !== "";
      const page = await ask(person, `/api/signals?limit=${PAGE}${isOld ? `&cursor=${cursor}` : ""}`, isOld);
      const { items, nextCursor } = JSON.parse(page) as Pick<SignalsAnswer, "items" | "nextCursor">;
      cursor = nextCursor;
      const last = items.at(-1);
      if (last !== undefined) await ask(person, `/api/proof/${last.topicId}/${last.sequenceNumber}`, false);
    }
  }
  const [person = ""] = people;
  for (const { id, messages } of devnet.ledger.topics.values())
    for (let from = 1; from <= messages.length; from += PAGE) {
      const path = `/api/v1/topics/${id}/messages?limit=${PAGE}&sequencenumber=gte:${from}`;
      await ask(person, path, from + PAGE <= messages.length);
    }
  return told;
}

/** Questions whose answers are not the same, with both. */
export function toldOtherwise(expected: readonly Told[], actual: readonly Told[]): readonly string[] {
  const keyOf = ({ person, path }: Question) => `${person} ${path}`;
  const answers = new Map(actual.map((each) => [keyOf(each), each.answer]));
  const wrong = expected.filter((each) => answers.get(keyOf(each)) !== each.answer);
  const more = actual.length === expected.length ? [] : [`${actual.length} answers for ${expected.length}`];
  return [...more, ...wrong.map((each) => otherwise(each, answers.get(keyOf(each)) ?? "nothing"))];
}

export const otherwise = ({ person, path, answer }: Told, actual: string): string =>
  `${person} ${path}: ${actual.slice(0, 300)} instead of ${answer.slice(0, 300)}`;
