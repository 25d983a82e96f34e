/** A scenario: all instances sync all topics while some are killed and started again. */
import { systemClock } from "@/lib/adapters/memory/system-clock";
import { createRng } from "@/lib/devnet/rng";
import { type Fleet, type Instance, startFleet } from "../fleet";
import type { Answer } from "../http";
import type { FleetServices } from "../services";
import { differences, type StoredState, storedState } from "../stored-state";
import { Feed } from "./feed";
import { InstanceKills } from "./instance-kills";
import { PACKING_ENV, PackingLoad, SAYS_LEDGER_IS_OLD } from "./packing-load";
import { answerDifference, answerDifferences, type RecordedAnswer, recordAnswers, wordsOf } from "./recorded-answers";

export interface ChaosOptions {
  readonly services: FleetServices;
  readonly instances: number;
  readonly durationMs: number;
  /** The run goes on past `durationMs` until this many requests are answered, but at most ten times as long. */
  readonly leastAnswers?: number;
  readonly killsPerSecond: number;
  /** Absent: nothing is packed. The ledger must be an old one (packing-load.ts). */
  readonly packing?: {
    /** Ledger messages before the first instance starts. */
    readonly messagesBefore: number;
    readonly messagesPerSecond: number;
    /** The run goes on until this many instances were killed while they packed, but at most ten times as long. */
    readonly leastKills: number;
  };
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
  /** Old pages that were read while instances packed, and compared with what they were before. */
  readonly oldPages: number;
  /** Segments in the end, and the number of instances that were killed while they packed. */
  readonly packed: StoredState["segments"] & { readonly kills: number };
  /** Further errors, which say that the database did not answer in time: the machine has too little CPU. */
  readonly starved: number;
}

/** Wait between an instance's answer and the next request to it. */
const PAUSE_MS = 20;
const FEED_MS = 50;
/** Ledger messages a second if nothing is packed. */
const FEED_PER_SECOND = 70;
const SETTLE_TRIES = 100;
/** Matches a log line or an answer about a database that did not answer in time. */
const STARVED = /TierUnavailable: postgres|"unavailable"/;

export async function runChaos(options: ChaosOptions): Promise<ChaosOutcome> {
  const { services, packing } = options;
  const feed = new Feed(services.devnet, 1);
  while (packing !== undefined && feed.written < packing.messagesBefore) feed.once();
  const before = feed.written;
  const env = packing === undefined ? {} : PACKING_ENV;
  const fleet = await startFleet({ services, count: options.instances, isCounted: false, env });
  const { run, answers } = await ran(fleet, feed, options).finally(() => fleet.stop());
  const actual = await storedState(fleet.databaseUrl);
  const expected = await replayed(services, packing === undefined ? [] : feed.people);
  const errors = [
    ...run.refused,
    ...(run.packing?.refused ?? []),
    ...fleet.lost,
    ...fleet.logged.filter(({ level }) => level === "error").map(({ instance, text }) => `${instance}: ${text}`),
  ].filter((error) => !SAYS_LEDGER_IS_OLD.test(error));
  return {
    ...{ kills: run.kills.count, written: feed.written - before, answers: run.answers, broken: run.broken },
    oldPages: run.oldPages,
    wrong: [
      ...actual.flaws,
      ...differences(expected.lines, actual.lines),
      ...run.changed,
      ...answerDifferences(expected.answers, answers),
    ],
    packed: { ...actual.segments, kills: run.packing?.killed ?? 0 },
    deadlocks: actual.deadlocks,
    errors: errors.filter((error) => !STARVED.test(error)),
    starved: errors.filter((error) => STARVED.test(error)).length,
  };
}

/** Runs the scenario. Resolves to what an instance tells in the end. */
async function ran(fleet: Fleet, feed: Feed, options: ChaosOptions) {
  const { services } = options;
  const [first] = fleet.instances as readonly [Instance];
  if (options.packing === undefined) {
    const run = new ChaosRun(fleet, feed, null, []);
    await run.during(options);
    await run.settle(services);
    return { run, answers: [] };
  }
  const before = await recordAnswers(first, feed.people, services);
  const packing = await PackingLoad.open(services, fleet);
  try {
    const run = new ChaosRun(
      fleet,
      feed,
      packing,
      before.filter(({ isOld }) => isOld),
    );
    await run.during(options);
    await run.settle(services);
    await packing.pack(first);
    return { run, answers: await recordAnswers(first, feed.people, services) };
  } finally {
    await packing.close();
  }
}

/** Reads the whole ledger with one instance, undisturbed and without packing. Resolves to the result. */
async function replayed(services: FleetServices, people: readonly string[]) {
  const fleet = await startFleet({ services, count: 1, isCounted: false });
  const [first] = fleet.instances as readonly [Instance];
  const answers = await (people.length === 0 ? [] : recordAnswers(first, people, services));
  await fleet.stop();
  return { lines: (await storedState(fleet.databaseUrl)).lines, answers };
}

class ChaosRun {
  readonly kills: InstanceKills;
  answers = 0;
  broken = 0;
  oldPages = 0;
  readonly refused: string[] = [];
  /** Old pages that were answered otherwise than before. */
  readonly changed: string[] = [];
  private isOver = false;
  private readonly rng = createRng(2);

  constructor(
    private readonly fleet: Fleet,
    private readonly feed: Feed,
    readonly packing: PackingLoad | null,
    private readonly old: readonly RecordedAnswer[],
  ) {
    this.kills = new InstanceKills(fleet, packing?.choose);
  }

  async during({ durationMs, leastAnswers = 0, killsPerSecond, packing }: ChaosOptions): Promise<void> {
    const messagesPerSecond = packing?.messagesPerSecond ?? FEED_PER_SECOND;
    const work = [
      this.packing?.during(() => this.isOver),
      ...(this.old.length > 0 ? this.fleet.instances.map((instance) => this.readOld(instance)) : []),
      ...this.fleet.instances.map((instance) => this.drive(instance)),
      this.write(messagesPerSecond),
      this.kills.during(killsPerSecond, () => this.isOver),
    ];
    const startMs = systemClock.now();
    await systemClock.sleep(durationMs);
    const isShort = () => this.answers < leastAnswers || (this.packing?.killed ?? 0) < (packing?.leastKills ?? 0);
    while (isShort() && systemClock.now() - startMs < 10 * durationMs) await systemClock.sleep(PAUSE_MS);
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

  private drive(instance: Instance): Promise<void> {
    return this.askOften(instance, async () => {
      const person = this.rng.pick(this.feed.people);
      const isRead = this.rng.chance(0.5);
      const answer = await (isRead
        ? instance.get("/api/contacts", person)
        : instance.post("/api/sync", person, { body: {} }));
      this.count(isRead ? "read" : "sync", answer);
    });
  }

  private readOld(instance: Instance): Promise<void> {
    return this.askOften(instance, async () => {
      const page = this.rng.pick(this.old);
      const answer = await instance.get(page.path, page.person);
      this.count("old page", answer);
      if (answer.status === 200) this.compare(page, wordsOf(answer));
    });
  }

  private count(what: string, { status, text }: Answer): void {
    this.answers += 1;
    if (status !== 200) this.refused.push(`${what}: ${status} ${text}`);
  }

  private async askOften(instance: Instance, ask: () => Promise<void>): Promise<void> {
    for (; !this.isOver; await systemClock.sleep(PAUSE_MS)) {
      if (instance.port === null) continue;
      await ask().catch(() => {
        this.broken += 1;
      });
    }
  }

  private compare(page: RecordedAnswer, words: string): void {
    this.oldPages += 1;
    if (words !== page.answer) this.changed.push(answerDifference(page, words));
  }

  /** Writes as many messages as are due by the time that has passed. */
  private async write(perSecond: number): Promise<void> {
    const startMs = systemClock.now();
    const before = this.feed.written;
    const due = () => before + ((systemClock.now() - startMs) / 1_000) * perSecond;
    while (!this.isOver) {
      while (this.feed.written < due()) this.feed.once();
      await systemClock.sleep(FEED_MS);
    }
  }
}
