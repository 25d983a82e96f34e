/** A scenario: many streams while messages arrive, clients move and processes die. It counts lost and doubled events. */
import { systemClock } from "@/lib/adapters/memory/system-clock";
import type { TopicId } from "@/lib/core/ledger/ids";
import type { Devnet } from "@/lib/devnet/devnet";
import { createRng } from "@/lib/devnet/rng";
import { costOf, type ReadCost, settled } from "../cost";
import { type Fleet, type Instance, startFleet } from "../fleet";
import type { FleetServices } from "../services";
import { type StoredState, storedState } from "../stored-state";
import { PACKING_ENV, PackingLoad } from "./packing-load";
import { type Stay, StreamClient } from "./stream-client";

export interface StreamsOptions {
  readonly services: FleetServices;
  readonly instances: number;
  readonly clients: number;
  /** Clients of one user. Each gets all signals of that user. Absent: 1. */
  readonly clientsPerUser?: number;
  /** Signals over all clients. Each message makes one for every client of two users. */
  readonly events: number;
  readonly messagesPerSecond: number;
  readonly stay: Stay;
  /** Time between two kills. A killed process starts again. */
  readonly killEveryMs: number;
  /**
   * Whether all instances pack meanwhile. The ledger must be an old one then (packing-load.ts). In the end one more client of each user
   * reads everything from the first signal on, most of it packed.
   */
  readonly isPacking?: boolean;
  /** Time for which the cost of idle streams is measured, after the last event. 0: it is not measured. */
  readonly idleMs: number;
}

export interface StreamsOutcome {
  readonly expected: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly outOfOrder: number;
  readonly resyncs: number;
  readonly connections: number;
  readonly kills: number;
  readonly seconds: number;
  /** Cost of all streams together while nothing happens. */
  readonly idle: ReadCost;
  readonly idleSeconds: number;
  /** Segments in the end, and the number of instances that were killed while they packed. */
  readonly packed: StoredState["segments"] & { readonly kills: number };
}

const TICK_MS = 100;
/** After this long without an event, missing events count as lost. */
const PATIENCE_MS = 45_000;

export async function runStreams(options: StreamsOptions): Promise<StreamsOutcome> {
  const { services, clients: count, clientsPerUser = 1, instances, isPacking = false } = options;
  const fleet = await startFleet({ services, count: instances, env: isPacking ? PACKING_ENV : {} });
  const rng = createRng(3);
  const users = Array.from({ length: count / clientsPerUser }, (_, i) => `tm-streamed-${i}`);
  const clients = Array.from(
    { length: count },
    (_, i) => new StreamClient(users[i % users.length] as string, fleet, options.stay, rng.next),
  );
  let packing: PackingLoad | null = null;
  try {
    const startMs = systemClock.now();
    for (const client of clients) client.start();
    // They move already. Of 500 clients some are always between two instances.
    await until(() => clients.every(({ hasBeenOpen }) => hasBeenOpen));
    if (isPacking) packing = await PackingLoad.open(services, fleet);
    const killer = new Killer(fleet, options.killEveryMs, packing?.choose ?? (async (running) => rng.pick(running)));
    let isWritten = false;
    const packed = packing?.during(() => isWritten);
    const expected = await write(options, users, rng.sample);
    await killer.atLeastOnce();
    await settle(clients, options.events);
    await until(() => packing === null || packing.killed > 0);
    isWritten = true;
    await Promise.all([killer.stop(), packed]);
    const seconds = (systemClock.now() - startMs) / 1_000;
    for (const client of clients) client.settle();
    if (packing !== null) {
      await packing.pack(fleet.instances[0] as Instance);
      const late = users.map((userId) => new StreamClient(userId, fleet, null, rng.next));
      for (const client of late) client.start();
      clients.push(...late);
      await settle(clients, (options.events * (clientsPerUser + 1)) / clientsPerUser);
    }
    await until(() => clients.every(({ isOpen }) => isOpen));
    // The instance that started last loads each topic's cursor once. This sync makes it do so now.
    await Promise.all(fleet.instances.map((each) => each.post("/api/sync", users[0] as string, { body: {} })));
    const idle = await idleCost(services, options.idleMs);
    const { segments } = await storedState(fleet.databaseUrl);
    return {
      ...{ ...sumOf(clients, expected), kills: killer.kills, seconds, idle, idleSeconds: options.idleMs / 1_000 },
      packed: { ...segments, kills: packing?.killed ?? 0 },
    };
  } finally {
    for (const client of clients) client.stop();
    await packing?.close();
    await fleet.stop();
  }
}

/** Writes messages over three topics at the given rate, each between two users. Resolves to each user's expected signals. */
async function write(
  { services, events, clientsPerUser = 1, messagesPerSecond }: StreamsOptions,
  users: readonly string[],
  sample: <T>(items: readonly T[], count: number) => T[],
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const { devnet } = services;
  const expected = new Map(users.map((userId) => [userId, new Set<string>()]));
  const kinds = kindsOf(devnet);
  const messages = events / (2 * clientsPerUser);
  const startMs = systemClock.now();
  for (let written = 0; written < messages; ) {
    const due = Math.min(messages, ((systemClock.now() - startMs) / 1_000) * messagesPerSecond);
    for (const { topicId, type } of kinds) {
      const pairs = Array.from({ length: Math.ceil((due - written) / 3) }, () => sample(users, 2));
      const left = pairs.slice(0, messages - written);
      const submitted = devnet.submitMany(
        topicId,
        left.map(([actor, target]) => ({ type, actor, target, note: "What people say of each other in a line." })),
      );
      for (const [i, { sequence }] of submitted.entries())
        for (const userId of left[i] ?? []) expected.get(userId)?.add(`${topicId}/${sequence}`);
      written += left.length;
    }
    await systemClock.sleep(TICK_MS);
  }
  return expected;
}

function kindsOf({ topics }: Devnet): readonly { readonly topicId: TopicId; readonly type: string }[] {
  return [
    { topicId: topics.contact, type: "CONTACT_REQUEST" },
    { topicId: topics.trust, type: "TRUST_ACCEPT" },
    { topicId: topics.recognition, type: "RECOGNITION_VALIDATE" },
  ];
}

class Killer {
  kills = 0;
  private isStopped = false;
  private readonly loop: Promise<void>;

  constructor(fleet: Fleet, everyMs: number, choose: PackingLoad["choose"]) {
    this.loop = this.run(fleet, everyMs, choose);
  }

  async atLeastOnce(): Promise<void> {
    await until(() => this.kills > 0);
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    await this.loop;
  }

  private async run(fleet: Fleet, everyMs: number, choose: PackingLoad["choose"]): Promise<void> {
    const startMs = systemClock.now();
    while (!this.isStopped) {
      await systemClock.sleep(TICK_MS);
      if (systemClock.now() - startMs < (this.kills + 1) * everyMs) continue;
      const victim = await choose(fleet.instances);
      await victim.kill();
      this.kills += 1;
      await victim.start();
    }
  }
}

/** Waits until all events have arrived, or none arrives any more. */
async function settle(clients: readonly StreamClient[], events: number): Promise<void> {
  const arrived = () => clients.reduce((sum, { received }) => sum + received.ids.length, 0);
  for (let [last, waitedMs] = [arrived(), 0]; last < events && waitedMs < PATIENCE_MS; waitedMs += TICK_MS) {
    await systemClock.sleep(TICK_MS);
    const now = arrived();
    if (now > last) [last, waitedMs] = [now, 0];
  }
}

/** Cost of idle streams, from when the last commit and the last start cause no more work. The sync's rounds go on. */
async function idleCost(services: FleetServices, idleMs: number): Promise<ReadCost> {
  if (idleMs === 0) return costOf(services, async () => {});
  await settled();
  const costOfOneSecond = () => costOf(services, () => systemClock.sleep(1_000));
  for (let tries = 0; tries < 30; tries += 1) {
    const { commands, statements } = await costOfOneSecond();
    if (commands + statements === 0) break;
  }
  return costOf(services, () => systemClock.sleep(idleMs));
}

function sumOf(clients: readonly StreamClient[], expected: ReadonlyMap<string, ReadonlySet<string>>) {
  const sum = { expected: 0, lost: 0, duplicated: 0, outOfOrder: 0, resyncs: 0, connections: 0 };
  for (const { userId, received } of clients) {
    const ids = new Set(received.ids);
    const wanted = expected.get(userId) ?? new Set();
    sum.expected += wanted.size;
    for (const id of wanted) if (!ids.has(id)) sum.lost += 1;
    sum.duplicated += received.ids.length - ids.size;
    sum.outOfOrder += received.outOfOrder;
    sum.resyncs += received.resyncs;
    sum.connections += received.connections;
  }
  return sum;
}

async function until(isSo: () => boolean): Promise<void> {
  for (let waitedMs = 0; !isSo(); waitedMs += TICK_MS) {
    if (waitedMs > 2 * PATIENCE_MS) throw new Error("the streams did not come to rest");
    await systemClock.sleep(TICK_MS);
  }
}
