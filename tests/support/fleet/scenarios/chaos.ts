/** A scenario: all instances sync all topics while some are killed and started again. */
import { systemClock } from "@/lib/adapters/memory/system-clock";
import { createRng } from "@/lib/devnet/rng";
import { type Fleet, type Instance, startFleet } from "../fleet";
import type { FleetServices } from "../services";
import { differences, storedState } from "../stored-state";
import { Feed } from "./feed";
import { InstanceKills } from "./instance-kills";

export interface ChaosOptions {
  readonly services: FleetServices;
  readonly instances: number;
  readonly durationMs: number;
  /** The run goes on past `durationMs` until this many requests are answered, but at most ten times as long. */
  readonly leastAnswers?: number;
  readonly killsPerSecond: number;
}

export interface ChaosOutcome {
  readonly kills: number;
  /** Messages written while instances were killed. */
  readonly written: number;
  /** Answers of a sync or a read. */
  readonly answers: number;
  /** Requests that failed because their instance was killed. */
  readonly broken: number;
  /** Differences between the database and a clean replay. Empty means: no message lost, none stored twice, every count right. */
  readonly wrong: readonly string[];
  readonly deadlocks: number;
  /** Errors that living instances logged, and their answers with a status of 500. */
  readonly errors: readonly string[];
  /** Further errors, which say that the database did not answer in time: the machine has too little CPU. */
  readonly starved: number;
}

/** Wait between an instance's answer and the next request to it. */
const PAUSE_MS = 20;
const FEED_MS = 50;
const FEED_PER_SECOND = 70;
const SETTLE_TRIES = 100;
/** Matches a log line or an answer about a database that did not answer in time. */
const STARVED = /TierUnavailable: postgres|"unavailable"/;

export async function runChaos(options: ChaosOptions): Promise<ChaosOutcome> {
  const { services } = options;
  const feed = new Feed(services.devnet, 1);
  const fleet = await startFleet({ services, count: options.instances, isCounted: false });
  const run = new ChaosRun(fleet, feed);
  try {
    await run.during(options);
    await run.settle(services);
  } finally {
    await fleet.stop();
  }
  const actual = await storedState(fleet.databaseUrl);
  const expected = await replayed(services);
  const errors = [
    ...run.refused,
    ...fleet.lost,
    ...fleet.logged.filter(({ level }) => level === "error").map(({ instance, text }) => `${instance}: ${text}`),
  ];
  return {
    ...{ kills: run.kills.count, written: feed.written, answers: run.answers, broken: run.broken },
    wrong: [...actual.flaws, ...differences(expected, actual.lines)],
    deadlocks: actual.deadlocks,
    errors: errors.filter((error) => !STARVED.test(error)),
    starved: errors.filter((error) => STARVED.test(error)).length,
  };
}

/** Stored state of one instance that read the whole ledger undisturbed. */
async function replayed(services: FleetServices): Promise<readonly string[]> {
  const fleet = await startFleet({ services, count: 1, isCounted: false });
  await fleet.stop();
  return (await storedState(fleet.databaseUrl)).lines;
}

class ChaosRun {
  readonly kills: InstanceKills;
  answers = 0;
  broken = 0;
  readonly refused: string[] = [];
  private isOver = false;
  private readonly rng = createRng(2);

  constructor(
    private readonly fleet: Fleet,
    private readonly feed: Feed,
  ) {
    this.kills = new InstanceKills(fleet);
  }

  async during({ durationMs, leastAnswers = 0, killsPerSecond }: ChaosOptions): Promise<void> {
    const work = [
      ...this.fleet.instances.map((instance) => this.drive(instance)),
      this.write(),
      this.kills.during(killsPerSecond, () => this.isOver),
    ];
    const startMs = systemClock.now();
    await systemClock.sleep(durationMs);
    while (this.answers < leastAnswers && systemClock.now() - startMs < 10 * durationMs)
      await systemClock.sleep(PAUSE_MS);
    this.isOver = true;
    await Promise.all(work);
  }

  /** Syncs until the store has every message of the ledger. */
  async settle({ devnet }: FleetServices): Promise<void> {
    for (let tries = 0; tries < SETTLE_TRIES; tries += 1) {
      const instance = this.fleet.instances[tries % this.fleet.instances.length] as Instance;
      const { text } = await instance.post("/api/sync", "tm-fed-0", { body: {} });
      const { topics } = JSON.parse(text) as { topics: readonly { topicId: string; toSequence: number }[] };
      const isBehind = topics.some(
        ({ topicId, toSequence }) =>
          toSequence !== [...devnet.ledger.topics.values()].find(({ id }) => id === topicId)?.messages.length,
      );
      if (topics.length > 0 && !isBehind) return;
      await systemClock.sleep(PAUSE_MS * 5);
    }
    throw new Error("the instances did not catch up with the ledger");
  }

  private async drive(instance: Instance): Promise<void> {
    while (!this.isOver) {
      if (instance.port === null) {
        await systemClock.sleep(PAUSE_MS);
        continue;
      }
      const isRead = this.rng.chance(0.5);
      const person = this.rng.pick(this.feed.people);
      try {
        const answer = isRead
          ? await instance.get("/api/contacts", person)
          : await instance.post("/api/sync", person, { body: {} });
        this.answers += 1;
        if (answer.status !== 200) this.refused.push(`${isRead ? "read" : "sync"}: ${answer.status} ${answer.text}`);
      } catch {
        this.broken += 1;
      }
      await systemClock.sleep(PAUSE_MS);
    }
  }

  /** Writes as many messages as are due by the time that has passed. */
  private async write(): Promise<void> {
    const startMs = systemClock.now();
    const due = () => ((systemClock.now() - startMs) / 1_000) * FEED_PER_SECOND;
    while (!this.isOver) {
      while (this.feed.written < due()) this.feed.once();
      await systemClock.sleep(FEED_MS);
    }
  }
}
