/**
 * A believable TrustMesh world, always the same from the same seed and time: what everybody did in the thirty days
 * before now, written onto the ledger in the order in which it happened.
 */
import { type ConsensusNs, fromMs } from "@/lib/core/ledger/consensus-time";
import { type AccountId, TOPIC_KINDS, type TopicId, type TopicKind } from "@/lib/core/ledger/ids";
import { developmentKey } from "../development-keys";
import { splitMessage } from "../ledger/chunks";
import type { DevnetLedger, Submission } from "../ledger/ledger";
import { encodeEd25519Key } from "../rest/key-json";
import type { Rng } from "../rng";
import type { Act, SeedEvent } from "./acts";
import { makeContacts } from "./contacts";
import { type EnvelopeContext, writeEnvelope } from "./envelopes";
import { makeOddities } from "./oddities";
import { type Character, createPeople, type DemoPerson, WORLD_DAYS } from "./people";
import { makeProfiles } from "./profiles";
import { makeRecognition } from "./recognition";
import { makeTrust } from "./trust";

export interface World {
  readonly topics: Readonly<Record<TopicKind, TopicId>>;
  readonly people: readonly DemoPerson[];
}

export interface WorldOptions {
  readonly people: number;
  readonly rng: Rng;
  readonly nowMs: number;
  readonly payer: AccountId;
}

const DAY_MS = 86_400_000;
/** The seeded past ends a little before now, so that the first live message is later than all of it. */
const QUIET_MS = 3_000;
/** Between the chunks of one message, as with the SDK. */
const CHUNK_GAP_MS = 1_100;
/** Most messages come from the SDK, which adds chunk info to each; some tools do not. */
const CHUNK_INFO_SHARE = 0.7;

/** Creates the four topics, and with people also their world. */
export function seedWorld(ledger: DevnetLedger, { people: count, rng, nowMs, payer }: WorldOptions): World {
  const endMs = nowMs - QUIET_MS;
  const bornMs = endMs - (WORLD_DAYS + 1) * DAY_MS;
  const topics = Object.fromEntries(
    TOPIC_KINDS.map((kind, i) => {
      const createdNs = fromMs(bornMs + i * 1_000);
      return [kind, ledger.createTopic({ memo: `trustmesh-standard-${kind}-0`, createdNs }).id];
    }),
  ) as Record<TopicKind, TopicId>;
  const people = createPeople(count, rng, endMs);
  for (const person of people.filter(({ userId }) => userId.startsWith("0.0."))) {
    const key = encodeEd25519Key(developmentKey(person.userId).publicRaw);
    ledger.createAccount(key, {
      id: person.userId as AccountId,
      createdNs: fromMs(person.joinedMs),
      memo: person.name,
    });
  }
  if (count > 1) ledger.submit(transcribe(eventsOf(people, rng, endMs), { people, rng, topics, payer }));
  return { topics, people: people.map(({ userId, name }) => ({ userId, name })) };
}

function eventsOf(people: readonly Character[], rng: Rng, endMs: number): SeedEvent[] {
  const { bonds, events } = makeContacts(people, rng, endMs);
  const all = [
    ...events,
    ...makeTrust(people, bonds, rng, endMs),
    ...makeRecognition(people, bonds, rng, endMs),
    ...makeProfiles(people, rng, endMs),
    ...makeOddities(people, bonds, rng, endMs),
  ];
  return all.sort((a, b) => a.atMs - b.atMs);
}

interface Setting {
  readonly people: readonly Character[];
  readonly rng: Rng;
  readonly topics: Readonly<Record<TopicKind, TopicId>>;
  readonly payer: AccountId;
}

/** Makes transactions of what happened, each with a consensus time of its own. */
function transcribe(events: readonly SeedEvent[], { people, rng, topics, payer }: Setting): Submission[] {
  const write = envelopeWriter(people, rng);
  const transactions = events.flatMap((item) => {
    const bytes = "bytes" in item.what ? item.what.bytes : write(item.what.act, item.atMs, item.what.form);
    const accountId = (item.payer ?? payer) as AccountId;
    const validStartNs = (fromMs(item.atMs - 2_500) + BigInt(rng.int(0, 999_999))) as ConsensusNs;
    const chunks = splitMessage(topics[item.kind], bytes, { accountId, validStartNs, nonce: 0, scheduled: false });
    const isPlain = chunks.length === 1 && !rng.chance(CHUNK_INFO_SHARE);
    return (item.unfinished ? chunks.slice(0, 1) : chunks).map((chunk, i) => ({
      ns: fromMs(item.atMs + i * CHUNK_GAP_MS) + BigInt(rng.int(0, 999_999)),
      submission: isPlain ? { ...chunk, chunk: null } : chunk,
    }));
  });
  transactions.sort((a, b) => (a.ns < b.ns ? -1 : a.ns > b.ns ? 1 : 0));
  let lastNs = 0n;
  return transactions.map(({ ns, submission }) => {
    lastNs = ns > lastNs ? ns : lastNs + 1n;
    return { ...submission, consensusNs: lastNs as ConsensusNs };
  });
}

/** Writes acts in the order of time, so that nonces rise and an accept knows the request it answers. */
function envelopeWriter(people: readonly Character[], rng: Rng) {
  const names = new Map(people.map((person) => [person.userId, person.name]));
  const nonces = new Map<string, number>();
  const requests = new Map<string, number>();
  return (act: Act, atMs: number, form?: string): Uint8Array => {
    const nonce = (nonces.get(act.actor) ?? 1_000) + 1;
    nonces.set(act.actor, nonce);
    const target = "target" in act ? act.target : "";
    if (act.type === "CONTACT_REQUEST") requests.set(`${act.actor} ${target}`, nonce);
    const requestNonce = requests.get(`${target} ${act.actor}`);
    const context: EnvelopeContext = {
      ts: Math.floor(atMs / 1_000) - 2,
      nonce,
      nameOf: (userId) => names.get(userId) ?? userId,
      ...(act.type === "CONTACT_ACCEPT" && requestNonce !== undefined ? { requestNonce } : {}),
    };
    return Buffer.from(JSON.stringify(writeEnvelope(act, context, rng, form)));
  };
}
