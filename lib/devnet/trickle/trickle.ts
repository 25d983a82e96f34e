/**
 * New activity by itself: people ask, answer, trust, recognize and describe themselves. Nobody acts in the name of a
 * person who is being played (the first person, and whoever did something themselves since the start); such a person is
 * rather the one to whom things happen, about once a minute.
 */
import { fromMs } from "@/lib/core/ledger/consensus-time";
import type { AccountId, TopicKind } from "@/lib/core/ledger/ids";
import { splitMessage } from "../ledger/chunks";
import type { DevnetLedger } from "../ledger/ledger";
import type { DevnetMessage } from "../ledger/types";
import type { Rng } from "../rng";
import { type Act, seedEvent } from "../seed/acts";
import { writeEnvelope } from "../seed/envelopes";
import type { World } from "../seed/world";
import { chooseAct } from "./choose-act";
import { SocialState } from "./social-state";

export interface TrickleOptions {
  readonly ledger: DevnetLedger;
  readonly world: World;
  readonly payer: AccountId;
  readonly nowMs: () => number;
  readonly rng: Rng;
}

const FOLLOWED: readonly TopicKind[] = ["contact", "trust"];

export class Trickle {
  readonly #options: TrickleOptions;
  readonly #played: Set<string>;
  readonly #names: ReadonlyMap<string, string>;
  #state: SocialState | null = null;
  #isOwn = false;
  #timer: NodeJS.Timeout | null = null;
  #unfollow: (() => void) | null = null;

  constructor(options: TrickleOptions) {
    this.#options = options;
    const [first] = options.world.people;
    this.#played = new Set(first ? [first.userId] : []);
    this.#names = new Map(options.world.people.map(({ userId, name }) => [userId, name]));
  }

  /** Makes something happen about every `everyMs`, at uneven intervals. */
  start(everyMs: number): void {
    const wait = () => {
      this.#timer = setTimeout(
        () => {
          this.once();
          wait();
        },
        everyMs * (0.4 + 1.2 * this.#options.rng.next()),
      ).unref();
    };
    wait();
  }

  stop(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#unfollow?.();
    this.#timer = this.#unfollow = null;
  }

  /** Makes one thing happen now; nothing if there are fewer than two people. */
  once(): DevnetMessage[] {
    const { world, nowMs, rng } = this.#options;
    if (world.people.length < 2) return [];
    const act = chooseAct({ state: this.#follow(), people: world.people, played: this.#played, nowMs: nowMs(), rng });
    return act ? this.#submit(act) : [];
  }

  #submit(act: Act): DevnetMessage[] {
    const { ledger, world, payer, nowMs, rng } = this.#options;
    const { kind } = seedEvent(nowMs(), act);
    const ts = Math.floor(nowMs() / 1_000);
    const nameOf = (userId: string) => this.#names.get(userId) ?? userId;
    const bytes = Buffer.from(JSON.stringify(writeEnvelope(act, { ts, nonce: ts, nameOf }, rng)));
    const id = { accountId: payer, validStartNs: fromMs(nowMs() - 1_500), nonce: 0, scheduled: false };
    this.#isOwn = true;
    try {
      return ledger.submit(splitMessage(world.topics[kind], bytes, id));
    } finally {
      this.#isOwn = false;
    }
  }

  /** Reads the ledger once, then follows it. */
  #follow(): SocialState {
    if (this.#state) return this.#state;
    const { ledger, world } = this.#options;
    const state = new SocialState();
    const followed = FOLLOWED.map((kind) => world.topics[kind]);
    for (const topicId of followed) for (const message of ledger.topic(topicId).messages) state.observe(message);
    this.#unfollow = ledger.onMessage((message) => {
      if (!followed.includes(message.topicId)) return;
      const actor = state.observe(message);
      if (actor && !this.#isOwn && this.#names.has(actor)) this.#played.add(actor);
    });
    this.#state = state;
    return state;
  }
}
