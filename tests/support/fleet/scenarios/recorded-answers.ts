/** Records the answers that an instance gives to people and to readers of topics, page by page, and compares two such records. */
import { Freshness } from "@/lib/wire/common";
import type { SignalsAnswer } from "@/lib/wire/signals";
import type { Instance } from "../fleet";
import type { Answer } from "../http";
import type { FleetServices } from "../services";

/** Members that each answer has of its own, and positions, whose order follows from races. */
const SAID_ANEW = new Set([...Object.keys(Freshness.shape), "timestamp", "instance", "source", "position"]);
const PAGE = 100;

interface AnsweredRequest {
  readonly person: string;
  readonly path: string;
}

export interface RecordedAnswer extends AnsweredRequest {
  readonly answer: string;
  /** No later message changes the answer. */
  readonly isOld: boolean;
}

export const wordsOf = ({ status, text }: Answer): string =>
  `${status} ${JSON.stringify(JSON.parse(text), (name, value) => (SAID_ANEW.has(name) ? undefined : value))}`;

/** The answers of an instance that has stored the whole ledger. */
export async function recordAnswers(
  instance: Instance,
  people: readonly string[],
  { devnet }: FleetServices,
): Promise<readonly RecordedAnswer[]> {
  const recorded: RecordedAnswer[] = [];
  const ask = async (person: string, path: string, isOld: boolean) => {
    const answer = await instance.get(path, person);
    if (answer.status !== 200) throw new Error(`${person} ${path}: ${answer.status} ${answer.text}`);
    recorded.push({ person, path, isOld, answer: wordsOf(answer) });
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
  return recorded;
}

/** One line for each request whose two answers differ, with both. */
export function answerDifferences(
  expected: readonly RecordedAnswer[],
  actual: readonly RecordedAnswer[],
): readonly string[] {
  const keyOf = ({ person, path }: AnsweredRequest) => `${person} ${path}`;
  const answers = new Map(actual.map((each) => [keyOf(each), each.answer]));
  const wrong = expected.filter((each) => answers.get(keyOf(each)) !== each.answer);
  const more = actual.length === expected.length ? [] : [`${actual.length} answers for ${expected.length}`];
  return [...more, ...wrong.map((each) => answerDifference(each, answers.get(keyOf(each)) ?? "nothing"))];
}

export const answerDifference = ({ person, path, answer }: RecordedAnswer, actual: string): string =>
  `${person} ${path}: ${actual.slice(0, 300)} instead of ${answer.slice(0, 300)}`;
