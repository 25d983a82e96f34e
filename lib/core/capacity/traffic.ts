/**
 * How often each part is asked per second, in the steady state. Users act independently and at a constant rate, and each read
 * goes to a random instance. Each formula below models one piece of code: engine/reads/tiered-read, sync-scheduler, topic-sync,
 * live-hub, submit, and adapters/redis, where one port method is one command.
 */

import { TOPIC_KINDS, type TopicKind } from "../ledger/ids";
import { PAGE } from "../sync/pages";
import { type CapacityInputs, DAY_S } from "./inputs";
import { syncRun } from "./sync-runs";

/**
 * Purposes of Redis commands, as adapters/redis counts them. Those that a steady state does not have (expire, gate, …) are left
 * out.
 */
type RedisPurpose =
  | "lookup"
  | "fill"
  | "round"
  | "budget"
  | "publish"
  | "cursor"
  | "nonce"
  | "idempotency"
  | "fence"
  | "report";

/** Statements by purpose: a cold view, a read that no tier keeps, a stream that opens or has news, … */
type SqlPurpose =
  | "view"
  | "direct"
  | "streamOpen"
  | "streamNews"
  | "commit"
  | "conflict"
  | "renamed"
  | "rule"
  | "route"
  | "registry";

export interface Traffic {
  readonly messages: number;
  readonly reads: number;
  readonly openStreams: number;
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
}

/** Views that instances share: contacts, circle and signals. */
const SHARED_VIEWS = 3;
/** Trust is limited to nine slots, so each write of trust reads the writer's edges. */
const RULED: TopicKind = "trust";

/** These four are set in engine/health/instance-reporter, shards/topic-router and sync/sync-scheduler. */
const REPORT_EVERY_S = 10;
const USER_TTL_S = 30;
const CHECK_BEFORE_WRITE_S = 5;
const CHECK_AFTER_COMMIT_S = 15;

/** A rate below once in 30,000 years is none: dividing by it would give more than a number can hold. */
const LEAST_PER_S = 1e-12;

/** The chance that any page is open when `mean` are open on average. */
export type Presence = (mean: number) => number;

/** People come and go independently, so the number of open pages is Poisson. */
const COMING_AND_GOING: Presence = (mean) => -Math.expm1(-mean);
/** The same pages stay open all the time, as a load generator's do. */
export const STAYING: Presence = (mean) => Math.min(1, mean);

export function traffic(inputs: CapacityInputs, instances: number, presence: Presence = COMING_AND_GOING): Traffic {
  const { users, openPageShare, directReadShare, ownWriteShare, settings, kindShares } = inputs;
  const messages = (users * inputs.signalsPerUserDay) / DAY_S;
  const reads = (users * inputs.readsPerUserDay) / DAY_S;
  const openStreams = users * openPageShare;
  const streamOpens = openStreams / settings.streamMaxS;
  const sync = syncTraffic(inputs, messages, reads + streamOpens, openStreams, instances, presence);

  const { touches, renames } = touchRates(inputs, sync.commitsOf);
  const views = viewTraffic(inputs, touches + renames, instances);
  const shared = users * SHARED_VIEWS;
  const writes = messages * ownWriteShare;
  return {
    messages,
    reads,
    openStreams,
    rows: messages * (2 - kindShares.profile),
    mirror: sync.mirror,
    redis: {
      lookup: shared * views.lookups,
      fill: shared * views.fills,
      round: sync.rounds,
      // Requests to the mirror, and requests that rate limits count in Redis.
      budget: sync.mirror.requests + writes + streamOpens,
      publish: sync.commits,
      // A cursor that was read again is compared with the last one published.
      cursor: sync.conflicts,
      nonce: writes,
      // One command to begin, and one to keep the answer.
      idempotency: writes * 2,
      // Enters the write fence of the user's topic, and leaves it.
      fence: writes * 2,
      report: instances / REPORT_EVERY_S,
    },
    sql: {
      view: shared * views.fills,
      direct: reads * directReadShare,
      streamOpen: streamOpens,
      streamNews: openStreams * touches,
      commit: sync.commits,
      // The commit that came too late, and the read of where the topic stands now.
      conflict: sync.conflicts * 2,
      renamed: sync.commitsOf.profile,
      rule: writes * kindShares[RULED],
      // An instance looks up a user's route, and remembers it for a while. It also asks whether the registry has changed.
      route: users === 0 ? 0 : users * instances * renewals(writes / (users * instances), USER_TTL_S),
      registry:
        instances *
        Math.max(
          renewals(writes / instances, CHECK_BEFORE_WRITE_S),
          renewals(sync.commits / instances, CHECK_AFTER_COMMIT_S),
        ),
    },
    l1HitShare: views.l1HitShare,
    redisHitShare: views.redisHitShare,
  };
}

interface SyncTraffic {
  readonly rounds: number;
  readonly commits: number;
  /** Commits that were refused because another instance was ahead. */
  readonly conflicts: number;
  readonly commitsOf: Readonly<Record<TopicKind, number>>;
  readonly mirror: Traffic["mirror"];
}

/** Rounds of demand, the runs of topics, and their requests to the mirror. */
function syncTraffic(
  inputs: CapacityInputs,
  messages: number,
  demands: number,
  openStreams: number,
  instances: number,
  presence: Presence,
): SyncTraffic {
  const { settings } = inputs;
  if (instances === 0)
    return { rounds: 0, commits: 0, conflicts: 0, commitsOf: NO_COMMITS, mirror: { demanded: 0, requests: 0 } };
  const gateS = settings.gateMs / 1_000;
  // With an open stream, an instance demands a sync in every period. Without one, the first reader after a period does.
  const isBeating = presence(openStreams / instances);
  const rounds = instances * (isBeating / gateS + (1 - isBeating) * renewals(demands / instances, gateS));
  // The first instance that demands in a period does the sync.
  const anyBeating = presence(openStreams);
  const scheduled = anyBeating / gateS + (1 - anyBeating) * renewals(demands, gateS);

  const at = (pace: number) => runsAt(pace, inputs, messages, scheduled, instances);
  const budget = Math.max(settings.mirrorRps, leastRequests(messages));
  const { commitsOf, conflicts, requests } = at(paceWithin(budget, (pace) => at(pace).requests));
  const commits = sumOfKinds((kind) => commitsOf[kind]);
  return { rounds, commits, conflicts, commitsOf, mirror: { demanded: at(1).requests, requests } };
}

/**
 * Requests for full pages, and a quarter more. A smaller budget could not carry the messages, so it is taken to have been raised.
 */
const leastRequests = (messages: number): number => (1.25 * messages) / PAGE;

const NO_COMMITS: Readonly<Record<TopicKind, number>> = { contact: 0, trust: 0, recognition: 0, profile: 0 };

/**
 * Runs that wait for the budget become rarer, and each finds more. This is the largest share of their wanted rate that the budget
 * allows.
 */
function paceWithin(budget: number, requestsAt: (pace: number) => number): number {
  if (requestsAt(1) <= budget) return 1;
  let [low, high] = [1e-6, 1];
  for (let step = 0; step < 20; step += 1) {
    const middle = (low + high) / 2;
    if (requestsAt(middle) <= budget) low = middle;
    else high = middle;
  }
  return low;
}

/** Requests and commits of all topics together, when runs come at a share (`pace`) of the wanted rate. */
function runsAt(pace: number, inputs: CapacityInputs, messages: number, scheduled: number, instances: number) {
  const { kindShares, segments, settings, mirrorMs, ownWriteShare } = inputs;
  // After a write its topic is synced on the same instance. Writes during such a run join it.
  const runS = (2 * mirrorMs) / 1_000;
  const commitsOf = { ...NO_COMMITS };
  let pages = 0;
  let conflicts = 0;
  let afterWrites = 0;
  for (const kind of TOPIC_KINDS) {
    const ofTopic = (messages * kindShares[kind]) / segments;
    const own = instances * renewals((ofTopic * ownWriteShare) / instances, runS);
    const runs = pace * (scheduled + own);
    if (runs < LEAST_PER_S) continue;
    const run = syncRun(ofTopic / runs);
    const refused = pace * refusedRuns(scheduled, own, run.found, instances);
    conflicts += segments * refused;
    pages += segments * (runs * run.pageRequests + refused);
    commitsOf[kind] = segments * runs * run.commits;
    afterWrites += segments * own;
  }
  // One head serves all runs that begin on one instance within half a gate period.
  const freshS = settings.gateMs / 2_000;
  const byWrites = instances * renewals(afterWrites / instances, freshS) * (1 - (scheduled * freshS) / instances);
  return { commitsOf, conflicts, requests: pages + pace * (scheduled + byWrites) };
}

/**
 * Runs whose commit is refused. An instance knows where it left a topic. If others have committed since, its run begins with a
 * page that is stored already, and its commit is refused. The chance that nobody has is 1 / (1 + others' runs that found
 * something, for each own run).
 *
 * The first caller after a period does the round. Each instance counts the period from its own last round, so the same one often
 * comes first again. The model takes the mean of two cases: always the same instance, and any instance.
 */
function refusedRuns(scheduled: number, own: number, found: number, instances: number): number {
  const refused = (mine: number, others: number) =>
    mine < LEAST_PER_S ? 0 : mine * (1 - 1 / (1 + (others * found) / mine));
  const each = own / instances;
  const anyone = instances * refused((scheduled + own) / instances, ((scheduled + own) * (instances - 1)) / instances);
  const theSame = refused(scheduled + each, own - each) + (instances - 1) * refused(each, scheduled + own - each);
  return (anyone + theSame) / 2;
}

const sumOfKinds = (of: (kind: TopicKind) => number): number =>
  TOPIC_KINDS.reduce((total, kind) => total + of(kind), 0);

/** How often per second something happens that random events at `rate` start, but not again within `holdS`. */
function renewals(rate: number, holdS: number): number {
  return rate >= LEAST_PER_S ? 1 / (holdS + 1 / rate) : 0;
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
  if (reads < LEAST_PER_S || instances === 0) return { lookups: 0, fills: 0, l1HitShare: 0, redisHitShare: 0 };
  // A fetched view serves in its instance until its time to live is over or a commit comes.
  const ttlS = settings.l1TtlMs / 1_000;
  const servesS = expiries < LEAST_PER_S ? ttlS : -Math.expm1(-expiries * ttlS) / expiries;
  const lookups = reads / (1 + (reads / instances) * servesS);
  // Redis has the view if since the last look-up no commit came and its time to live is not over.
  const redisHitShare =
    (lookups / (lookups + expiries)) * -Math.expm1((-(lookups + expiries) * settings.viewTtlMs) / 1_000);
  return { lookups, fills: lookups * (1 - redisHitShare), l1HitShare: 1 - lookups / reads, redisHitShare };
}
