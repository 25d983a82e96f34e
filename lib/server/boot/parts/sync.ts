import "server-only";
/** Wires the sync of topics, and the topic audits and repairs. */
import { hash } from "node:crypto";
import { checkSignature } from "../../../adapters/hedera/message-signature";
import type { MirrorLedger } from "../../../adapters/mirror/mirror-ledger";
import type { TopicId, UserId } from "../../../core/ledger/ids";
import type { Incidents } from "../../../engine/health/incidents";
import { Doorbells } from "../../../engine/live/doorbells";
import { MissedEvents } from "../../../engine/live/missed-events";
import { TopicRates } from "../../../engine/live/topic-rates";
import { renamedBy } from "../../../engine/reads/invalidate";
import { PackScheduler } from "../../../engine/repair/pack-scheduler";
import { REREAD_RANGE } from "../../../engine/repair/reread";
import { RereadScheduler } from "../../../engine/repair/reread-scheduler";
import { RegistryCache } from "../../../engine/shards/registry-cache";
import { SyncScheduler } from "../../../engine/sync/sync-scheduler";
import { type LookupPurpose, Signatures } from "../../../engine/sync/topic/signatures";
import type { Clock } from "../../../ports/clock";
import type { Doorbell } from "../../../ports/doorbell";
import type { Log } from "../../../ports/log";
import { ifDown } from "../../../ports/tier-unavailable";
import { TopicChecks } from "../../admin/topic-checks";
import type { Env } from "../../config/env";
import type { NetworkParts, Stores } from "../app";
import type { Tiers } from "./tiers";

export interface Sync {
  readonly registry: RegistryCache;
  readonly rates: TopicRates;
  readonly scheduler: SyncScheduler;
  readonly doorbells: Doorbells | null;
  readonly checks: TopicChecks;
  readonly rereading: RereadScheduler;
  /** Null if HOT_HOURS is 0. */
  readonly packing: PackScheduler | null;
  readonly signatures: Signatures;
}

interface SyncParts {
  readonly env: Env;
  readonly isShared: boolean;
  readonly stores: Stores;
  readonly network: NetworkParts;
  readonly tiers: Tiers;
  readonly ledger: MirrorLedger;
  readonly doorbell: Doorbell | null;
  readonly instanceId: string;
  readonly gateMs: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
  readonly incidents: Incidents;
  /** Called when messages of a topic were committed. */
  readonly onProgress: () => void;
}

/** Builds the sync of all topics, with its registry, doorbells, repairs and packing. */
export function buildSync({ env, stores, network, tiers, ledger, clock, log, random, ...rest }: SyncParts): Sync {
  const { bus, hot } = tiers;
  const registry = new RegistryCache({
    store: stores.registry,
    configured: network.topics,
    isShared: rest.isShared,
    clock,
    log,
  });
  registry.onChange(() => rest.incidents.report("identity-shared", null, registry.identityConflict));
  const rates = new TopicRates(clock);
  const signatures = new Signatures({
    ledger,
    trustedPayers: network.trustedPayers,
    onRecovered: () => {
      for (const sync of scheduler.syncs.values()) sync.repairSoon();
    },
    reserve: (purpose) => reserveLookup(tiers, purpose, Math.max(1, env.MIRROR_RPS / SIGNATURES_SHARE)),
    verify: (key, message, signature) => {
      const checked = checkSignature(key, message, signature);
      return checked.ok ? "right" : checked.error === "weak-key" ? "weak" : "wrong";
    },
  });
  const commits = {
    signatures,
    store: stores.sync,
    ledger,
    bus,
    clock,
    log,
    sha384: (bytes: Uint8Array) => hash("sha384", bytes, "buffer"),
    trustedPayers: network.trustedPayers,
    missed: new MissedEvents({ bus, clock, log }),
    renamedBy: (profiles: readonly UserId[]) => renamedBy(stores.views, profiles),
  };
  const onUnproven = (topicId: TopicId) => scheduler.syncs.get(topicId)?.repairSoon();
  const rereading = new RereadScheduler({
    ...commits,
    range: REREAD_RANGE,
    nowMs: () => clock.monotonicMs(),
    onUnproven,
  });
  const hotMs = env.HOT_HOURS * 3_600_000;
  const packing =
    hotMs === 0 ? null : new PackScheduler({ store: stores.sync, hot, hotMs, keepMonths: env.KEEP_MONTHS, clock, log });
  const logProgress = progressLog(log);
  const scheduler = new SyncScheduler({
    ...commits,
    hot,
    stamp: stores.stamp,
    random,
    // A local network makes no blocks while nobody uses it. Public networks and the devnet make blocks all the time.
    mayBeQuiet: env.HEDERA_NETWORK === "custom",
    incidents: rest.incidents,
    onProgress: (topicId, cursor, added) => {
      logProgress(topicId, cursor, added);
      rereading.notice();
      packing?.notice();
      rest.onProgress();
    },
    registry,
    ...(rest.doorbell && { isWatched: (topicId: TopicId) => doorbells?.covers(topicId) === true }),
    gateMs: rest.gateMs,
    freshnessTargetMs: env.FRESHNESS_TARGET_MS,
    policy: {
      gapGraceMs: env.GAP_GRACE_S * 1_000,
      holeBackoff: { baseMs: 1_000, maxMs: 15_000 },
      faultBackoff: { baseMs: 1_000, maxMs: 60_000 },
    },
  });
  const doorbells =
    rest.doorbell &&
    new Doorbells({
      ...{ doorbell: rest.doorbell, hot, scheduler, clock, log, random },
      owner: rest.instanceId,
    });
  const checks = new TopicChecks({
    ...commits,
    admin: stores.admin,
    mirrorRps: env.MIRROR_RPS,
    onUnproven,
  });
  return { registry, rates, scheduler, doorbells, checks, rereading, packing, signatures };
}

/**
 * Look-ups of signers' keys may use a quarter of the mirror budget for messages on the ledger, and another quarter for messages that
 * are submitted here. Strangers choose whose keys are looked up on the ledger, and must not stop the writes of users.
 */
const SIGNATURES_SHARE = 4;

async function reserveLookup({ hot, own }: Tiers, purpose: LookupPurpose, perSecond: number): Promise<boolean> {
  const share = { perSecond, burst: perSecond, maxWaitMs: 0 };
  const name = `signatures-${purpose}`;
  const waitMs = await hot.reserve(name, share).catch(ifDown("redis", () => own.reserve(name, share)));
  return waitMs !== null;
}

/** A topic with a backlog logs its progress after each of this many messages. */
const PROGRESS_EVERY = 1_000;

function progressLog(log: Log): (topicId: TopicId, cursor: number, added: number) => void {
  return (topicId, cursor, added) => {
    const isMilestone = Math.floor(cursor / PROGRESS_EVERY) > Math.floor((cursor - added) / PROGRESS_EVERY);
    if (isMilestone) log.info(`  topic ${topicId}: ${cursor.toLocaleString("en")} messages checked and stored`);
  };
}
