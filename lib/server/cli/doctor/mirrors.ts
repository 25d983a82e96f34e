import "server-only";
import { systemClock } from "../../../adapters/memory/system-clock";
import { MirrorLedger } from "../../../adapters/mirror/mirror-ledger";
import { type Send, send } from "../../../adapters/mirror/send";
import { fromMs, toMs } from "../../../core/ledger/consensus-time";
import { type TopicId, toAccountId } from "../../../core/ledger/ids";
import { equalBytes } from "../../../core/ledger/running-hash";
import { Incidents } from "../../../engine/health/incidents";
import { MirrorHeads } from "../../../engine/sync/mirror-heads";
import { HistoryCheck } from "../../../engine/sync/topic/history-check";
import type { MirrorName } from "../../../ports/ledger/ledger";
import type { TopicState } from "../../../ports/store/sync/topic-store";
import type { Stores } from "../../boot/app";
import { type Env, NETWORK_MIRRORS } from "../../config/env";
import { clockFinding, type DoctorFinding, fine, wrong } from "./finding";

/** A mirror that is further behind has stalled. About 5 s is normal. */
const MIRROR_LAG_MS = 60_000;
/** Every Hedera network has this account from its start. */
const TREASURY = toAccountId("0.0.2");
const MUTE = { info: () => {}, warn: () => {}, error: () => {} };

export class MirrorExam {
  readonly ledger: MirrorLedger;
  private readonly dates = new Map<string, readonly [dateMs: number, beforeMs: number, afterMs: number]>();
  private readonly silent = new Set<MirrorName>();

  constructor(private readonly env: Env) {
    const urls = env.MIRROR_URL ?? NETWORK_MIRRORS[env.HEDERA_NETWORK] ?? [];
    this.ledger = new MirrorLedger({ urls, clock: systemClock, reserve: async () => 0, send: this.dated });
  }

  /** Notes the server's time in each answer. */
  private readonly dated: Send = async (url, sent) => {
    const beforeMs = Date.now();
    const answer = await send(url, sent);
    const dateMs = Date.parse(answer.headers.get("date") ?? "");
    if (Number.isFinite(dateMs)) this.dates.set(new URL(url).origin, [dateMs, beforeMs, Date.now()]);
    return answer;
  };

  /** Checks each mirror in turn: whether it answers, how fresh it is, and whether its clock agrees with ours. */
  async *mirrors(): AsyncGenerator<DoctorFinding> {
    for (const mirror of this.ledger.mirrors) {
      const head = await this.ledger.head({ mirror });
      if (!head.ok) {
        this.silent.add(mirror);
        yield wrong("mirror", `${mirror}: ${head.error.message}. Check MIRROR_URL, or take another mirror.`);
        continue;
      }
      yield lagFinding(mirror, head.value.throughNs === null ? null : toMs(head.value.throughNs));
      // HTTP's Date is rounded down to whole seconds, so half a second more is the best estimate.
      const [dateMs, beforeMs, afterMs] = this.dates.get(mirror) ?? [];
      if (dateMs !== undefined && beforeMs !== undefined && afterMs !== undefined)
        yield clockFinding(`that of ${mirror}`, dateMs + 500, beforeMs - 500, afterMs + 500);
    }
  }

  /**
   * Checks each topic: whether it exists, whether it is the one that is stored, and whether all mirrors have the same history.
   */
  async *topics(stores: Stores | null): AsyncGenerator<DoctorFinding> {
    const answering = this.ledger.mirrors.filter((mirror) => !this.silent.has(mirror));
    const [first] = answering;
    if (first === undefined) return;
    const { TOPIC_CONTACT, TOPIC_TRUST, TOPIC_RECOGNITION, TOPIC_PROFILE, TOPIC_IDENTITY } = this.env;
    const states = new Map((await stores?.sync.topics())?.map((state) => [state.topicId, state]));
    const configured = [TOPIC_CONTACT, TOPIC_TRUST, TOPIC_RECOGNITION, TOPIC_PROFILE, TOPIC_IDENTITY].flatMap(
      (ids) => ids ?? [],
    );
    for (const topicId of new Set([...configured, ...states.keys()])) {
      const state = states.get(topicId);
      yield* state !== undefined && state.cursor > 0 && stores !== null
        ? this.stored(state, first, stores)
        : this.unstored(topicId, answering);
    }
  }

  /** Checks that some mirror says which key an account had at a time. Signed messages wait for one that does. */
  async *keys(): AsyncGenerator<DoctorFinding> {
    // A mirror knows when this account was made, and can show with it that it reads the time (docs/hedera.md §1).
    const accountId = this.env.HEDERA_OPERATOR_ID ?? TREASURY;
    const reasons: string[] = [];
    for (const mirror of this.ledger.mirrors.filter((each) => !this.silent.has(each))) {
      const answer = await this.ledger.account(accountId, fromMs(Date.now()), { mirror });
      if (answer.ok || answer.error.code === "not-found") return;
      reasons.push(`${mirror}: ${answer.error.message}`);
    }
    if (reasons.length > 0)
      yield wrong(
        "mirror",
        `No mirror says which key an account had at a time (${reasons.join("; ")}), so nobody sees signed messages. Put a mirror that answers accounts/{id}?timestamp= into MIRROR_URL.`,
      );
  }

  /** Uses the same comparison as the running app. */
  private async *stored(state: TopicState, mirror: MirrorName, stores: Stores): AsyncGenerator<DoctorFinding> {
    const { topicId, cursor, headHash, headNs } = state;
    const incidents = new Incidents({ clock: systemClock, log: MUTE });
    const deps = { ledger: this.ledger, clock: systemClock, incidents };
    const heads = new MirrorHeads({ ...deps, serveMs: 1_000, mayBeQuiet: true, quietMs: MIRROR_LAG_MS });
    const history = new HistoryCheck(topicId, { ...deps, store: stores.sync, heads });
    await history.check({ sequence: cursor, hash: headHash, consensusNs: headNs }, mirror, "nothing");
    const found = incidents.current().filter(({ code }) => code === "topic-reset" || code === "mirrors-disagree");
    for (const { summary, action } of found) yield wrong("topic", `${summary} ${action}`);
    if (found.length > 0) return;
    if (!state.isReread)
      yield fine(
        "topic",
        `Topic ${topicId} is read again because the decoder has changed: ${state.interpreted} of ${cursor} messages are done. A running instance goes on with it.`,
      );
    const { mirrors } = history.agreed;
    if (mirrors === 0) {
      yield fine(
        "topic",
        `Topic ${topicId} exists, but its history could not be compared with the stored one. Try again.`,
      );
      return;
    }
    const many = mirrors > 1 ? `, on ${mirrors} mirrors` : "";
    yield fine("topic", `Topic ${topicId} exists, and the stored messages through ${cursor} match its history${many}.`);
  }

  private async *unstored(topicId: TopicId, mirrors: readonly MirrorName[]): AsyncGenerator<DoctorFinding> {
    const newest = await Promise.all(mirrors.map((mirror) => this.ledger.newestSequence(topicId, { mirror })));
    const failing = newest.find((each) => !each.ok);
    if (failing && !failing.ok) {
      yield wrong(
        "topic",
        `Topic ${topicId} cannot be read: ${failing.error.message}. Try again, or take another mirror.`,
      );
      return;
    }
    const counts = newest.map((each) => (each.ok ? each.value : 0));
    const common = Math.min(...counts);
    if (Math.max(...counts) === 0) {
      const has = await this.ledger.hasTopic(topicId);
      yield has.ok && !has.value
        ? wrong(
            "topic",
            `Topic ${topicId} does not exist on this network. Check the TOPIC_ variables and HEDERA_NETWORK.`,
          )
        : wrong("topic", `Topic ${topicId} has no messages. A wrong id looks the same, so check the id.`);
      return;
    }
    if (common === 0 || !(await this.agree(topicId, common, mirrors))) {
      const names = mirrors.join(" and ");
      yield wrong("topic", `${names} disagree about topic ${topicId}. Remove the wrong one from MIRROR_URL.`);
      return;
    }
    yield fine("topic", `Topic ${topicId} exists, with ${common} messages.`);
  }

  private async agree(topicId: TopicId, sequence: number, mirrors: readonly MirrorName[]): Promise<boolean> {
    if (mirrors.length < 2) return true;
    const told = await Promise.all(mirrors.map((mirror) => this.ledger.message(topicId, sequence, { mirror })));
    const hashes = told.flatMap((each) => (each.ok && each.value.runningHash ? [each.value.runningHash] : []));
    return hashes.every((hash) => equalBytes(hash, hashes[0] as Uint8Array));
  }
}

function lagFinding(mirror: MirrorName, throughMs: number | null): DoctorFinding {
  if (throughMs === null) return fine("mirror", `${mirror} answers and has no blocks yet. The ledger is quiet.`);
  const lagMs = Date.now() - throughMs;
  const sentence = `${mirror} answers and is ${Math.max(0, Math.round(lagMs / 1_000))} s behind.`;
  return lagMs <= MIRROR_LAG_MS
    ? fine("mirror", sentence)
    : wrong("mirror", `${sentence} It has stalled. Put another mirror first in MIRROR_URL.`);
}
