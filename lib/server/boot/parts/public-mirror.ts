import "server-only";
/** Wires the public mirror: the log for topics that are kept here, and the configured mirrors for the rest. */
import type { MirrorLedger } from "../../../adapters/mirror/mirror-ledger";
import { type HeadSamples, toldThrough, withHeadSample } from "../../../core/mirror/held-head";
import { MicroCache } from "../../../engine/mirror/micro-cache";
import { PassThrough } from "../../../engine/mirror/pass-through";
import type { SyncScheduler } from "../../../engine/sync/sync-scheduler";
import type { Clock } from "../../../ports/clock";
import { ifDown, isTierUnavailable } from "../../../ports/tier-unavailable";
import type { Env } from "../../config/env";
import type { PublicMirror } from "../../mirror/public-mirror";
import type { Tiers } from "./tiers";

/** Pages of 100 messages take 100 KB: some 80 of them, and some hundreds of other answers. */
const PAGES_BYTES = 8 * 1024 * 1024;
const PASSED_BYTES = 4 * 1024 * 1024;
/** Readers may use a quarter of the mirror budget. */
const READERS_SHARE = 4;

interface PublicMirrorParts {
  readonly env: Env;
  readonly tiers: Tiers;
  readonly ledger: MirrorLedger;
  readonly scheduler: SyncScheduler;
  readonly clock: Clock;
}

/** Builds the public mirror, whose readers have a budget of their own. */
export function buildPublicMirror({ env, tiers, ledger, scheduler, clock }: PublicMirrorParts): PublicMirror {
  const now = () => clock.monotonicMs();
  const staleMaxMs = env.STALE_MAX_S * 1_000;
  const perSecond = Math.max(1, env.MIRROR_RPS / READERS_SHARE);
  const share = { perSecond, burst: perSecond, maxWaitMs: 0 };
  let samples: HeadSamples = [];
  return {
    pages: new MicroCache({ maxBytes: PAGES_BYTES, now, staleMaxMs, isOutage: isTierUnavailable }),
    passed: new PassThrough({
      mirror: ledger,
      reserve: () =>
        tiers.hot
          .reserve("mirror-readers", share)
          .catch(ifDown("redis", () => tiers.own.reserve("mirror-readers", share))),
      maxBytes: PASSED_BYTES,
      now,
      staleMaxMs,
    }),
    toldThroughNs: () => {
      samples = withHeadSample(samples, scheduler.freshness().asOfNs, now());
      return toldThrough(samples, now());
    },
  };
}
