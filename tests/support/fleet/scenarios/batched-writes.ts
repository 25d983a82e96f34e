/** A scenario: many people write at once, to instances that put signals into batches and are killed; everybody insists on an answer. */
import { systemClock } from "@/lib/adapters/memory/system-clock";
import { signalsIn } from "@/lib/core/signals/signal-batch";
import { createRng } from "@/lib/devnet/rng";
import type { SubmitAnswer } from "@/lib/wire/submit";
import { rememberLong } from "../../servers/redis/long-memory";
import { type Fleet, type Instance, NETWORK } from "../fleet";
import type { FleetServices } from "../services";
import { InstanceKills } from "./instance-kills";

export interface BatchedWritesOptions {
  readonly writers: number;
  /** For how long new writes begin and instances are killed. Everybody insists until the last write is answered. */
  readonly durationMs: number;
  readonly killsPerSecond: number;
}

export interface BatchedWrites {
  readonly kills: number;
  readonly answered: number;
  /** Ledger messages that carry them. */
  readonly messages: number;
  /** Writes that are not where their answers say, each with its answer; and those that never got one. */
  readonly lost: readonly string[];
  /** Writes that are on the ledger more than once. */
  readonly doubled: readonly string[];
}

/** An attempt that nobody ends is given up after a minute, and a batch that may still come is waited for. */
const INSIST_MS = 180_000;
const PAUSE_MS = 250;

export async function batchedWrites(
  fleet: Fleet,
  services: FleetServices,
  { writers, durationMs, killsPerSecond }: BatchedWritesOptions,
): Promise<BatchedWrites> {
  await rememberLong(services.redis, NETWORK);
  const kills = new InstanceKills(fleet);
  const endMs = systemClock.now() + durationMs;
  const isOver = () => systemClock.now() >= endMs;
  const told = new Map<string, SubmitAnswer | null>();
  const write = async (writer: number) => {
    const rng = createRng(writer);
    for (let turn = 0; !isOver(); turn += 1) {
      const from = `tm-writer-${writer}`;
      const ts = Math.floor(systemClock.now() / 1_000);
      const body = {
        type: "CONTACT_REQUEST",
        from,
        nonce: systemClock.now(),
        ts,
        payload: { target: `tm-to-${turn}` },
      };
      told.set(JSON.stringify(body), null);
      const answer = await insist(() => rng.pick(fleet.instances), body, `${writer}-${turn}`);
      told.set(JSON.stringify(body), answer);
    }
  };
  await Promise.all([
    kills.during(killsPerSecond, isOver),
    ...Array.from({ length: writers }, (_, writer) => write(writer)),
  ]);
  return { kills: kills.count, ...compared(services, told) };
}

/** Sends the same request to one instance after the other, until it is answered for good. Null: it never was. */
async function insist(
  pick: () => Instance,
  body: { readonly from: string },
  key: string,
): Promise<SubmitAnswer | null> {
  const untilMs = systemClock.now() + INSIST_MS;
  const headers = { "idempotency-key": key };
  while (systemClock.now() < untilMs) {
    const instance = pick();
    // A connection may break with its instance.
    const answer = await instance.post("/api/hcs/submit", body.from, { body, headers }).catch(() => null);
    if (answer?.status === 200) return JSON.parse(answer.text) as SubmitAnswer;
    if (answer !== null && !/"(in-progress|unavailable|uncertain|ledger-unavailable)"/.test(answer.text))
      throw new Error(`a write was answered with ${answer.status} ${answer.text}`);
    await systemClock.sleep(PAUSE_MS);
  }
  return null;
}

function compared({ devnet }: FleetServices, told: ReadonlyMap<string, SubmitAnswer | null>) {
  const messages = devnet.ledger.topics.get(devnet.topics.contact)?.messages ?? [];
  const places = new Map<string, string[]>();
  const carriers = new Set<number>();
  for (const { bytes, sequence } of messages)
    for (const [place, signal] of signalsIn(bytes).entries()) {
      const text = Buffer.from(signal).toString();
      if (!told.has(text)) continue;
      carriers.add(sequence);
      places.set(text, [...(places.get(text) ?? []), `${sequence}/${place}`]);
    }
  const all = [...told];
  const inWords = ([text, answer]: (typeof all)[number]) =>
    `${text} at ${places.get(text)?.join(", ") ?? "no place"}, told ${answer && `${answer.sequenceNumber}/${answer.place ?? 0}`}`;
  return {
    answered: all.filter(([, answer]) => answer !== null).length,
    messages: carriers.size,
    lost: all
      .filter(
        ([text, answer]) =>
          answer === null || places.get(text)?.includes(`${answer.sequenceNumber}/${answer.place ?? 0}`) !== true,
      )
      .map(inWords),
    doubled: all.filter(([text]) => (places.get(text)?.length ?? 0) > 1).map(inWords),
  };
}
