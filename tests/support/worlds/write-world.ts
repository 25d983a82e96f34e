/** A ledger, a store and Redis, with processes that write and die at a chosen call, and clients that insist on an answer. */
import { expect } from "vitest";
import { MemoryWriteGuard } from "@/lib/adapters/memory/memory-write-guard";
import { systemClock } from "@/lib/adapters/memory/system-clock";
import { tierOver } from "@/lib/adapters/redis/open-redis";
import type { UserId } from "@/lib/core/ledger/ids";
import { signalsIn } from "@/lib/core/signals/signal-batch";
import { type Devnet, startDevnet } from "@/lib/devnet/devnet";
import type { Submitter } from "@/lib/ports/ledger/submitter";
import type { App, SharedTier, Stores } from "@/lib/server/boot/app";
import { ROUTES } from "@/lib/server/routes/table";
import type { SubmitAnswer } from "@/lib/wire/submit";
import { answer } from "../contract/web-answer";
import { DrivenClock } from "../control/driven-clock";
import { busy } from "../control/event-loop";
import { Mortal } from "../control/mortal";
import { DevnetSubmitter } from "../mirrors/devnet-submitter";
import { quietLog } from "../quiet-log";
import { newNetwork, type upstashFixture } from "../stand-ins/upstash-fixture";
import { age, withClock } from "../stand-ins/upstash-time";
import { emptyStores } from "../stores/database";
import { createTestApp } from "./create-test-app";

export interface WritingProcess {
  readonly app: App;
  readonly mortal: Mortal;
}

export interface Written {
  readonly from: string;
  readonly body: object;
}

export interface ProcessOptions {
  readonly submitter?: Submitter;
  readonly env?: Readonly<Record<string, string>>;
}

type Fixture = ReturnType<typeof upstashFixture>;

export class WriteWorld {
  readonly network = newNetwork();
  private readonly apps: App[] = [];
  private people = 0;

  private constructor(
    private readonly fixture: Fixture,
    readonly clock: DrivenClock,
    readonly devnet: Devnet,
    readonly stores: Stores,
  ) {}

  static async open(fixture: Fixture): Promise<WriteWorld> {
    const clock = new DrivenClock();
    const [devnet, stores] = await Promise.all([startDevnet({ grpc: false, now: () => clock.now() }), emptyStores()]);
    const world = new WriteWorld(fixture, clock, devnet, stores);
    clock.onAdvance = (ms) => age(fixture.redis, world.network, ms);
    return world;
  }

  async close(): Promise<void> {
    this.clock.onAdvance = null;
    await Promise.all(this.apps.map((app) => app.close()));
    await this.devnet.stop();
  }

  /** A process: embedded where nothing is shared. */
  async start(isShared: boolean, options: ProcessOptions = {}): Promise<WritingProcess> {
    const { devnet, stores, clock } = this;
    const mortal = new Mortal();
    const shared = isShared ? this.openShared() : null;
    const app = createTestApp({
      devnet,
      shared: shared && { ...shared, hot: mortal.of(shared.hot) },
      guard: mortal.of(shared?.guard ?? new MemoryWriteGuard(clock)),
      stores: {
        ...stores,
        ...{ sync: mortal.of(stores.sync), views: mortal.of(stores.views), registry: mortal.of(stores.registry) },
      },
      network: { submitter: mortal.of(options.submitter ?? new DevnetSubmitter(devnet)) },
      clock,
      random: () => 0.5,
      ...(options.env && { env: options.env }),
    });
    this.apps.push(app);
    await app.openTopics();
    return { app, mortal };
  }

  newWrite(): Written {
    this.people += 1;
    const from = `tm-writer-${this.people}`;
    const ts = Math.floor(this.clock.now() / 1_000);
    const body = { type: "CONTACT_REQUEST", from, nonce: this.clock.now(), ts, payload: { target: "tm-bob" } };
    return { from, body };
  }

  async send(process: WritingProcess, write: Written, key: string | null = "k"): Promise<Response> {
    return this.clock.drive(this.ask(process, write, key));
  }

  /** Like `send`, but moves no time. */
  async ask({ app }: WritingProcess, { from, body }: Written, key: string | null = "k"): Promise<Response> {
    const cookie = (await app.sessions.issue(from as UserId)).split(";")[0] as string;
    const request = new Request("http://app.test/api/hcs/submit", {
      method: "POST",
      headers: {
        ...{ host: "app.test", cookie, "content-type": "application/json" },
        ...(key === null ? {} : { "idempotency-key": key }),
      },
      body: JSON.stringify(body),
    });
    const later: (() => Promise<unknown>)[] = [];
    const route = ROUTES["POST /api/hcs/submit"];
    return answer(app, route, { request, params: {}, background: (work) => void later.push(work) });
  }

  /** Sends the same request until it is answered for good, as a client does who wants it written. */
  async insist(process: WritingProcess, write: Written): Promise<SubmitAnswer> {
    for (let attempt = 1; ; attempt += 1) {
      const response = await this.send(process, write);
      const body = (await response.json()) as SubmitAnswer & { code?: string };
      if (response.status === 200) return body;
      expect(["in-progress", "unavailable", "uncertain"], JSON.stringify(body)).toContain(body.code);
      expect(attempt).toBeLessThan(20);
      // An attempt that nobody ends is given up after a minute.
      await this.clock.advance(20_000);
    }
  }

  /** The signals of each ledger message of the contact topic, as text. */
  get messages(): readonly (readonly string[])[] {
    const { devnet } = this;
    return (devnet.ledger.topics.get(devnet.topics.contact)?.messages ?? []).map(({ bytes }) =>
      signalsIn(bytes).map((signal) => Buffer.from(signal).toString()),
    );
  }

  /** Where the ledger has this very signal: its message's sequence, and its place in it. */
  placesOf({ body }: Written): readonly (readonly [number, number])[] {
    const text = JSON.stringify(body);
    return this.messages.flatMap((signals, index) =>
      signals.flatMap((signal, place) => (signal === text ? [[index + 1, place] as const] : [])),
    );
  }

  async expectOnce(write: Written, told: SubmitAnswer): Promise<void> {
    expect(this.placesOf(write)).toEqual([[told.sequenceNumber, told.place ?? 0]]);
    expect(told.topicId).toBe(this.devnet.topics.contact);
  }

  /** Redis loses all that it remembers. */
  lose(): Promise<unknown> {
    return busy(this.fixture.redis.send([["FLUSHALL"]]));
  }

  /** Redis has remembered nonces for long. */
  remember(): Promise<unknown> {
    return busy(this.fixture.redis.send([["HSET", `tm:${this.network}::history`, "since", "1000"]]));
  }

  private openShared(): SharedTier {
    const client = this.fixture.client();
    const driven = withClock(client, this.clock);
    const commands = {
      eval: (...args: Parameters<typeof driven.eval>) => busy(driven.eval(...args)),
      subscribe: (...args: Parameters<typeof client.subscribe>) => client.subscribe(...args),
      stats: () => client.stats(),
      close: () => client.close(),
    };
    return tierOver(commands, { network: this.network, viewTtlMs: 3_600_000, clock: systemClock, log: quietLog });
  }
}
