import "server-only";
import { type ConsensusNs, consensusNs, formatConsensusTime, parseTimeInRange } from "../../core/consensus-time";
import { decodeMessage } from "../../core/envelope";
import { signalId, type UserId } from "../../core/ids";
import { boundedMetadata } from "../../core/metadata";
import { signalView } from "../../core/views";
import type { PendingSignal } from "../../engine/pending";
import { viewOf } from "../../engine/tiered-read";
import type { SignalRow } from "../../ports/view-store";
import { EventsAnswer, EventsQuery, type Signal, SignalsAnswer, SignalsQuery } from "../../wire/signals";
import type { App } from "../container";
import { ProblemError } from "../problem";
import { beforeRead, uncached, viewResponse } from "../reply";
import { defineRoute } from "../route";

const DEFAULT_LIMIT = 50;

/** A row as the signal that its reader sees. */
export function signalOf(userId: UserId, row: SignalRow, source: "hcs" | "hcs-cached"): Signal {
  return decodedSignalOf(userId, row, source).signal;
}

/** The same, with the definition that a mint names. */
export function decodedSignalOf(userId: UserId, row: SignalRow, source: "hcs" | "hcs-cached") {
  const decoded = decodeMessage(row.body);
  const signal: Signal = signalView(userId, { ...row, metadata: decoded.ok ? decoded.value.metadata : {} }, source);
  return { signal, definitionId: decoded.ok ? (decoded.value.definitionId ?? null) : null };
}

function pendingSignal(pending: PendingSignal): Signal {
  const { decoded, topicId, sequence } = pending;
  const ns = pending.consensusNs === null ? null : consensusNs(pending.consensusNs);
  return {
    id: signalId(topicId, sequence),
    type: decoded.type,
    actor: decoded.actor,
    target: decoded.target,
    ts: pending.submittedMs,
    consensusTimestamp: ns === null ? null : formatConsensusTime(ns),
    topicId,
    sequenceNumber: sequence,
    metadata: boundedMetadata(decoded.metadata),
    source: "pending",
    verified: "unverifiable",
    position: 0,
  };
}

async function loadPage(
  app: App,
  userId: UserId,
  types: readonly string[],
  beforeNs: ConsensusNs | null,
  limit: number,
) {
  // One more than asked for tells whether there is a next page.
  const { position, rows } = await app.stores.views.signals(userId, {
    types,
    beforeNs,
    limit: limit + 1,
    maxRows: app.env.strategies.signals.maxSize,
  });
  const page = rows.slice(0, limit);
  const last = rows.length > limit ? page.at(-1) : undefined;
  const content = {
    items: page.map((row) => signalOf(userId, row, "hcs-cached")),
    nextCursor: last ? encodeCursor(last.consensusNs) : null,
  };
  return { position, content };
}

const encodeCursor = (ns: ConsensusNs) => Buffer.from(formatConsensusTime(ns)).toString("base64url");

function decodeCursor(cursor: string): ConsensusNs {
  const ns = parseTimeInRange(Buffer.from(cursor, "base64url").toString("latin1"));
  if (ns === null)
    throw new ProblemError("bad-input", "cursor: not one that this server handed out. Start again without it.", {
      field: "cursor",
    });
  return ns;
}

export const signals = defineRoute({
  summary: "Signals that concern the caller, newest first",
  access: "user",
  limit: "read",
  query: SignalsQuery,
  heeds: ["If-Min-Sequence"],
  sends: ["view"],
  answer: SignalsAnswer,
  handle: async (context) => {
    const { app, userId, query } = context;
    const startMs = app.clock.now();
    const types = query.type.map((type) => type.toUpperCase());
    const beforeNs = query.cursor === undefined ? null : decodeCursor(query.cursor);
    const need = await beforeRead(context);
    // Taken before the view is read: a commit in between has it in neither, and would let it vanish for a moment.
    const waiting =
      beforeNs === null
        ? app.pending.of(userId).filter(({ decoded }) => types.length === 0 || types.includes(decoded.type))
        : [];
    const load = () => loadPage(app, userId, types, beforeNs, query.limit);
    const isHot = types.length === 0 && beforeNs === null && query.limit === DEFAULT_LIMIT;
    const result = isHot ? await app.reader.read(userId, "signals", load, need) : await direct(app, load, startMs);
    if (!result.ok)
      throw new ProblemError("unavailable", "Your signals cannot be read at the moment. Try again shortly.");
    return viewResponse(context, waiting.length === 0 ? result.value : withPending(result.value, waiting), startMs);
  },
});

async function direct(app: App, load: () => ReturnType<typeof loadPage>, startMs: number) {
  const { position, content } = await load();
  const nowMs = app.clock.now();
  return { ok: true as const, value: uncached(viewOf(position, content, nowMs), nowMs - startMs) };
}

type Result = Parameters<typeof viewResponse>[1];

/** What is on its way goes on top, and makes another body with another tag. What another instance has synced is there already. */
function withPending(result: Result, waiting: readonly PendingSignal[]): Result {
  const { position, ...content } = JSON.parse(result.view.body.toString()) as { position: number; items: Signal[] };
  const there = new Set(content.items.map(({ id }) => id));
  const pending = waiting.map(pendingSignal).filter(({ id }) => !there.has(id));
  if (pending.length === 0) return result;
  const items = [...pending, ...content.items];
  return { ...result, view: viewOf(position, { ...content, items }, result.view.readMs) };
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
    await beforeRead(context);
    const sinceNs = query.since === undefined ? consensusNs(0n) : (parseTimeInRange(query.since) as ConsensusNs);
    const rows = await app.stores.views.events(userId, query.type, sinceNs, query.limit);
    const content = {
      ok: true,
      type: query.type,
      watermark: formatConsensusTime(rows.at(-1)?.consensusNs ?? sinceNs),
      items: rows.map((row) => ({
        consensus_timestamp: formatConsensusTime(row.consensusNs),
        sequence_number: row.sequence,
        topic_id: row.topicId,
        json: JSON.parse(Buffer.from(row.body).toString("utf8")) as unknown,
      })),
    };
    return viewResponse(context, uncached(viewOf(null, content, startMs), app.clock.now() - startMs), startMs);
  },
});
