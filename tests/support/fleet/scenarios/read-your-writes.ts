/** A scenario: writes on one instance and reads on another right after, as a page behind a balancer does. */
import type { SubmitAnswer } from "@/lib/wire/submit";
import type { Fleet, Instance } from "../fleet";
import type { Answer } from "../http";

export interface ReadYourWrites {
  /** Reads whose answer contained the write. */
  readonly contained: number;
  /** Request and answer of each read that lacked the write. */
  readonly missing: readonly string[];
  /** Answers `not-yet`. Each such request was repeated. */
  readonly notYet: number;
}

const VIEWS = ["/api/contacts", "/api/signals"];
const TRIES = 5;

/** Makes `writes` contact requests, one at a time for each writer. All pairs of instances take turns as writer and reader. */
export async function readYourWrites(
  fleet: Fleet,
  writers: readonly string[],
  writes: number,
): Promise<ReadYourWrites> {
  const count = { contained: 0, notYet: 0 };
  const missing: string[] = [];
  let next = 0;
  const lane = async (userId: string) => {
    for (let nonce = 1; ; nonce += 1) {
      const write = next;
      next += 1;
      if (write >= writes) return;
      const [writer, reader] = pairOf(fleet.instances, write);
      const path = VIEWS[write % VIEWS.length] as string;
      // The reader and Redis now keep a view that must not be served after the write.
      await reader.get(path, userId);
      const target = `tm-target-${write}`;
      const minSequence = await submit(writer, userId, target, nonce);
      const { answer, notYet } = await readAt(reader, path, userId, minSequence);
      count.notYet += notYet;
      if (answer.status === 200 && answer.text.includes(`"${target}"`)) count.contained += 1;
      else missing.push(`${path} ${minSequence}: ${answer.status} ${answer.headers["cache-status"]}`);
    }
  };
  await Promise.all(writers.map(lane));
  return { ...count, missing };
}

/** Goes through all ordered pairs. */
function pairOf(instances: readonly Instance[], write: number): readonly [writer: Instance, reader: Instance] {
  const n = instances.length;
  const writer = write % n;
  const reader = (writer + 1 + (Math.floor(write / n) % (n - 1))) % n;
  return [instances[writer] as Instance, instances[reader] as Instance];
}

async function submit(instance: Instance, from: string, target: string, nonce: number): Promise<string> {
  const ts = Math.floor(Date.now() / 1_000);
  const body = { type: "CONTACT_REQUEST", from, nonce, ts, payload: { target } };
  const answer = await instance.post("/api/hcs/submit", from, { body });
  if (answer.status !== 200) throw new Error(`a write was answered with ${answer.status} ${answer.text}`);
  return (JSON.parse(answer.text) as SubmitAnswer).minSequence;
}

async function readAt(instance: Instance, path: string, userId: string, minSequence: string) {
  const headers = { "if-min-sequence": minSequence };
  let answer: Answer;
  let notYet = 0;
  do answer = await instance.get(path, userId, { headers });
  while (answer.status === 503 && answer.text.includes('"not-yet"') && ++notYet < TRIES);
  return { answer, notYet };
}
