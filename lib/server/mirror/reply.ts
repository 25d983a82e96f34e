import "server-only";
/** Answers of the public mirror: a mirror's JSON with this server's freshness in headers, for caches and for any site. */
import { formatConsensusTime } from "../../core/ledger/consensus-time";
import type { FreshnessNow } from "../../core/sync/freshness";
import type { TierOutcome } from "../../engine/reads/tier-outcome";
import { type Answer, json } from "../http/answers/answer";
import { cacheStatus, etagMatches, serverTiming, VARY_BY_CALLER } from "../http/answers/reply";
import type { RouteContext } from "../http/route";

type Context = RouteContext<unknown, unknown>;

export interface MirrorReply {
  readonly body: string;
  readonly etag: string;
  /** Seconds for which a cache may serve it, and for as long again while it revalidates. `immutable`: for ever. */
  readonly life: number | "immutable";
  readonly freshness: FreshnessNow;
  /** An old copy, because its source is down. */
  readonly isStaleCopy: boolean;
  readonly tiers: readonly TierOutcome[];
  readonly startMs: number;
}

/** With PUBLIC_LEDGER off, an answer is for its caller alone, so no shared cache may keep it. */
function cacheControl({ app }: Context, life: MirrorReply["life"]): string {
  const isPublic = app.env.PUBLIC_LEDGER === "on";
  if (life === "immutable") return `${isPublic ? "public" : "private"}, immutable, max-age=31536000`;
  return isPublic ? `public, max-age=${life}, stale-while-revalidate=${life}` : "private, no-cache";
}

/** The answer with a reply's headers: 200, or 304 if the client has the same body. */
export function mirrorAnswer(context: Context, reply: MirrorReply): Answer {
  const { app, request } = context;
  const { asOfNs, lagMs, stale } = reply.freshness;
  const headers = {
    "cache-control": cacheControl(context, reply.life),
    vary: app.env.PUBLIC_LEDGER === "on" ? "Accept-Encoding" : VARY_BY_CALLER,
    etag: reply.etag,
    "cache-status": cacheStatus(reply.tiers),
    "server-timing": serverTiming(reply.tiers, app.clock.now() - reply.startMs),
    "trustmesh-stale": String(stale || reply.isStaleCopy),
    ...(asOfNs === null ? {} : { "trustmesh-as-of": formatConsensusTime(asOfNs) }),
    ...(lagMs === null ? {} : { "trustmesh-lag-ms": String(lagMs) }),
  };
  if (etagMatches(request.headers.get("if-none-match"), reply.etag)) return { status: 304, headers, body: null };
  return { status: 200, headers: { ...headers, "content-type": "application/json" }, body: reply.body };
}

/** A refusal in the mirror's own form. */
export function mirrorError(status: 400 | 404, messages: readonly string[]): Answer {
  const content = { _status: { messages: messages.map((message) => ({ message })) } };
  return json(content, { "cache-control": "no-store" }, status);
}

export const NO_FRESHNESS: FreshnessNow = { asOfNs: null, lagMs: null, stale: false, isQuiet: false };
