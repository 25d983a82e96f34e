import "server-only";
/** Answers of reads: body, freshness, validators and Cache-Status. */
import { type ConsensusNs, formatConsensusTime } from "../../../core/ledger/consensus-time";
import { epochOf } from "../../../core/signals/position";
import { agedSince, type FreshnessNow, unknownAge } from "../../../core/sync/freshness";
import { type TierOutcome, tierOutcome } from "../../../engine/reads/tier-outcome";
import type { Need, ReadResult } from "../../../engine/reads/tiered-read";
import type { View } from "../../../engine/reads/view";
import type { Freshness } from "../../../wire/common";
import type { App } from "../../boot/app";
import type { RouteContext } from "../route";
import { type Answer, type AnswerHeaders, json, type SharedBody } from "./answer";

/** The freshness that a body shows. `isStaleCopy`: the view is a last good copy, because no tier could give a newer one. */
export function freshnessBody(now: FreshnessNow, isStaleCopy = false): Freshness {
  return {
    asOf: now.asOfNs === null ? null : consensusText(now.asOfNs),
    lagMs: now.lagMs,
    stale: now.stale || isStaleCopy,
    ...(now.isQuiet ? { quiet: true as const } : {}),
    ...(now.isIncomplete ? { incomplete: true as const } : {}),
    // A doorbell watches the ledger. It says nothing about a copy that could not be refreshed.
    ...(now.isWatched && !isStaleCopy ? { watched: true as const } : {}),
  };
}

/** Many answers in a row have the same time, and dividing numbers of its size takes CPU. */
const lastAsOf: { ns: ConsensusNs | null; text: string } = { ns: null, text: "" };

function consensusText(ns: ConsensusNs): string {
  if (ns !== lastAsOf.ns) Object.assign(lastAsOf, { ns, text: formatConsensusTime(ns) });
  return lastAsOf.text;
}

/** The state of this process when a read began. The answer must not claim to be fresher than this. */
export interface ReadStart {
  readonly atMonotonicMs: number;
  readonly freshness: FreshnessNow;
  /** The number of events that this process had received. */
  readonly events: number;
  readonly epoch: number;
}

/** Must be called right before the view is read. */
export function startRead({ scheduler, heard, stores, clock }: App): ReadStart {
  const epoch = epochOf(stores.stamp.highest);
  return { atMonotonicMs: clock.monotonicMs(), freshness: scheduler.freshness(), events: heard.count, epoch };
}

/**
 * The freshness of a view whose read began at `began`. A commit's event comes before the watermark that covers the commit. So
 * if no event came since then, the view has everything up to the current watermark. Otherwise the view may lack messages of
 * that event, and the watermark from the start counts.
 */
export function freshnessSince(app: App, began: ReadStart): FreshnessNow {
  // A hit in memory ends in the millisecond in which it began.
  if (isStill(app, began)) return began.freshness;
  const { freshness: now, events, epoch, atMonotonicMs } = startRead(app);
  // A watermark of one epoch says nothing about a view of another epoch.
  if (epoch !== began.epoch) return unknownAge(now);
  if (events === began.events) return now;
  return agedSince(began.freshness, now, atMonotonicMs - began.atMonotonicMs, app.env.FRESHNESS_TARGET_MS);
}

const isStill = ({ heard, stores, clock }: App, { events, epoch, atMonotonicMs }: ReadStart) =>
  clock.monotonicMs() === atMonotonicMs && heard.count === events && epochOf(stores.stamp.highest) === epoch;

/** Demands a sync if one is due. Returns which copies may answer the read, and the state of this process as the read begins. */
export function beforeRead({
  app,
  floor,
  background,
}: Pick<RouteContext<unknown, unknown>, "app" | "floor" | "background">): ReadBegun {
  if (app.scheduler.isDue) background(() => app.scheduler.demand());
  const need = floor.size === 0 ? "any" : app.heard.has(floor) ? "current" : "origin";
  return { need, began: startRead(app) };
}

export interface ReadBegun {
  readonly need: Need;
  readonly began: ReadStart;
}

/** The headers of a view's answer, its freshness, and whether the client has the view. */
export function viewHeaders(
  { app, request }: RouteContext<unknown, unknown>,
  { view, tiers, isStaleCopy }: ReadResult,
  startMs: number,
  began: ReadStart,
): { readonly headers: Record<string, string>; readonly freshness: Freshness; readonly isKnown: boolean } {
  app.metrics.observeRead(tiers);
  const freshness = freshnessBody(freshnessSince(app, began), isStaleCopy);
  // A browser repeats its stored body on a 304. The body says how fresh it is, so a stale view has another ETag.
  const etag = freshness.stale ? view.etag.replace(/"$/, '-stale"') : view.etag;
  const headers: Record<string, string> = {
    "cache-control": "private, no-cache",
    vary: VARY_BY_CALLER,
    etag,
    "cache-status": cacheStatus(tiers),
    "server-timing": serverTiming(tiers, app.clock.now() - startMs),
    "trustmesh-stale": String(freshness.stale),
  };
  if (freshness.asOf !== null) headers["trustmesh-as-of"] = freshness.asOf;
  if (freshness.lagMs !== null) headers["trustmesh-lag-ms"] = String(freshness.lagMs);
  return { headers, freshness, isKnown: etagMatches(request.headers.get("if-none-match"), etag) };
}

/**
 * Answers with a view, or with 304 if the client has it. The ETag names the data. Headers state the freshness in both cases.
 */
export function viewAnswer(
  context: RouteContext<unknown, unknown>,
  result: ReadResult,
  startMs: number,
  began: ReadStart,
): Answer {
  const { headers, freshness, isKnown } = viewHeaders(context, result, startMs, began);
  if (isKnown) return { status: 304, headers, body: null };
  headers["content-type"] = "application/json";
  return { status: 200, headers, body: withMembers(result.view, timeText(context.app.clock.now()), freshness) };
}

/** A view that no tier caches, as the result of a read. */
export function uncached(view: View, tookMs: number): ReadResult {
  return {
    view,
    tiers: [tierOutcome("postgres", "hit", { tookMs }), tierOutcome("l1", "bypass")],
    isStaleCopy: false,
  };
}

/** Appends members to a JSON object without parsing it. The object is our own and never empty. */
function withMembers({ body, copies }: View, timestamp: string, freshness: Freshness): SharedBody {
  const end = `,"timestamp":"${timestamp}",${JSON.stringify(freshness).slice(1)}`;
  return { shared: body.subarray(0, -1), end, copies };
}

/** Answers of the same millisecond share the text: making it takes 4 µs of CPU. */
const lastTime = { ms: Number.NaN, text: "" };

/** A time as ISO 8601, from ms since 1970. */
function timeText(ms: number): string {
  if (ms !== lastTime.ms) Object.assign(lastTime, { ms, text: new Date(ms).toISOString() });
  return lastTime.text;
}

/**
 * `Vary` of every answer that depends on the caller: a session's cookie or a Magic token names them (access/caller.ts). Long
 * answers are compressed on the way.
 */
export const VARY_BY_CALLER = "Cookie, Authorization, Accept-Encoding";

/** Compares weakly, as If-None-Match requires (RFC 9110 §13.1.2). */
export function etagMatches(header: string | null, etag: string): boolean {
  if (header === null) return false;
  if (header === etag || header === "*") return true;
  return header.split(",").some((item) => item.trim() === "*" || item.trim().replace(/^W\//, "") === etag);
}

/**
 * The Cache-Status header (RFC 9211), with the tier closest to the origin first. A tier that had nothing, with no tier asked
 * after it, has neither `hit` nor `fwd`.
 */
export function cacheStatus(tiers: readonly TierOutcome[]): string {
  return tiers.map(member).join(", ");
}

function member({ tier, outcome, stored, ttlSeconds, detail }: TierOutcome): string {
  let text: string = tier;
  if (outcome !== "failed") text += outcome === "hit" ? "; hit" : `; fwd=${outcome}`;
  if (ttlSeconds !== null) text += `; ttl=${ttlSeconds}`;
  if (stored) text += "; stored";
  return detail === null ? text : `${text}; detail=${detail}`;
}

/** Most reads from memory take less than a twentieth of a millisecond, and formatting a number takes 0.4 µs of CPU. */
const inTenths = (ms: number) => (ms < 0.05 ? "0.0" : ms.toFixed(1));

/** The Server-Timing header, in milliseconds: each tier that was asked, and the total. */
export function serverTiming(tiers: readonly TierOutcome[], totalMs: number): string {
  let text = "";
  for (const { tier, tookMs } of tiers) text += `${tier};dur=${inTenths(tookMs)}, `;
  return `${text}total;dur=${inTenths(totalMs)}`;
}

/** JSON that is the same for everybody and that a CDN may keep. */
export const publicJson = (content: unknown): Answer =>
  json(content, {
    "cache-control": "public, s-maxage=30, stale-while-revalidate=300",
    vary: "Accept-Encoding",
  });

/** JSON that depends on the caller. No cache may store it. */
export const privateJson = (content: unknown, headers: AnswerHeaders = {}, status = 200): Answer =>
  json(content, { "cache-control": "no-store", vary: VARY_BY_CALLER, ...headers }, status);
