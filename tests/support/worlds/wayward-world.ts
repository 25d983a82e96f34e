/**
 * Two instances over two mirrors of one honest ledger, a Redis and a database. Mirrors may lag, go back, lie once, or refuse an
 * instance. Redis and the database may go back, be emptied, or lose an answer. Clocks may step, and processes may die. Every answer
 * that says it is fresh is compared with the ledger.
 */

import { expect } from "vitest";
import type { Database } from "@/lib/adapters/postgres/drivers/database";
import { RedisClient } from "@/lib/adapters/redis/client/client";
import { tierOver } from "@/lib/adapters/redis/open-redis";
import { UpstashTransport } from "@/lib/adapters/redis/upstash/upstash-transport";
import { parseConsensusTime } from "@/lib/core/ledger/consensus-time";
import type { TopicId, UserId } from "@/lib/core/ledger/ids";
import type { Clock } from "@/lib/ports/clock";
import type { ViewStore } from "@/lib/ports/store/view-store";
import { TierUnavailable } from "@/lib/ports/tier-unavailable";
import type { App, Stores } from "@/lib/server/boot/app";
import { registeredTopics } from "@/lib/server/config/network";
import { ROUTES } from "@/lib/server/routes/table";
import { answer } from "../contract/web-answer";
import { LeapingClock } from "../control/leaping-clock";
import { OPERATOR } from "../mirrors/chain";
import { HonestLedger } from "../mirrors/honest-ledger";
import { type MirrorRequest, WaywardMirror } from "../mirrors/wayward-mirror";
import { quietLog } from "../quiet-log";
import { newNetwork, type UpstashFixture } from "../stand-ins/upstash-fixture";
import { age, withClock } from "../stand-ins/upstash-time";
import { emptyStores, moreStores, savedDatabase } from "../stores/database";
import { forget, snapshotOf } from "../stores/redis-snapshot";
import { createTestApp } from "./create-test-app";

const ALICE = "tm-alice" as UserId;
const [CONTACT, TRUST] = ["0.0.1001", "0.0.1002"] as [TopicId, TopicId];
const TOPICS = [CONTACT, TRUST];
/** Freshness target. It is far longer than the few reads after a sync, so that a busy machine makes none of them old. */
const TARGET_MS = 4_000;
/** In this time every sync gate expires, and nothing fresh becomes old. */
const GATE_MS = TARGET_MS / 2;
/** In this time a view in memory becomes outdated, and an answer old. */
const AGE_MS = TARGET_MS + 1_000;
/** In this time circuit breakers leave the open state, and back-offs end. */
const WAIT_MS = 15_000;
/** An instance believes a head that is at most this far ahead of its clock. */
const SKEW_MS = 10_000;
/** Most worlds need one or two turns to recover. */
const MOST_TURNS = 100;
/** Real time after which a held read goes on even if no sync has ended. */
const HELD_MS = 1_000;
/** Fewer than the 50 signals of a page. */
const MOST_WRITES = 45;

export type Index = 0 | 1;

interface Answer {
  readonly items: readonly { readonly topicId: string; readonly sequenceNumber: number }[];
  readonly stale: boolean;
  readonly asOf: string | null;
}

/** An instance's clock. Its time of day may be wrong. */
class OwnClock implements Clock {
  offsetMs = 0;

  constructor(private readonly truth: LeapingClock) {}

  now = () => this.truth.now() + this.offsetMs;
  monotonicMs = () => this.truth.monotonicMs();
  /** Waits that an event can end keep their length. All others are 20 times shorter, to save time in the test. */
  sleep = (ms: number, signal?: AbortSignal) => this.truth.sleep(signal ? ms : ms / 20, signal);
  after = (ms: number, act: () => void) => this.truth.after(ms, act);
}

export class WaywardWorld {
  readonly clock = new LeapingClock();
  readonly ledger = new HonestLedger(() => this.clock.now());
  /** The first instance prefers the first mirror, the second instance the second. */
  readonly mirrors = [new WaywardMirror(this.ledger), new WaywardMirror(this.ledger)] as const;
  private readonly clocks = [new OwnClock(this.clock), new OwnClock(this.clock)] as const;
  /** Number of answers that said they were fresh. */
  fresh = 0;
  private readonly network = newNetwork();
  readonly apps: App[] = [];
  private losesEvents = false;
  private readonly losesCommit = new Set<Index>();
  private readonly holdsRead = new Set<Index>();
  /** Opens when the next sync ends. */
  private synced = new Gate();
  private saved: { readonly redis: () => Promise<void>; readonly database: () => Promise<void> } | null = null;
  private written = 0;

  private constructor(private readonly fixture: UpstashFixture) {}

  /** Runs `prove` in a new world and expects that it recovers. Resolves to the number of answers that said they were fresh. */
  static async run(fixture: UpstashFixture, prove: (world: WaywardWorld) => Promise<void>): Promise<number> {
    await emptyStores();
    const world = new WaywardWorld(fixture);
    try {
      await Promise.all([world.start(0), world.start(1)]);
      await prove(world);
      await world.recovers();
      return world.fresh;
    } finally {
      await world.close();
    }
  }

  write(): void {
    if (this.written >= MOST_WRITES) return;
    this.written += 1;
    const [type, topicId] = this.written % 3 === 0 ? ["TRUST_ALLOCATE", TRUST] : ["CONTACT_REQUEST", CONTACT];
    this.ledger.write(String(topicId), { type, actor: `tm-${this.written}`, target: ALICE, weight: 1 });
  }

  /** Writes a message right after a mirror makes its next answer of this kind. */
  writeAfter(request: MirrorRequest): void {
    for (const mirror of this.mirrors) {
      mirror.onAnswered = (answered) => {
        if (answered !== request) return;
        for (const each of this.mirrors) each.onAnswered = () => {};
        this.write();
      };
    }
  }

  /** Lets time pass, also in Redis. */
  async pass(ms: number): Promise<void> {
    this.clock.leap(ms);
    await age(this.fixture.redis, this.network, ms);
  }

  age(): Promise<void> {
    return this.pass(AGE_MS);
  }

  wait(): Promise<void> {
    return this.pass(WAIT_MS);
  }

  /** One instance syncs, and both are read. The other one learns the first one's cursors in its round. */
  async sync(index: Index): Promise<void> {
    await this.syncUnread(index);
    await this.read(index);
    await this.read(other(index));
    await this.read(other(index));
  }

  /** One instance syncs without a read. */
  async syncUnread(index: Index): Promise<void> {
    await this.pass(GATE_MS);
    await this.syncAtOnce(index);
  }

  /** One instance syncs without time passing. It does not repeat its last requests to Redis. */
  async syncAtOnce(index: Index): Promise<void> {
    await this.ask(index, "POST /api/sync");
  }

  /** Both sync and are read at the same time. */
  async rush(): Promise<void> {
    await this.pass(GATE_MS);
    const indexes: readonly Index[] = [0, 1];
    await Promise.all(
      indexes.flatMap((index) => [this.read(index), this.ask(index, "POST /api/sync"), this.read(index)]),
    );
    await Promise.all(indexes.map((index) => this.read(index)));
  }

  /** Reads. If the answer says it is fresh, it must hold everything that the ledger had at its `asOf`. */
  async read(index: Index): Promise<Answer | null> {
    const askedMs = this.clock.now();
    const response = await this.ask(index, "GET /api/signals");
    if (response.status !== 200) return null;
    const found = (await response.json()) as Answer;
    if (found.stale || found.asOf === null) return found;
    this.fresh += 1;
    const asOfNs = parseConsensusTime(found.asOf) ?? 0n;
    const oldMs = askedMs - Number(asOfNs / 1_000_000n);
    expect(oldMs, `age as of ${found.asOf}`).toBeLessThanOrEqual(TARGET_MS + SKEW_MS);
    const has = new Set(found.items.map(({ topicId, sequenceNumber }) => `${topicId} ${sequenceNumber}`));
    for (const topicId of TOPICS) {
      for (let sequence = 1; sequence <= this.ledger.count(topicId, asOfNs); sequence += 1)
        expect(has, `as of ${found.asOf}`).toContain(`${topicId} ${sequence}`);
    }
    return found;
  }

  async save(): Promise<void> {
    this.saved = { redis: await snapshotOf(this.fixture.redis, this.network), database: await savedDatabase() };
  }

  /** Restores Redis or the database to the last `save`. Without one, it does nothing. */
  async back(what: "redis" | "database"): Promise<void> {
    await this.saved?.[what]();
  }

  async emptyRedis(): Promise<void> {
    await forget(this.fixture.redis, this.network);
  }

  /** Runs `work` while Redis answers every command with an error, or executes it and loses the answer. */
  async withoutRedis(kind: "error" | "lostAnswer", work: () => Promise<void>): Promise<void> {
    await this.fixture.upstash.faults.set({ kind });
    await work();
    await this.fixture.upstash.faults.clear();
  }

  /** The instance's next commit succeeds, but its answer is lost. */
  loseCommit(index: Index): void {
    this.losesCommit.add(index);
  }

  /** Switches the loss of commit events on or off, for both instances. */
  loseEvents(losesEvents: boolean): void {
    this.losesEvents = losesEvents;
  }

  /** Holds the instance's next load of a view until a sync ends, but at most `HELD_MS`. */
  holdRead(index: Index): void {
    this.holdsRead.add(index);
  }

  /** Sets the error of the instance's time of day. */
  setClock(index: Index, offsetMs: number): void {
    this.clocks[index].offsetMs = offsetMs;
  }

  /** Starts an instance and closes its predecessor. */
  async start(index: Index): Promise<void> {
    await this.apps[index]?.close();
    const transport = new UpstashTransport(this.fixture.upstash);
    const [truth, clock] = [this.clock, this.clocks[index]];
    const timeouts = { readTimeoutMs: 10_000, timeoutMs: 10_000 };
    const client = new RedisClient({ transport, clock: truth, random: () => 0.5, ...timeouts });
    const shared = tierOver(
      {
        ...withClock(client, truth),
        subscribe: (channel, { onOpen, onMessage }, signal) => {
          const heard = (payload: string) => !this.losesEvents && onMessage(payload);
          return client.subscribe(channel, { onOpen, onMessage: heard }, signal);
        },
        stats: () => client.stats(),
        close: () => client.close(),
      },
      { network: this.network, viewTtlMs: 3_600_000, clock: truth, log: quietLog },
    );
    const served = await Promise.all(this.mirrors.map((mirror) => mirror.listen(String(index))));
    const urls = served.map(({ url }) => url);
    const app = createTestApp({
      shared,
      stores: this.holding(await moreStores((db) => this.losing(db, index), { now: () => truth.monotonicMs() }), index),
      env: { FRESHNESS_TARGET_MS: String(TARGET_MS), MIRROR_RPS: "1000" },
      network: {
        mirrorUrls: index === 0 ? urls : urls.reverse(),
        topics: registeredTopics({ contact: [CONTACT], trust: [TRUST], recognition: [CONTACT], profile: [CONTACT] }),
        trustedPayers: new Set([OPERATOR]),
        submitter: null,
        people: [],
        close: async () => void (await Promise.all(served.map(({ close }) => close()))),
      },
      clock,
      random: () => 0.5,
    });
    await app.openTopics();
    this.apps[index] = app;
  }

  private losing(db: Database, index: Index): Database {
    return {
      ...db,
      ask: async (statement, timeoutMs) => {
        const answer = await db.ask(statement, timeoutMs);
        if (!isOfCommit(answer)) return answer;
        if (this.losesCommit.delete(index)) throw new TierUnavailable("postgres", "the answer was lost");
        return answer;
      },
    };
  }

  private holding(stores: Stores, index: Index): Stores {
    const signals: ViewStore["signals"] = async (...asked) => {
      const page = await stores.views.signals(...asked);
      if (this.holdsRead.delete(index)) await this.synced.passed();
      return page;
    };
    return { ...stores, views: Object.assign(Object.create(stores.views) as ViewStore, { signals }) };
  }

  private async ask(index: Index, name: "GET /api/signals" | "POST /api/sync"): Promise<Response> {
    const app = this.apps[index] as App;
    const [method, path] = name.split(" ") as [string, string];
    const cookie = (await app.sessions.issue(ALICE)).split(";")[0] as string;
    const body = method === "POST" ? { body: "{}" } : {};
    const headers = { host: "app.test", cookie, "content-type": "application/json" };
    const request = new Request(`http://app.test${path}`, { method, headers, ...body });
    const pending: Promise<unknown>[] = [];
    const background = (work: () => Promise<unknown>) => void pending.push(work().catch(() => {}));
    const response = await answer(app, ROUTES[name], { request, params: {}, background });
    await Promise.all(pending);
    if (method === "POST") {
      this.synced.open();
      this.synced = new Gate();
    }
    return response;
  }

  /** Ends all faults. Expects that both instances then serve every message and say that they are fresh. */
  private async recovers(): Promise<void> {
    for (const mirror of this.mirrors) mirror.heal();
    for (const clock of this.clocks) clock.offsetMs = 0;
    this.losesCommit.clear();
    this.holdsRead.clear();
    this.losesEvents = false;
    for (const index of [0, 1] as const) {
      const all = { count: this.written, stale: false };
      // Not expect.poll: each call of it keeps this world in memory until the test ends.
      for (let turn = 0; turn < MOST_TURNS; turn += 1) {
        const found = await this.recovering(index);
        if (found?.count === all.count && !found.stale) break;
        if (turn === MOST_TURNS - 1) expect(found).toEqual(all);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }

  private async recovering(index: Index): Promise<{ readonly count: number; readonly stale: boolean } | null> {
    await this.pass(20_000);
    await this.ask(index, "POST /api/sync");
    const found = await this.read(index);
    return found && { count: found.items.length, stale: found.stale };
  }

  private async close(): Promise<void> {
    await this.fixture.upstash.faults.clear();
    await Promise.all(this.apps.map((app) => app.close()));
    // The leap ends all sleeping work, which would keep this world in memory.
    this.clock.leap(86_400_000);
  }
}

/** Holds callers until it opens, but at most `HELD_MS`. */
class Gate {
  private readonly opened: Promise<void>;
  open: () => void = () => {};

  constructor() {
    this.opened = new Promise((resolve) => {
      this.open = resolve;
    });
  }

  async passed(): Promise<void> {
    await Promise.race([this.opened, new Promise<void>((resolve) => setTimeout(resolve, HELD_MS))]);
  }
}

const other = (index: Index): Index => (index === 0 ? 1 : 0);

/** Recognises the answer of a commit: commits and backfills answer the heads of users, and only backfills name kept rows. */
function isOfCommit(answer: unknown): boolean {
  const row: unknown = Array.isArray(answer) ? answer[0] : null;
  return typeof row === "object" && row !== null && "heads" in row && "kept" in row && row.kept === null;
}
