/**
 * Reads a topic's log again, after the decoder has changed. Each range of messages is interpreted as in a clean replay, and only what
 * differs is written: log entries, rows, edges, profiles, definitions. The store holds the progress: any
 * instance goes on where another has stopped, and readers and commits go on in between.
 *
 *   range ──▶ interpret ──▶ compare with what is stored ──▶ remove what nobody says ──▶ write the rest, move on
 *     ▲                                                                                        │
 *     └──────────────────── until the cursor; once more from the start if something was removed ┘
 */
import { keyOf } from "../../core/key";
import { groupsIn } from "../../core/ledger/chunks";
import type { TopicId, UserId } from "../../core/ledger/ids";
import { equalBytes, type Sha384 } from "../../core/ledger/running-hash";
import { CHAIN_START, isVerdictReason, type Verdict, verifyNext } from "../../core/ledger/verify";
import type { Batch, LogEntry, UserRow } from "../../core/signals/batch";
import { parseBody } from "../../core/signals/envelope";
import { type Interpretation, interpret, ledgerMessageOf, type TrustedPayers } from "../../core/signals/interpret";
import {
  addsClaim,
  addsEdge,
  addsProfile,
  isSameRow,
  judgeClaim,
  judgeProfile,
  outdatedIn,
  wordsIn,
} from "../../core/signals/outdated";
import type { SignatureVerdict } from "../../core/signals/signal";
import { signalsIn, signalTime } from "../../core/signals/signal-batch";
import type { Clock } from "../../ports/clock";
import type { Log } from "../../ports/log";
import type { EventBus } from "../../ports/shared/event-bus";
import type { Outdated } from "../../ports/store/sync/reread-store";
import type { SyncStore } from "../../ports/store/sync/sync-store";
import type { Signatures } from "../sync/topic/signatures";

export interface RereadDeps {
  readonly store: SyncStore;
  readonly bus: Pick<EventBus, "publish">;
  readonly sha384: Sha384;
  readonly trustedPayers: TrustedPayers;
  readonly signatures: Pick<Signatures, "settled">;
  /** A stored message of this topic is unproven now: repairs have to judge its signature. */
  readonly onUnproven: (topicId: TopicId) => void;
  readonly log: Log;
  readonly clock: Pick<Clock, "sleep">;
  /** The number of messages that are read again in one step. */
  readonly range: number;
}

/** A commit is cheapest with this many messages. */
export const REREAD_RANGE = 500;
/** The pause after a range. Reading a topic again takes at most half of the time of one connection. */
const TURN_MS = 20;
/** Another instance reads this topic: look again after it has had time for some ranges. */
const OTHERS_TURN_MS = 5_000;

/** Reads all topics again that need it. Ends early on the signal. */
export async function rereadTopics(deps: RereadDeps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const open = (await deps.store.topics()).filter(
      ({ isReread, paused, isDropping, projected }) => !isReread && !paused && !isDropping && projected === null,
    );
    if (open.length === 0) return;
    for (const { topicId } of open) await rereadTopic(deps, topicId, signal);
  }
}

async function rereadTopic(deps: RereadDeps, topicId: TopicId, signal: AbortSignal): Promise<void> {
  const { store, log, clock } = deps;
  for (let isFirst = true; !signal.aborted; isFirst = false) {
    const topic = await store.topic(topicId);
    if (!topic || topic.isReread || topic.paused || topic.isDropping || topic.projected !== null) return;
    const { interpreted: from, cursor } = topic;
    if (isFirst)
      log.info("reading the log of a topic again, because the decoder has changed", { topicId, from, to: cursor });
    if (from >= cursor) await store.endReread(topicId);
    else {
      const isOurs = await rereadRange(deps, topicId, from, Math.min(from + deps.range, cursor));
      await clock.sleep(isOurs ? TURN_MS : OTHERS_TURN_MS, signal);
    }
  }
}

/** False if another instance was first. */
async function rereadRange(deps: RereadDeps, topicId: TopicId, from: number, through: number): Promise<boolean> {
  const { news, outdated } = await compared(deps, topicId, from, through);
  const { rows, registers, profiles, claims } = outdated;
  if (rows.length + registers.length + profiles.length + claims.length > 0) {
    // If another instance has changed the store meanwhile, nothing was removed. So the range is compared again before it is written.
    await deps.store.remove({ topicId, from }, outdated);
    const of = [
      ...rows.map(({ row }) => row),
      ...registers.map(({ edge }) => edge.edge),
      ...profiles.map(({ profile }) => profile),
    ];
    await publish(deps, topicId, of, claims.length > 0);
    return true;
  }
  const outcome = await deps.store.reread({ topicId, from, through }, news);
  if (outcome.kind === "conflict") return false;
  if (openIn(news) > 0) deps.onUnproven(topicId);
  await publish(deps, topicId, [...news.rows, ...news.edges, ...news.profiles], news.definitions.length > 0);
  return true;
}

async function publish(
  { bus }: Pick<RereadDeps, "bus">,
  topicId: TopicId,
  facts: readonly { readonly userId: UserId }[],
  definitionsChanged: boolean,
): Promise<void> {
  const userIds = [...new Set(facts.map(({ userId }) => userId))];
  if (userIds.length > 0) await bus.publish({ type: "views-invalidated", userIds });
  if (definitionsChanged)
    await bus.publish({ type: "commit", topicId, cursor: null, users: [], renamed: [], definitionsChanged });
}

/**
 * Compares a range with what is stored of it. `outdated`: stored facts that must be removed first. `news`: what differs otherwise. It is
 * complete only if nothing is outdated.
 */
async function compared(
  { store, sha384, trustedPayers, signatures, clock }: RereadDeps,
  topicId: TopicId,
  from: number,
  through: number,
): Promise<{ readonly news: Batch; readonly outdated: Outdated }> {
  const stored = await store.log(topicId, from + 1, through);
  const groups = groupsIn(stored);
  const parts = groups.length === 0 ? [] : await store.parts(topicId, groups);
  const [before] = from === 0 ? [] : await store.log(topicId, from, from);
  const messages = stored.map((entry, i) => ({
    ...ledgerMessageOf(topicId, entry),
    verdict: verdictOf(sha384, topicId, entry, stored[i - 1] ?? before),
  }));
  const priorParts = parts.filter(({ sequence }) => sequence <= from);
  const verdicts = new Map<number, SignatureVerdict>();
  const look = (judged: ReadonlyMap<number, SignatureVerdict> = new Map()) => {
    for (const [sequence, verdict] of judged) verdicts.set(sequence, verdict);
    return interpret({
      ...{ topicId, head: CHAIN_START, messages, priorParts, trustedPayers, sha384, judged: verdicts },
    });
  };
  const view = await judgedView(look, { signatures, clock });

  const signals = stored.filter(({ disposition }) => disposition === "signal");
  const words = signals.map((entry) => ({ entry, ...wordsOf(entry) }));
  const rowsFound = await store.rowsOf(
    topicId,
    words.map(({ entry: { sequence, consensusNs }, people }) => ({ sequence, consensusNs, words: [...people] })),
  );
  const rowKey = ({ userId, sequence, place = 0 }: UserRow) => keyOf(userId, String(sequence), String(place));
  const rows = new Map(rowsFound.map((found) => [rowKey(found.row), found]));
  const newRows = new Set(view.rows.map(rowKey));

  const times: ReadonlySet<bigint> = new Set(stored.flatMap(timesOf));
  const pairs = new Map<string, readonly [string, string]>();
  for (const { userId, peerId } of [...rowsFound.map(({ row }) => row), ...view.edges])
    if (peerId !== null)
      for (const pair of [
        [userId, peerId],
        [peerId, userId],
      ] as const)
        pairs.set(keyOf(...pair), pair);
  const edges = new Map((await store.edgesBetween([...pairs.values()])).map((found) => [edgeKey(found.edge), found]));
  const freshEdges = new Map(view.edges.map((edge) => [edgeKey(edge), edge]));

  const authors = new Set<string>(view.profiles.map(({ userId }) => userId));
  for (const { row } of rowsFound) if (row.type === "PROFILE_UPDATE") authors.add(row.userId);
  const profiles = await store.profilesFound([...authors]);
  const freshProfiles = new Map(view.profiles.map((profile) => [profile.userId, profile]));
  const profileOf = new Map(profiles.map(({ profile }) => [profile.userId, profile]));

  const ids = new Set(view.definitions.map(({ definitionId }) => definitionId));
  const isDefining = new Set(
    rowsFound.flatMap(({ row }) => (row.type === "RECOGNITION_DEFINITION" ? [row.sequence as number] : [])),
  );
  const hasRow = new Set(rowsFound.map(({ row }) => row.sequence as number));
  for (const { entry, ids: named } of words)
    if (isDefining.has(entry.sequence) || !hasRow.has(entry.sequence)) for (const id of named) ids.add(id);
  const claims = await store.claimsOn([...ids]);
  const freshClaims = new Map(view.definitions.map((claim) => [claimKey(claim), claim]));
  const claimOf = new Map(claims.map((claim) => [claimKey(claim), claim]));

  // A fact that no kept message states any more may come from a dropped message. So it stays if any message was dropped.
  const isWhole = (await store.topics()).every(({ dropped }) => dropped.through === 0);
  let isAgain = false;
  const isOutdated = (verdict: { isOutdated: boolean; isGone: boolean }) => {
    if (verdict.isGone && !isWhole) return false;
    isAgain ||= verdict.isGone;
    return verdict.isOutdated;
  };
  const outdated = {
    rows: rowsFound.filter(({ row }) => !newRows.has(rowKey(row))),
    registers: [...edges.values()].flatMap((found) => {
      const registers = outdatedIn(found.edge, freshEdges.get(edgeKey(found.edge)), times).filter(
        ({ isGone }) => isWhole || !isGone,
      );
      if (registers.some(({ isGone }) => isGone)) isAgain = true;
      return registers.length === 0 ? [] : [{ edge: found, names: registers.map(({ name }) => name) }];
    }),
    profiles: profiles.filter(({ profile }) =>
      isOutdated(judgeProfile(profile, freshProfiles.get(profile.userId), times)),
    ),
    claims: claims.filter((claim) => isOutdated(judgeClaim(claim, freshClaims.get(claimKey(claim)), times))),
  };
  const newProfiles = view.profiles.filter((profile) => addsProfile(profileOf.get(profile.userId), profile));
  const named = new Set(newProfiles.map(({ userId, consensusNs }) => keyOf(userId, String(consensusNs))));
  return {
    outdated: { ...outdated, isAgain },
    news: {
      topicId,
      entries: view.entries.filter((entry, i) => !isSameEntry(entry, stored[i] as LogEntry)),
      // A profile refers to its message by its row.
      rows: view.rows.filter((row) => {
        const found = rows.get(rowKey(row));
        return !found || !isSameRow(found.row, row) || named.has(keyOf(row.userId, String(row.consensusNs)));
      }),
      edges: view.edges.filter((edge) => addsEdge(edges.get(edgeKey(edge))?.edge, edge)),
      profiles: newProfiles,
      definitions: view.definitions.filter((claim) => addsClaim(claimOf.get(claimKey(claim)), claim)),
    },
  };
}

/** After this many rounds without a verdict no mirror can be asked for keys. The signatures stay open, and repairs judge them. */
const ROUNDS_WITHOUT_VERDICT = 3;
const ROUND_MS = 2_000;

/** Nobody waits for this, so each signature is judged before its message is written: a message must not vanish in between. */
async function judgedView(
  look: (judged?: ReadonlyMap<number, SignatureVerdict>) => Interpretation,
  { signatures, clock }: Pick<RereadDeps, "signatures" | "clock">,
): Promise<Interpretation> {
  let view = look();
  for (let idle = 0; idle < ROUNDS_WITHOUT_VERDICT; ) {
    const open = openIn(view);
    if (open === 0) return view;
    if (idle > 0) await clock.sleep(ROUND_MS);
    view = await signatures.settled(view, look);
    idle = openIn(view) < open ? 0 : idle + 1;
  }
  return view;
}

const openIn = ({ entries }: Pick<Interpretation, "entries">): number =>
  entries.filter(({ disposition }) => disposition === "unproven").length;

const edgeKey = ({ userId, peerId }: { readonly userId: string; readonly peerId: string }) => keyOf(userId, peerId);
const claimKey = ({ definitionId, actor }: { readonly definitionId: string; readonly actor: string | null }) =>
  keyOf(definitionId, actor ?? "");

const timesOf = ({ body, message, consensusNs: ns }: LogEntry): readonly bigint[] =>
  signalsIn(body ?? message).map((_, place) => signalTime(ns, place));

const wordsOf = ({ body, message }: LogEntry) =>
  wordsIn(
    signalsIn(body ?? message).map((signal) => {
      const json = parseBody(signal);
      return json.ok ? json.value : null;
    }),
  );

/** The verdict that a stored entry has. A reason why it was no signal had taken the place of the verdict's own. */
function verdictOf(sha384: Sha384, topicId: TopicId, entry: LogEntry, before: LogEntry | undefined): Verdict {
  const { verification, reason } = entry;
  if (reason === null || isVerdictReason(reason)) return { verification, reason };
  if (verification !== "unverifiable") return { verification, reason: null };
  const head = before
    ? { sequence: before.sequence, hash: before.runningHash, consensusNs: 0n }
    : entry.sequence === 1
      ? CHAIN_START
      : { sequence: 0, hash: null, consensusNs: 0n };
  const again = verifyNext(sha384, head, ledgerMessageOf(topicId, { ...entry, reason: null }));
  return { verification, reason: again.verification === verification ? again.reason : null };
}

function isSameEntry(a: LogEntry, b: LogEntry): boolean {
  const isSameBody = a.body === b.body || (a.body !== null && b.body !== null && equalBytes(a.body, b.body));
  const isSameChunk =
    a.chunk?.key === b.chunk?.key && a.chunk?.number === b.chunk?.number && a.chunk?.total === b.chunk?.total;
  const isSameSignature = (a.signature ?? null) === (b.signature ?? null);
  return a.disposition === b.disposition && a.reason === b.reason && isSameBody && isSameChunk && isSameSignature;
}
