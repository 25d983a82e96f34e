/** Instances that all sync all topics, and are killed and started again meanwhile. */
import { systemClock } from "@/lib/adapters/memory/system-clock";
import { createRng } from "@/lib/devnet/rng";
import { Feed } from "./feed";
import { type Fleet, type Instance, startFleet } from "./fleet";
import type { FleetServices } from "./services";
import { differences, storedState } from "./stored-state";

export interface ChaosOptions {
  readonly services: FleetServices;
  readonly instances: number;
  readonly durationMs: number;
  /** The run goes on past `durationMs` until so many requests were answered, but not for ten times as long. */
  readonly leastAnswers?: number;
  readonly killsPerSecond: number;
}

export interface ChaosOutcome {
  readonly kills: number;
  /** Messages written while instances were killed. */
  readonly written: number;
  /** Answers of a sync or a read. */
  readonly answers: number;
  /** Requests that ended with their instance. */
  readonly broken: number;
  /** Where the database is not what a clean replay makes it. Empty: no message lost, none twice, every count the same. */
  readonly wrong: readonly string[];
  readonly deadlocks: number;
  /** Errors that living instances logged, and their answers with a status of 500. */
  readonly errors: readonly string[];
  /** How many of them say that the database did not answer in time: the machine has too little CPU. */
  readonly starved: number;
}

/** Each instance is asked to sync again this long after it has answered. */
const PAUSE_MS = 20;
/** So many instances are left alive. Where starts are slow, there would be none that answers otherwise. */
const LEAST_RUNNING = 2;
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
    ...{ kills: run.kills, written: feed.written, answers: run.answers, broken: run.broken },
    wrong: [...actual.flaws, ...differences(expected, actual.lines)],
    deadlocks: actual.deadlocks,
    errors: errors.filter((error) => !STARVED.test(error)),
    starved: errors.filter((error) => STARVED.test(error)).length,
  };
}

/** The state that one instance alone makes of the ledger. */
async function replayed(services: FleetServices): Promise<readonly string[]> {
  const fleet = await startFleet({ services, count: 1, isCounted: false });
  await fleet.stop();
  return (await storedState(fleet.databaseUrl)).lines;
}

class ChaosRun {
  kills = 0;
  answers = 0;
  broken = 0;
  readonly refused: string[] = [];
  private isOver = false;
  private readonly rng = createRng(2);

  constructor(
    private readonly fleet: Fleet,
    private readonly feed: Feed,
  ) {}

  async during({ durationMs, leastAnswers = 0, killsPerSecond }: ChaosOptions): Promise<void> {
    const work = [
      ...this.fleet.instances.map((instance) => this.drive(instance)),
      this.write(),
      this.killAll(killsPerSecond),
    ];
    const startMs = systemClock.now();
    await systemClock.sleep(durationMs);
    while (this.answers < leastAnswers && systemClock.now() - startMs < 10 * durationMs)
      await systemClock.sleep(PAUSE_MS);
    this.isOver = true;
    await Promise.all(work);
  }

  /** Until the store has what the ledger has. */
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

  /** As much as is due, however rarely this process gets to it. */
  private async write(): Promise<void> {
    const startMs = systemClock.now();
    const due = () => ((systemClock.now() - startMs) / 1_000) * FEED_PER_SECOND;
    while (!this.isOver) {
      while (this.feed.written < due()) this.feed.once();
      await systemClock.sleep(FEED_MS);
    }
  }

  /** As many as are due. A process takes a while to be gone, and another one to be back: nobody waits for either. */
  private async killAll(perSecond: number): Promise<void> {
    const restarts = new Map<Instance, Promise<void>>();
    const startMs = systemClock.now();
    const due = () => ((systemClock.now() - startMs) / 1_000) * perSecond;
    const running = () => this.fleet.instances.filter((each) => each.port !== null && !restarts.has(each));
    while (!this.isOver) {
      await systemClock.sleep(FEED_MS);
      while (this.kills + 1 <= due() && running().length > LEAST_RUNNING) {
        const victim = this.rng.pick(running());
        const restart = victim.kill().then(() => victim.start());
        restarts.set(
          victim,
          restart.finally(() => restarts.delete(victim)),
        );
        this.kills += 1;
      }
    }
    await Promise.all(restarts.values());
  }
}
