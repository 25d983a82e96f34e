/**
 * Two instances over two mirrors of one honest ledger, a Redis and a database. Mirrors may lag, go back, lie once, or refuse one
 * instance; Redis and the database may go back, be emptied, or lose an answer; a clock may step; a process may die. Whatever is
 * called fresh is held against the ledger.
 */

import { expect } from "vitest";
import type { Database } from "@/lib/adapters/postgres/drivers/database";
import { UpstashClient } from "@/lib/adapters/upstash/client/client";
import { tierOver } from "@/lib/adapters/upstash/open-upstash";
import { parseConsensusTime } from "@/lib/core/ledger/consensus-time";
import type { TopicId, UserId } from "@/lib/core/ledger/ids";
import type { Clock } from "@/lib/ports/clock";
import type { ViewStore } from "@/lib/ports/store/view-store";
import { TierUnavailable } from "@/lib/ports/tier-unavailable";
import type { App, Stores } from "@/lib/server/boot/app";
import { registeredTopics } from "@/lib/server/config/network";
import { answer } from "@/lib/server/http/route";
import { ROUTES } from "@/lib/server/routes/table";
import { LeapingClock } from "../control/leaping-clock";
import { OPERATOR } from "../mirrors/chain";
import { HonestLedger } from "../mirrors/honest-ledger";
import { type Question, WaywardMirror } from "../mirrors/wayward-mirror";
import { quietLog } from "../quiet-log";
import { newNetwork, type UpstashFixture } from "../stand-ins/upstash-fixture";
import { age, withClock } from "../stand-ins/upstash-time";
import { emptyStores, keptDatabase, moreStores } from "../stores/database";
import { forget, snapshotOf } from "../stores/redis-snapshot";
import { createTestApp } from "./create-test-app";

const ALICE = "tm-alice" as UserId;
const [CONTACT, TRUST] = ["0.0.1001", "0.0.1002"] as [TopicId, TopicId];
const TOPICS = [CONTACT, TRUST];
/** Far more than the few reads after a sync take, so that a busy machine makes none of them old. */
const TARGET_MS = 4_000;
/** In this time every gate opens, and nothing that was fresh becomes old. */
const GATE_MS = TARGET_MS / 2;
/** In this time a view in a process becomes outdated, and an answer old. */
const AGE_MS = TARGET_MS + 1_000;
/** Circuits and back-offs are over by then. */
const WAIT_MS = 15_000;
/** A head this far ahead of an instance's clock is believed. */
const SKEW_MS = 10_000;
/** Most worlds need one or two turns to recover. */
const MOST_TURNS = 100;
/** Real time after which a held read is let go if no sync has ended. */
const HELD_MS = 1_000;
/** A page of signals holds 50. */
const MOST_WRITES = 45;

export type Index = 0 | 1;

interface Answer {
  readonly items: readonly { readonly topicId: string; readonly sequenceNumber: number }[];
  readonly stale: boolean;
  readonly asOf: string | null;
}

/** An instance's own clock, whose time of day may be wrong. */
class OwnClock implements Clock {
  offsetMs = 0;

  constructor(private readonly truth: LeapingClock) {}

  now = () => this.truth.now() + this.offsetMs;
  monotonicMs = () => this.truth.monotonicMs();
  /** Longest wait of work that an event can wake. All other waits are shorter, to save time in the test. */
  sleep = (ms: number, signal?: AbortSignal) => this.truth.sleep(signal ? ms : ms / 20, signal);
}

export class WaywardWorld {
  readonly clock = new LeapingClock();
  readonly ledger = new HonestLedger(() => this.clock.now());
  /** The first instance prefers the first one. */
  readonly mirrors = [new WaywardMirror(this.ledger), new WaywardMirror(this.ledger)] as const;
  private readonly clocks = [new OwnClock(this.clock), new OwnClock(this.clock)] as const;
  /** Answers that were called fresh. */
  fresh = 0;
  private readonly network = newNetwork();
  readonly apps: App[] = [];
  private losesEvents = false;
  private readonly losesCommit = new Set<Index>();
  private readonly holdsRead = new Set<Index>();
  /** Opens when the next sync is over. */
  private synced = new Gate();
  private saved: { readonly redis: () => Promise<void>; readonly database: () => Promise<void> } | null = null;
  private written = 0;

  private constructor(private readonly fixture: UpstashFixture) {}

  /** Runs `prove` in a world of its own, and then has it recover. Answers how many answers were called fresh. */
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

  /** The ledger gets a message right after the next answer of this kind was made. */
  writeAfter(question: Question): void {
    for (const mirror of this.mirrors) {
      mirror.onAnswered = (answered) => {
        if (answered !== question) return;
        for (const each of this.mirrors) each.onAnswered = () => {};
        this.write();
      };
    }
  }

  /** Time passes, for Redis too. */
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

  /** One instance syncs, and both are read; the other learns in its round how far the first one has come. */
  async sync(index: Index): Promise<void> {
    await this.syncUnread(index);
    await this.read(index);
    await this.read(other(index));
    await this.read(other(index));
  }

  /** One instance syncs, and nobody reads. */
  async syncUnread(index: Index): Promise<void> {
    await this.pass(GATE_MS);
    await this.syncAtOnce(index);
  }

  /** The same in no time: what was asked of Redis a moment ago is not asked again. */
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

  /** Reads, and holds what is called fresh against the ledger. */
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
    this.saved = { redis: await snapshotOf(this.fixture.redis, this.network), database: await keptDatabase() };
  }

  /** As it was when it was saved last; where it never was, nothing happens. */
  async back(what: "redis" | "database"): Promise<void> {
    await this.saved?.[what]();
  }

  async emptyRedis(): Promise<void> {
    await forget(this.fixture.redis, this.network);
  }

  /** Redis answers none of the commands during this, or does them and the answers are lost. */
  async withoutRedis(kind: "error" | "lostAnswer", work: () => Promise<void>): Promise<void> {
    await this.fixture.upstash.faults.set({ kind });
    await work();
    await this.fixture.upstash.faults.clear();
  }

  /** The instance's next commit is made, and the instance does not learn of it. */
  loseCommit(index: Index): void {
    this.losesCommit.add(index);
  }

  /** From now on events reach no instance, or do again. */
  loseEvents(losesEvents: boolean): void {
    this.losesEvents = losesEvents;
  }

  /** The answer to the instance's next load of a view comes when a sync is over, or a while later where there is none. */
  holdRead(index: Index): void {
    this.holdsRead.add(index);
  }

  /** The instance's time of day is so far from the truth from now on. */
  setClock(index: Index, offsetMs: number): void {
    this.clocks[index].offsetMs = offsetMs;
  }

  /** Starts an instance, in place of the one that was there. */
  async start(index: Index): Promise<void> {
    await this.apps[index]?.close();
    const { url, token } = this.fixture.upstash;
    const [truth, clock] = [this.clock, this.clocks[index]];
    const timeouts = { readTimeoutMs: 10_000, timeoutMs: 10_000 };
    const client = new UpstashClient({ url, token, clock: truth, random: () => 0.5, ...timeouts });
    const shared = tierOver(
      {
        ...withClock(client, truth),
        subscribe: (channel, { onOpen, onMessage }, signal) => {
          const heard = (payload: string) => !this.losesEvents && onMessage(payload);
          return client.subscribe(channel, { onOpen, onMessage: heard }, signal);
        },
        stats: () => client.stats(),
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

  /** With everything healed both instances have everything again, and say so. */
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
    // Sleeping work wakes, ends, and keeps nothing of this world in memory.
    this.clock.leap(86_400_000);
  }
}

/** A waiting caller goes on a moment after it opens, or when it does not. */
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

/** Only commits and backfills answer the heads of users, and only backfills tell which rows were kept. */
function isOfCommit(answer: unknown): boolean {
  const row: unknown = Array.isArray(answer) ? answer[0] : null;
  return typeof row === "object" && row !== null && "heads" in row && "kept" in row && row.kept === null;
}
