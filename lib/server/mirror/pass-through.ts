import "server-only";
/** Answers of the configured mirrors, passed through unchanged. */
import { createHash } from "node:crypto";
import type { Awaitable } from "../../core/awaitable";
import { blocksToAsk, heldBlocks } from "../../core/mirror/held-blocks";
import { readTarget } from "../../core/request-target";
import { NotPassed, PASSED_S } from "../../engine/mirror/pass-through";
import { tierOutcome } from "../../engine/reads/tier-outcome";
import type { Answer } from "../http/answers/answer";
import { ProblemError } from "../http/answers/problem";
import type { RouteContext } from "../http/route";
import { mirrorAnswer, mirrorError, NO_FRESHNESS } from "./reply";

type Context = RouteContext<unknown, unknown>;

/**
 * The refusal if MIRROR_PASS_THROUGH is off; otherwise null. It does not say "not found", which readers would take for the ledger's
 * answer about an account.
 */
export const passThroughRefusal = ({ app }: Context) =>
  app.env.MIRROR_PASS_THROUGH === "off"
    ? mirrorError(404, ["This server keeps no such topic and hands this address on to no mirror."])
    : null;

/** Passes through a request whose answer would contain messages that were dropped here (KEEP_MONTHS). */
export const droppedAnswer = (context: Context, path: string): Awaitable<Answer> =>
  context.app.env.MIRROR_PASS_THROUGH === "off"
    ? mirrorError(404, [
        "Old messages of this topic are no longer kept here, and this server hands the address on to no mirror: ask a mirror node.",
      ])
    : passedAnswer(context, path);

/** The segments of the address behind `/api/v1/`. */
export function segmentsOf({ url }: Context): readonly string[] {
  const read = readTarget(url.pathname);
  return read.ok ? read.value.slice(2) : [];
}

/** Passes a path through. `change` rewrites the body of a 200, or returns null if none can be sent now. */
export async function passedAnswer(
  context: Context,
  path: string,
  change: (body: string) => string | null = (body) => body,
): Promise<Answer> {
  const { app } = context;
  const startMs = app.clock.now();
  try {
    const { value, outcome } = await app.publicMirror.passed.get(path);
    if (value.status !== 200) return refusal(value);
    const body = change(value.body);
    if (body === null)
      throw new ProblemError("not-yet", "This server has not read so far yet. Ask again in a moment.", {
        retryAfterS: 1,
      });
    const etag = `"${createHash("sha1").update(body).digest("base64url")}"`;
    const tiers =
      outcome === "miss"
        ? [tierOutcome("mirror", "hit"), tierOutcome("l1", "miss", { stored: true })]
        : [tierOutcome("l1", outcome === "hit" ? "hit" : "stale", { ttlSeconds: outcome === "hit" ? PASSED_S : null })];
    const isStaleCopy = outcome === "stale";
    return mirrorAnswer(context, {
      body,
      etag,
      tiers,
      startMs,
      isStaleCopy,
      life: PASSED_S,
      freshness: NO_FRESHNESS,
    });
  } catch (cause) {
    if (!(cause instanceof NotPassed)) throw cause;
    const { retryAfterMs = 1_000 } = cause.reason;
    throw new ProblemError("ledger-unavailable", "No mirror node answers this at the moment. Try again shortly.", {
      retryAfterS: Math.ceil(retryAfterMs / 1_000),
    });
  }
}

const refusal = ({ status, body }: { readonly status: number; readonly body: string }): Answer => ({
  status,
  headers: { "content-type": "application/json", "cache-control": "no-store" },
  body,
});

/** A list of blocks, without those that end after what this server has stored. */
export function blocksAnswer(context: Context): Promise<Answer> {
  const { app, url, background } = context;
  background(() => app.scheduler.demand());
  const throughNs = app.publicMirror.toldThroughNs();
  const mayRest = app.env.HEDERA_NETWORK === "custom";
  const names = [...url.searchParams.keys()].map((name) => name.toLowerCase());
  const limit = /^[1-9]\d{0,2}$/.test(url.searchParams.get("limit") ?? "25")
    ? Number(url.searchParams.get("limit") ?? 25)
    : 0;
  const isNewest =
    limit >= 1 &&
    limit <= 100 &&
    names.every((name) => name === "limit" || name === "order") &&
    new Set(names).size === names.length &&
    (url.searchParams.get("order") ?? "desc") === "desc";
  const path = isNewest ? `/blocks?limit=${blocksToAsk(limit)}&order=desc` : `/blocks${url.search}`;
  return passedAnswer(context, path, (body) =>
    heldBlocks(body, { throughNs, limit: isNewest ? limit : null, mayRest }),
  );
}
