/**
 * How often each part is asked per second, in the steady state. Users act independently and at a constant rate, and each read
 * goes to a random instance. Each formula below models one piece of code: engine/reads/tiered-read, sync-scheduler, topic-sync,
 * live-hub, submit, and adapters/redis, where one port method is one command.
 */

import { TOPIC_KINDS, type TopicKind } from "../ledger/ids";
import { type CapacityInputs, DAY_S } from "./inputs";
import { type LedgerTraffic, ledgerTraffic } from "./ledger-traffic";
import { COMING_AND_GOING, LEAST_PER_S, type Presence, renewals } from "./rates";
import { syncTraffic } from "./sync-traffic";

/**
 * Purposes of Redis commands, as adapters/redis counts them. Those that a steady state does not have (expire, gate, …) are left
 * out.
 */
type RedisPurpose = "lookup" | "fill" | "round" | "budget" | "publish" | "begin" | "end" | "lease" | "report";

/** Statements by purpose: a cold view, a read that no tier keeps, a stream that opens or has news, … */
type SqlPurpose =
  | "view"
  | "direct"
  | "streamOpen"
  | "streamNews"
  | "commit"
  | "cursor"
  | "renamed"
  | "rule"
  | "written"
  | "route"
  | "registry";

/** Calls per second, by tier and purpose. `openStreams` is a number of streams, not a rate. */
export interface Traffic {
  /** Signals that are written, by anybody. */
  readonly messages: number;
  /** The ledger messages that carry them. */
  readonly ledger: LedgerTraffic;
  readonly reads: number;
  readonly writes: number;
  readonly openStreams: number;
  readonly streamOpens: number;
  /** All requests to us: reads, writes and streams that open. */
  readonly requests: number;
  /** User rows that commits write: two for a message between two people. */
  readonly rows: number;
  readonly mirror: {
    /** Requests that would be sent without a budget; `requests` are those that the budget allows. */
    readonly demanded: number;
    readonly requests: number;
  };
  readonly redis: Readonly<Record<RedisPurpose, number>>;
  readonly sql: Readonly<Record<SqlPurpose, number>>;
  /** The share of shared views that memory (L1) answers; and the share of the rest that Redis answers. */
  readonly l1HitShare: number;
  readonly redisHitShare: number;
  /** The share of reads that are answered by "not modified", because no commit came since the same user's last one. */
  readonly unchangedShare: number;
}

/** Views that instances share: contacts, circle and signals. */
const SHARED_VIEWS = 3;
/**
 * Trust is limited to nine slots (engine/writes/slots). So a write of trust reads the writer's edges, and one that may bond two people
 * reads their edge. With STRICT_BONDING, as public networks have it, that is every request and every accept.
 */
const RULED: readonly TopicKind[] = ["trust", "contact"];
/** The write guard remembers a person's nonces for so long. After it the log is asked (engine/writes/earlier-writes). */
const REMEMBERED_S = DAY_S;

/** These four are set in engine/health/instance-reporter, shards/topic-router and sync/sync-scheduler. */
const REPORT_EVERY_S = 10;
const USER_TTL_S = 30;
const CHECK_BEFORE_WRITE_S = 5;
const CHECK_AFTER_COMMIT_S = 15;

/** The mean traffic of a deployment, in calls per second, by tier and purpose. */
export function traffic(inputs: CapacityInputs, instances: number, presence: Presence = COMING_AND_GOING): Traffic {
  const { users, openPageShare, directReadShare, ownWriteShare, settings, kindShares } = inputs;
  const messages = (users * inputs.signalsPerUserDay) / DAY_S;
  const reads = (users * inputs.readsPerUserDay) / DAY_S;
  const openStreams = users * openPageShare;
  const streamOpens = openStreams / settings.streamMaxS;
  const ledger = ledgerTraffic(inputs, messages, instances);
  const sync = syncTraffic({ inputs, ledger, reads, streamOpens, openStreams, instances, presence });

  const { touches, renames } = touchRates(inputs, sync.commitsOf);
  const views = viewTraffic(inputs, touches + renames, instances);
  const shared = users * SHARED_VIEWS;
  const writes = messages * ownWriteShare;
  const ofUser = users === 0 ? 0 : writes / users;
  return {
    messages,
    ledger,
    reads,
    writes,
    openStreams,
    streamOpens,
    requests: reads + writes + streamOpens,
    rows: messages * (2 - kindShares.profile),
    mirror: sync.mirror,
    redis: {
      lookup: shared * views.lookups,
      fill: shared * views.fills,
      round: sync.rounds,
      // Requests to the mirror, and streams, which rate limits count in Redis. Writes are counted as they begin.
      budget: sync.mirror.requests + streamOpens,
      publish: sync.commits,
      begin: writes,
      end: writes,
      lease: sync.leases,
      report: instances / REPORT_EVERY_S,
    },
    sql: {
      view: shared * views.fills,
      direct: reads * directReadShare,
      streamOpen: streamOpens,
      streamNews: openStreams * touches,
      commit: sync.commits,
      cursor: sync.cursors,
      renamed: sync.commitsOf.profile,
      rule: writes * RULED.reduce((share, kind) => share + kindShares[kind], 0),
      written: writes * Math.exp(-ofUser * REMEMBERED_S),
      // An instance looks up a user's route, and remembers it for a while. It also asks whether the registry has changed.
      route: users === 0 ? 0 : users * instances * renewals(writes / (users * instances), USER_TTL_S),
      registry: Math.max(
        unlessTold(CHECK_BEFORE_WRITE_S, writes, sync.rounds, instances),
        unlessTold(CHECK_AFTER_COMMIT_S, sync.commits, sync.rounds, instances),
      ),
    },
    l1HitShare: views.l1HitShare,
    redisHitShare: views.redisHitShare,
    unchangedShare: views.unchangedShare * (1 - directReadShare),
  };
}

/**
 * How often instances ask for the registry's version. At each write or commit one asks if it has not heard of it for `holdS`. It hears
 * of it in each round (engine/shards/registry-cache).
 */
function unlessTold(holdS: number, occasions: number, rounds: number, instances: number): number {
  if (instances === 0) return 0;
  return instances * renewals(occasions / instances, holdS) * Math.exp((-rounds / instances) * holdS);
}

/** How often per second commits move one user (`touches`), and how often one of the user's contacts changes name (`renames`). */
function touchRates(inputs: CapacityInputs, commitsOf: Readonly<Record<TopicKind, number>>) {
  const { signalsPerUserDay, kindShares, contactsPerUser } = inputs;
  const written = signalsPerUserDay / DAY_S;
  // The rows of one commit reach a user as one event.
  const merged = (rate: number, commits: number) =>
    commits < LEAST_PER_S ? 0 : -commits * Math.expm1(-rate / commits);
  let touches = 0;
  for (const kind of TOPIC_KINDS) {
    const sides = kind === "profile" ? 1 : 2;
    touches += merged(written * kindShares[kind] * sides, commitsOf[kind]);
  }
  return { touches, renames: merged(written * kindShares.profile * contactsPerUser, commitsOf.profile) };
}

/** One view of one user: reads come at random times, and commits at random times end it. */
function viewTraffic(inputs: CapacityInputs, expiries: number, instances: number) {
  const { readsPerUserDay, directReadShare, settings } = inputs;
  const reads = ((readsPerUserDay / DAY_S) * (1 - directReadShare)) / SHARED_VIEWS;
  if (reads < LEAST_PER_S || instances === 0)
    return { lookups: 0, fills: 0, l1HitShare: 0, redisHitShare: 0, unchangedShare: 0 };
  // A fetched view serves in its instance until its time to live is over or a commit comes.
  const ttlS = settings.l1TtlMs / 1_000;
  const servesS = expiries < LEAST_PER_S ? ttlS : -Math.expm1(-expiries * ttlS) / expiries;
  const lookups = reads / (1 + (reads / instances) * servesS);
  // Redis has the view if since the last look-up no commit came and its time to live is not over.
  const redisHitShare =
    (lookups / (lookups + expiries)) * -Math.expm1((-(lookups + expiries) * settings.viewTtlMs) / 1_000);
  const unchangedShare = reads / (reads + expiries);
  return {
    lookups,
    fills: lookups * (1 - redisHitShare),
    l1HitShare: 1 - lookups / reads,
    redisHitShare,
    unchangedShare,
  };
}
