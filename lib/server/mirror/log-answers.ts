import "server-only";
/** Answers from the log. Equal requests share one copy. */
import { createHash } from "node:crypto";
import { type Awaitable, andThen } from "../../core/awaitable";
import { keyOf } from "../../core/key";
import { TIP_S } from "../../core/mirror/held-head";
import { epochOf } from "../../core/signals/position";
import type { FreshnessNow } from "../../core/sync/freshness";
import type { LogAnswer } from "../../engine/mirror/log-pages";
import { type TierOutcome, tierOutcome } from "../../engine/reads/tier-outcome";
import type { App } from "../boot/app";
import type { Answer } from "../http/answers/answer";
import { freshnessSince, startRead } from "../http/answers/reply";
import type { RouteContext } from "../http/route";
import type { LogCopy } from "./public-mirror";
import { mirrorAnswer, mirrorError } from "./reply";

/**
 * Answers a request from the log. Requests with the same `key` share a copy. Demands a sync after the answer. `dropped` answers
 * instead if the answer would contain dropped messages.
 */
export function logAnswer(
  context: RouteContext<unknown, unknown>,
  key: string,
  ask: () => Promise<LogAnswer>,
  dropped: () => Awaitable<Answer>,
): Awaitable<Answer> {
  const { app, background } = context;
  const startMs = app.clock.now();
  background(() => app.scheduler.demand());
  // The head that block lists report is sampled whenever a page is read.
  app.publicMirror.toldThroughNs();
  // Starting over may bring another history of the same numbers.
  const epoch = epochOf(app.stores.stamp.highest);
  const getting = app.publicMirror.pages.get(keyOf(epoch, key), () => copyOf(app, ask));
  return andThen(getting, ({ value: copy, outcome }) => {
    const tiers = tiersOf(outcome, copy);
    app.metrics.observeRead(tiers);
    if (copy.isDropped) return dropped();
    const { body, etag, isImmutable } = copy;
    if (body === null) return mirrorError(404, ["Not found"]);
    return mirrorAnswer(context, {
      ...{ body, etag, tiers, startMs },
      life: isImmutable ? "immutable" : TIP_S,
      freshness: isImmutable ? app.scheduler.freshness() : agedBy(app, copy),
      isStaleCopy: outcome === "stale",
    });
  });
}

async function copyOf(app: App, ask: () => Promise<LogAnswer>) {
  const atMs = app.clock.monotonicMs();
  const began = startRead(app);
  const { body, isImmutable, isDropped } = await ask();
  const etag = `"${createHash("sha1")
    .update(body ?? "")
    .digest("base64url")}"`;
  const value: LogCopy = { body, etag, isImmutable, isDropped, freshness: freshnessSince(app, began), atMs };
  const lifeMs = isImmutable ? Number.POSITIVE_INFINITY : TIP_S * 1_000;
  return { value, bytes: body?.length ?? 0, lifeMs };
}

/** The freshness that a copy had when it was read, older by the time since. */
function agedBy(app: App, { freshness, atMs }: LogCopy): FreshnessNow {
  if (freshness.lagMs === null) return freshness;
  const lagMs = freshness.lagMs + Math.round(app.clock.monotonicMs() - atMs);
  return { ...freshness, lagMs, stale: freshness.stale || lagMs > app.env.FRESHNESS_TARGET_MS };
}

function tiersOf(outcome: "hit" | "miss" | "stale", { isImmutable }: LogCopy): readonly TierOutcome[] {
  if (outcome === "hit") return [tierOutcome("l1", "hit", isImmutable ? {} : { ttlSeconds: TIP_S })];
  if (outcome === "stale")
    return [
      tierOutcome("postgres", "failed", { detail: "unavailable" }),
      tierOutcome("l1", "stale", { detail: "postgres-unavailable" }),
    ];
  return [tierOutcome("postgres", "hit"), tierOutcome("l1", "miss", { stored: true })];
}
