/**
 * A long history of many people, one message at a time. Acts have the kinds and frequencies of the devnet's trickle
 * (lib/devnet/trickle/choose-act), the envelopes of its world, the SDK's chunks, and real running hashes. The same numbers
 * always give the same history.
 */
import { consensusNs } from "@/lib/core/ledger/consensus-time";
import {
  type AccountId,
  parseTopicId,
  type Sequence,
  TOPIC_KINDS,
  type TopicId,
  type TopicKind,
} from "@/lib/core/ledger/ids";
import type { LedgerMessage } from "@/lib/core/ledger/message";
import { GENESIS_HASH, nextRunningHash, RUNNING_HASH_VERSION } from "@/lib/core/ledger/running-hash";
import { splitMessage } from "@/lib/devnet/ledger/chunks";
import { transactionKey } from "@/lib/devnet/ledger/types";
import { createRng, type Rng } from "@/lib/devnet/rng";
import { type Act, seedEvent } from "@/lib/devnet/seed/acts";
import { writeEnvelope } from "@/lib/devnet/seed/envelopes";
import { type Character, createPeople } from "@/lib/devnet/seed/people";
import { COMMUNITIES, LONG_PARAGRAPHS, MINT_NOTES, REQUEST_NOTES, TRUST_NOTES } from "@/lib/devnet/seed/phrases";
import { profileUpdate } from "@/lib/devnet/seed/profiles";
import { RECOGNITION_IDS } from "@/lib/devnet/seed/recognition";
import { sha384 } from "@/tests/support/mirrors/chain";

export const HISTORY_TOPICS: readonly { readonly topicId: TopicId; readonly kinds: readonly [TopicKind] }[] =
  TOPIC_KINDS.map((kind, i) => ({ topicId: parseTopicId(`0.0.${1_001 + i}`) as TopicId, kinds: [kind] }));
export const HISTORY_PAYER = "0.0.2" as AccountId;

/** The weights of `amongOthers` in choose-act. */
const WEIGHTS = { request: 24, accept: 22, revoke: 2, trust: 22, untrust: 4, mint: 16, profile: 10 };
/** As in the seeded world: the share of requests and profiles that do not fit into one transaction. */
const LONG_NOTE_SHARE = 0.012;
const LONG_BIO_SHARE = 0.013;
/** The share of single messages that carry the SDK's chunk info. */
const CHUNK_INFO_SHARE = 0.7;
const START_NS = 1_790_000_000_000_000_000n;
const STEP_NS = 7_000_003n;

export function peopleOf(count: number): readonly Character[] {
  return createPeople(count, createRng(42), Number(START_NS / 1_000_000n));
}

/** At least `count` messages over all topics, in ledger order, one each `stepNs`. */
export function* devnetHistory(
  people: readonly Character[],
  count: number,
  stepNs = STEP_NS,
): Generator<LedgerMessage> {
  const rng = createRng(7);
  const society = new Society(people, rng);
  const names = new Map(people.map(({ userId, name }) => [userId, name]));
  const heads = new Map<TopicId, { sequence: number; hash: Uint8Array }>();
  let ns = START_NS;
  for (let made = 0; made < count; ) {
    const act = society.next();
    const ts = Number(ns / 1_000_000_000n);
    const nameOf = (userId: string) => names.get(userId) ?? userId;
    const bytes = Buffer.from(JSON.stringify(writeEnvelope(act, { ts, nonce: 1_000 + made, nameOf }, rng)));
    const topicId = HISTORY_TOPICS.find(({ kinds }) => kinds[0] === seedEvent(0, act).kind)?.topicId as TopicId;
    const transaction = {
      accountId: HISTORY_PAYER,
      validStartNs: consensusNs(ns - 2_500_000_000n),
      nonce: 0,
      scheduled: false,
    };
    const chunks = splitMessage(topicId, bytes, transaction);
    for (const chunk of chunks) {
      const before = heads.get(topicId) ?? { sequence: 0, hash: GENESIS_HASH };
      const link = { topicId, payer: HISTORY_PAYER, consensusNs: consensusNs(ns), sequence: before.sequence + 1 };
      const hash = nextRunningHash(sha384, before.hash, link, chunk.bytes);
      heads.set(topicId, { sequence: link.sequence, hash });
      const { number = 1, total = 1 } = chunk.chunk ?? {};
      yield {
        ...link,
        sequence: link.sequence as Sequence,
        message: chunk.bytes,
        runningHash: hash,
        runningHashVersion: RUNNING_HASH_VERSION,
        chunk: total > 1 || rng.chance(CHUNK_INFO_SHARE) ? { key: transactionKey(transaction), number, total } : null,
      };
      ns += stepNs;
      made += 1;
    }
  }
}

/** People, their contacts, and their next acts. */
class Society {
  private readonly contacts = new Map<string, string[]>();
  private readonly asked: (readonly [from: string, to: string])[] = [];

  constructor(
    private readonly people: readonly Character[],
    private readonly rng: Rng,
  ) {}

  next(): Act {
    const { rng, people } = this;
    const person = rng.pick(people);
    const kind = rng.weighted(WEIGHTS);
    if (kind === "profile") return profileUpdate(person, rng, rng.chance(LONG_BIO_SHARE));
    // Chooses any of those who asked, neither always the first nor always the last.
    const waiting = kind === "accept" && this.asked.length > 0 ? rng.int(0, this.asked.length - 1) : -1;
    if (waiting >= 0) return this.accept(waiting);
    const actor = person.userId;
    const known = this.contacts.get(actor) ?? [];
    if (kind === "request" || kind === "accept" || known.length === 0) return this.request(actor);
    const target = rng.pick(known);
    switch (kind) {
      case "revoke":
        return { type: "CONTACT_REVOKE", actor, target };
      case "untrust":
        return { type: "TRUST_REVOKE", actor, target };
      case "mint":
        return {
          type: "RECOGNITION_MINT",
          actor,
          target,
          recognitionId: rng.pick(RECOGNITION_IDS),
          note: rng.pick(MINT_NOTES),
        };
      case "trust": {
        const { category } = rng.pick(COMMUNITIES);
        return { type: "TRUST_ALLOCATE", actor, target, weight: 1, category, note: rng.pick(TRUST_NOTES) };
      }
    }
  }

  private request(actor: string): Act {
    const { rng, people } = this;
    const target = rng.pick(people).userId;
    if (target === actor) return this.request(actor);
    this.asked.push([actor, target]);
    const note = rng.chance(LONG_NOTE_SHARE) ? rng.sample(LONG_PARAGRAPHS, 5).join("\n\n") : rng.pick(REQUEST_NOTES);
    return { type: "CONTACT_REQUEST", actor, target, note };
  }

  private accept(index: number): Act {
    const [from, to] = this.asked[index] as readonly [string, string];
    const last = this.asked.pop() as readonly [string, string];
    if (index < this.asked.length) this.asked[index] = last;
    for (const [one, other] of [
      [from, to],
      [to, from],
    ] as const) {
      const known = this.contacts.get(one) ?? [];
      this.contacts.set(one, known);
      known.push(other);
    }
    return { type: "CONTACT_ACCEPT", actor: to, target: from };
  }
}
