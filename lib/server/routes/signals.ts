import "server-only";
import { andThen } from "../../core/awaitable";
import { fittingPrefix, jsonBytes, MAX_ANSWER_BYTES } from "../../core/bounds";
import { type ConsensusNs, consensusNs, formatConsensusTime, toConsensusNs } from "../../core/ledger/consensus-time";
import { signalId, type UserId } from "../../core/ledger/ids";
import { placeMember } from "../../core/signals/batch";
import { decodeJson, decodeMessage, parseBody } from "../../core/signals/envelope";
import { foldSynonym } from "../../core/signals/message-types";
import { boundedMetadata, CUT_METADATA } from "../../core/signals/metadata";
import { countedPart, signedPart } from "../../core/signals/signed";
import { signalView, truncation } from "../../core/signals/views";
import type { PendingSignal } from "../../engine/reads/pending";
import { viewOf } from "../../engine/reads/view";
import type { EventRow, SignalRow } from "../../ports/store/view-rows";
import { EventsAnswer, EventsQuery } from "../../wire/ledger";
import { SignalsQuery } from "../../wire/requests";
import { type Signal, SignalsAnswer } from "../../wire/signals";
import type { App } from "../boot/app";
import { ProblemError } from "../http/answers/problem";
import { beforeRead, uncached, viewAnswer } from "../http/answers/reply";
import { decodeCursor, encodeCursor } from "../http/cursor";
import { defineRoute } from "../http/route";

const DEFAULT_LIMIT = 50;

/** Converts a stored row to the signal that its reader sees. */
export function signalOf(userId: UserId, row: SignalRow, source: "hcs" | "hcs-cached"): Signal {
  return decodedSignalOf(userId, row, source).signal;
}

/** The same, with the definition that a mint names. */
export function decodedSignalOf(userId: UserId, row: SignalRow, source: "hcs" | "hcs-cached") {
  const decoded = row.body === null ? null : decodeMessage(row.body);
  const said = decoded?.ok ? countedPart(decoded.value, row.author === "signature" ? "alone" : null) : null;
  const metadata = decoded === null ? CUT_METADATA : (said?.metadata ?? {});
  const signal: Signal = signalView(userId, row, metadata, source);
  return { signal, definitionId: said?.definitionId ?? null };
}

function pendingSignal(pending: PendingSignal): Signal {
  const { decoded, topicId, sequence, place, author } = pending;
  const metadata = boundedMetadata(decoded.metadata);
  const ns = pending.consensusNs === null ? null : consensusNs(pending.consensusNs);
  return {
    id: signalId(topicId, sequence, place),
    type: decoded.type,
    actor: decoded.actor,
    target: decoded.target,
    ts: pending.submittedMs,
    consensusTimestamp: ns === null ? null : formatConsensusTime(ns),
    topicId,
    sequenceNumber: sequence,
    ...placeMember(place),
    metadata,
    source: "pending",
    verified: "unverifiable",
    author,
    position: 0,
    ...truncation(metadata),
  };
}

async function loadPage(
  app: App,
  userId: UserId,
  types: readonly string[],
  beforeNs: ConsensusNs | null,
  limit: number,
) {
  const maxRows = app.env.strategies.signals.maxSize;
  const { position, rows, nextBeforeNs, droppedNs } = await app.stores.views.signals(userId, {
    types,
    beforeNs,
    limit,
    maxRows,
  });
  const all = rows.map((row) => signalOf(userId, row, "hcs-cached"));
  const items = fittingPrefix(all, MAX_ANSWER_BYTES);
  const cutNs = items.length < all.length ? (rows[items.length - 1]?.consensusNs ?? null) : null;
  return { position, content: { items, ...endOfPage(cutNs, { nextBeforeNs, droppedNs }) } };
}

/** The member that tells of signals that were dropped; none if none were. */
const droppedMember = (droppedNs: ConsensusNs | null) =>
  droppedNs === null ? {} : { droppedThrough: formatConsensusTime(droppedNs) };

/**
 * The members that tell what follows a page. `cutNs`: the time of its last item, if the answer has no room for all of the page; otherwise
 * null. Signals that were dropped before that time are reported with the next page.
 */
export function endOfPage(
  cutNs: ConsensusNs | null,
  { nextBeforeNs, droppedNs }: { readonly nextBeforeNs: ConsensusNs | null; readonly droppedNs: ConsensusNs | null },
) {
  const nextNs = cutNs ?? nextBeforeNs;
  const isLater = droppedNs !== null && cutNs !== null && droppedNs < cutNs;
  return { nextCursor: nextNs && encodeCursor(nextNs), ...droppedMember(isLater ? null : droppedNs) };
}

export const signals = defineRoute({
  summary: "Signals that concern the caller, newest first",
  access: "user",
  limit: "read",
  query: SignalsQuery,
  heeds: ["If-Min-Sequence"],
  sends: ["view"],
  answer: SignalsAnswer,
  handle: (context) => {
    const { app, userId, query } = context;
    const startMs = app.clock.now();
    const types = query.type.map((type) => foldSynonym(type.toUpperCase()));
    const beforeNs = decodeCursor(query.cursor);
    const load = () => loadPage(app, userId, types, beforeNs, query.limit);
    const isHot = types.length === 0 && beforeNs === null && query.limit === DEFAULT_LIMIT;
    const { need, began } = beforeRead(context);
    // Pending signals are read before the view. Otherwise a signal that is committed in between would be in neither, and vanish for a
    // moment.
    const waiting =
      beforeNs === null
        ? app.pending.of(userId).filter(({ decoded }) => types.length === 0 || types.includes(decoded.type))
        : [];
    const reading = isHot ? app.reader.read(userId, "signals", load, need) : direct(app, load, startMs);
    return andThen(reading, (result) => {
      if (!result.ok)
        throw new ProblemError("unavailable", "Your signals cannot be read at the moment. Try again shortly.");
      const read = waiting.length === 0 ? result.value : withPending(result.value, waiting);
      return viewAnswer(context, read, startMs, began);
    });
  },
});

async function direct(
  app: App,
  load: () => ReturnType<typeof loadPage>,
  startMs: number,
): Promise<Awaited<ReturnType<App["reader"]["read"]>>> {
  const { position, content } = await load();
  const nowMs = app.clock.now();
  return { ok: true as const, value: uncached(viewOf(position, content, nowMs), nowMs - startMs) };
}

type Page = Pick<SignalsAnswer, "items" | "nextCursor" | "droppedThrough">;
type Result = Parameters<typeof viewAnswer>[1];

/**
 * Puts the user's pending signals on top, which makes another body with another ETag. Leaves out pending signals that another
 * instance has already synced.
 */
function withPending(result: Result, waiting: readonly PendingSignal[]): Result {
  const { position, ...content } = JSON.parse(result.view.body.toString()) as Page & { position: number };
  const { nextCursor, droppedThrough } = content;
  const there = new Set(content.items.map(({ id }) => id));
  const others = waiting.map(pendingSignal).filter(({ id }) => !there.has(id));
  if (others.length === 0) return result;
  const pending = fittingPrefix(others, MAX_ANSWER_BYTES / 4);
  const items = fittingPrefix(content.items, MAX_ANSWER_BYTES - jsonBytes(pending));
  const last = items.length < content.items.length ? items.at(-1)?.consensusTimestamp : null;
  const end = endOfPage(last ? toConsensusNs(last) : null, {
    nextBeforeNs: decodeCursor(nextCursor ?? undefined),
    droppedNs: droppedThrough === undefined ? null : toConsensusNs(droppedThrough),
  });
  return { ...result, view: viewOf(position, { items: [...pending, ...items], ...end }, result.view.readMs) };
}

/** A message as an item of the events answer. Null if it cannot be read. */
function eventOf({ consensusNs, sequence, topicId, signature, body }: EventRow): EventsAnswer["items"][number] | null {
  const place = {
    consensus_timestamp: formatConsensusTime(consensusNs),
    sequence_number: sequence,
    topic_id: topicId,
  };
  if (body === null) return { ...place, json: CUT_METADATA, truncated: true };
  const json = parseBody(body);
  if (!json.ok) return null;
  return { ...place, json: signature === "alone" ? signedJson(json.value) : json.value };
}

/** The part of a message that its signature covers, as a flat message. The rest may be anybody's words. */
function signedJson(json: unknown): unknown {
  const decoded = decodeJson(json);
  if (!decoded.ok) return {};
  const { type, actor, target, metadata } = signedPart(decoded.value);
  return { type, from: actor, ...(target === null ? {} : { to: target }), ...metadata };
}

export const events = defineRoute({
  summary: "Messages of one kind that concern the caller, oldest first, for polling with a watermark",
  access: "user",
  limit: "read",
  heeds: ["If-Min-Sequence"],
  sends: ["view"],
  query: EventsQuery,
  answer: EventsAnswer,
  handle: async (context) => {
    const { app, userId, query } = context;
    const startMs = app.clock.now();
    const { began } = beforeRead(context);
    const sinceNs = query.since === undefined ? consensusNs(0n) : toConsensusNs(query.since);
    const page = await app.stores.views.events(userId, query.type, sinceNs, query.limit);
    const shown = page.rows.map((row) => ({ row, item: eventOf(row) })).filter(({ item }) => item !== null);
    app.stores.unreadable.count("topic_log", page.rows.length - shown.length);
    const items = fittingPrefix(
      shown.map(({ item }) => item),
      MAX_ANSWER_BYTES,
    );
    const throughNs = items.length < shown.length ? shown[items.length - 1]?.row.consensusNs : page.throughNs;
    const content = {
      ok: true,
      type: query.type,
      watermark: formatConsensusTime(throughNs ?? sinceNs),
      items,
      ...droppedMember(page.droppedNs),
    };
    return viewAnswer(context, uncached(viewOf(null, content, startMs), app.clock.now() - startMs), startMs, began);
  },
});
