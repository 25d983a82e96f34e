/** Random histories of two topics, stored by this version or as a version with an earlier decoder would have stored them. */
import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import type { AccountId, TopicId, UserId } from "@/lib/core/ledger/ids";
import { CHAIN_START, type ChainHead } from "@/lib/core/ledger/verify";
import { ok } from "@/lib/core/result";
import type { LogEntry, NextBatch, UserRow } from "@/lib/core/signals/batch";
import { decodeSignals, parseBody } from "@/lib/core/signals/envelope";
import { interpret, project } from "@/lib/core/signals/interpret";
import { wordsIn } from "@/lib/core/signals/outdated";
import type { DecodedMessage } from "@/lib/core/signals/projection";
import type { DecodedBody, SignatureVerdict } from "@/lib/core/signals/signal";
import { signalsIn, signalTime } from "@/lib/core/signals/signal-batch";
import type { RereadDeps } from "@/lib/engine/repair/reread";
import { storedParts } from "@/lib/engine/sync/topic/commit";
import { Signatures } from "@/lib/engine/sync/topic/signatures";
import type { MirrorName } from "@/lib/ports/ledger/ledger";
import type { SyncStore } from "@/lib/ports/store/sync/sync-store";
import type { TopicState } from "@/lib/ports/store/sync/topic-store";
import type { Stores } from "@/lib/server/boot/app";
import { chainOf, chunked, OPERATOR, type Piece, sha384 } from "../../mirrors/chain";
import { quietLog } from "../../quiet-log";
import { VECTORS } from "../../repository/vectors";
import { deed } from "./histories";
import { signalBatch } from "./signal-batch";

export const TOPICS = ["0.0.101", "0.0.102"] as TopicId[];
const trustedPayers = new Set<AccountId>([OPERATOR]);

/** An earlier decoder's reading of a message: the same, undecodable, or another meaning that uses the message's own words. */
type Earlier =
  | "same"
  | "undecodable"
  | { readonly type: string; readonly picks: readonly [number, number, number]; readonly weight: number };

const EARLIER_TYPES = [
  "CONTACT_ACCEPT",
  "CONTACT_REVOKE",
  "TRUST_ALLOCATE",
  "PROFILE_UPDATE",
  "RECOGNITION_DEFINITION",
  "SIGNAL_MINT",
];
const earlier: fc.Arbitrary<Earlier> = fc.oneof(
  { weight: 3, arbitrary: fc.constant("same" as const) },
  { weight: 2, arbitrary: fc.constant("undecodable" as const) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constantFrom(...EARLIER_TYPES),
      picks: fc.tuple(fc.nat(20), fc.nat(20), fc.nat(20)),
      weight: fc.integer({ min: 1, max: 3 }),
    }),
  },
);
/** The verdict on each signature, by its hex digits. */
const SIGNATURES: Readonly<Record<string, "right" | "wrong" | "weak">> = {
  ["0a".repeat(64)]: "right",
  ["0b".repeat(64)]: "wrong",
  ["0c".repeat(64)]: "weak",
};
const START_MS = 1_790_000_000_000;
const signatures = new Signatures({
  trustedPayers,
  reserve: async () => true,
  verify: (_key, _text, signature) => SIGNATURES[Buffer.from(signature).toString("hex")] ?? "wrong",
  onRecovered: () => {},
  ledger: {
    mirrors: ["https://mirror.test" as MirrorName],
    account: async (accountId) =>
      ok({ accountId, evmAddress: null, isDeleted: false, key: { kind: "ed25519", bytes: new Uint8Array(32) } }),
  },
});

const forms = VECTORS.flatMap(({ message }) => (message === undefined ? [] : [message]));
const person = fc.constantFrom("tm-a", "tm-b", "tm-c");
const definition = fc.record({
  ...{ type: fc.constant("RECOGNITION_DEFINITION"), from: person },
  ...{ id: fc.constantFrom("d", "e"), name: person },
});
const profile = fc.record({ type: fc.constant("PROFILE_UPDATE"), from: person, displayName: person });
const batch = fc
  .array(fc.oneof({ weight: 3, arbitrary: deed }, definition, profile), { minLength: 2, maxLength: 5 })
  .map(signalBatch);
const body: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 3, arbitrary: deed },
  { weight: 4, arbitrary: fc.constantFrom(...forms) },
  { weight: 1, arbitrary: definition },
  { weight: 1, arbitrary: profile },
  { weight: 3, arbitrary: batch },
  {
    weight: 3,
    arbitrary: fc.record({
      ...{ type: fc.constant("PROFILE_UPDATE"), displayName: person },
      ...{ signature: fc.constantFrom(...Object.keys(SIGNATURES)), accountId: fc.constantFrom("0.0.7001", "0.0.7002") },
      // Some times are too old for a message that a stranger pays for.
      timestamp: fc.integer({ min: START_MS - 400_000, max: START_MS + 40_000 }),
    }),
  },
);
const message = fc.record({ body, earlier, isSplit: fc.boolean(), isStranger: fc.boolean() });
export const history = fc.tuple(
  fc.array(message, { minLength: 1, maxLength: 25 }),
  fc.array(message, { minLength: 1, maxLength: 25 }),
);
export type History = typeof history extends fc.Arbitrary<infer H> ? H : never;

const piecesOf = (messages: History[number]): readonly Piece[] =>
  messages.flatMap(({ body: each, isSplit, isStranger }, i) => {
    if (isSplit) return chunked(each, `key${i}`, 60).slice(0, 50);
    return [isStranger ? { body: each, payer: "0.0.666" as AccountId } : { body: each }];
  });

/** The batch that an earlier version would have stored, with the same ledger messages. */
function asBefore(batch: NextBatch, meanings: readonly Earlier[]): NextBatch {
  let nth = 0;
  const rows: UserRow[] = [];
  const signals: DecodedMessage[] = [];
  const entries = batch.entries.map(({ signature, ...told }): LogEntry => {
    // The earlier version knew no signatures, and judged by the payer alone.
    const entry: LogEntry = signature === undefined ? told : { ...told, ...byPayer(told) };
    const { disposition } = entry;
    if (disposition === "part" || disposition === "failed") return entry;
    const meaning = meanings[nth++ % meanings.length] as Earlier;
    const meant = meaning === "same" ? asNow(entry) : meaning === "undecodable" ? null : otherwise(entry, meaning);
    if (meant === null) return { ...entry, disposition: "undecodable", reason: "no-target" };
    for (const [place, decoded] of meant.entries()) {
      const consensusNs = signalTime(entry.consensusNs, place);
      signals.push({ topicId: batch.topicId, sequence: entry.sequence, consensusNs, decoded });
      rows.push(...rowsOf(decoded, { ...entry, consensusNs }, place));
    }
    return meaning === "same" ? entry : { ...entry, disposition: "signal", reason: null };
  });
  return { ...batch, entries, rows, ...project(signals) };
}

function asNow({ disposition, body: joined, message: own }: LogEntry): readonly DecodedBody[] {
  const decoded = disposition === "signal" ? decodeSignals(joined ?? own) : null;
  return decoded?.ok ? decoded.value : [];
}

/** Null if one of its signals names nobody. */
function otherwise(entry: LogEntry, meaning: Exclude<Earlier, string>): readonly DecodedBody[] | null {
  const { type, weight, picks } = meaning;
  const meant = signalsIn(entry.body ?? entry.message).map((signal): DecodedBody | null => {
    const json = parseBody(signal);
    const words = wordsIn(json.ok ? json.value : null);
    const [people, ids] = [[...words.people], [...words.ids]];
    if (people.length === 0) return null;
    const actor = people[picks[0] % people.length] as UserId;
    const hasTarget = type !== "PROFILE_UPDATE" && type !== "RECOGNITION_DEFINITION";
    const target = hasTarget ? (people[picks[1] % people.length] as UserId) : null;
    const earlierDefinition = { id: ids[picks[2] % ids.length] as string, fields: { title: "Earlier" } };
    return {
      ...{ type, actor, target, weight },
      ...(type === "RECOGNITION_DEFINITION" ? { definitions: [earlierDefinition] } : {}),
      metadata: { displayName: "Earlier" },
      actorParty: { handle: "Earlier", hrl: null },
      targetParty: { handle: null, hrl: "hrl:earlier" },
    };
  });
  return meant.every((each) => each !== null) ? meant : null;
}

const byPayer = ({ payer }: LogEntry): Pick<LogEntry, "disposition" | "reason"> =>
  payer === OPERATOR
    ? { disposition: "signal", reason: null }
    : { disposition: "untrusted", reason: "untrusted-payer" };

function rowsOf({ type, actor, target }: DecodedBody, entry: LogEntry, place: number): UserRow[] {
  const { sequence, consensusNs, verification } = entry;
  const common = { sequence, consensusNs, verification, type, ...(place === 0 ? {} : { place }) };
  const ofActor = actor === null ? [] : [{ ...common, userId: actor, peerId: target, isActor: true }];
  const hasOther = target !== null && target !== actor;
  return hasOther ? [...ofActor, { ...common, userId: target, peerId: actor, isActor: false }] : ofActor;
}

const RANGE_OF_COMMITS = 7;

/**
 * Commits a topic's messages from its cursor up to `share` of them, as this version or as an earlier one. It calls `pause` after
 * each commit. If another writer was faster, it tries again from the new cursor.
 */
export async function fill(
  sync: SyncStore,
  i: number,
  messages: History[number],
  {
    isEarlier,
    share = 1,
    pause,
  }: { readonly isEarlier: boolean; readonly share?: number; readonly pause?: () => Promise<void> },
): Promise<void> {
  const topicId = TOPICS[i] as TopicId;
  const chain = chainOf(topicId, piecesOf(messages), 1_790_000_000_000_000_000n + BigInt(i) * 500_000_007n);
  const end = Math.ceil(chain.length * share);
  for (;;) {
    const { cursor: from, headHash } = (await sync.topic(topicId)) as TopicState;
    if (from >= end) return;
    const head: ChainHead = from === 0 ? CHAIN_START : { sequence: from, hash: headHash, consensusNs: 0n };
    const run = chain.slice(from, Math.min(from + RANGE_OF_COMMITS, end));
    const priorParts = await storedParts(sync, topicId, run);
    const input = { topicId, head, messages: run, priorParts, trustedPayers, sha384 };
    const look = (judged: ReadonlyMap<number, SignatureVerdict> = new Map()) => interpret({ ...input, judged });
    const { head: to, ...batch } = await signatures.settled(look(), look);
    const next: NextBatch = { ...batch, advance: { from, to, gap: null } };
    const meanings = messages.map(({ earlier: meaning }) => meaning);
    await sync.commit(isEarlier ? asBefore(next, meanings) : next);
    await pause?.();
  }
}

export const depsOf = (
  { sync }: Pick<Stores, "sync">,
  bus: RereadDeps["bus"] = { publish: async () => {} },
): RereadDeps => ({
  ...{ store: sync, bus, sha384, trustedPayers, signatures, log: quietLog, clock: { sleep: () => turn() }, range: 3 },
  onUnproven: () => {},
});
