/**
 * Rounds of demand, the runs of topics, and their requests to the mirror (engine/sync/sync-scheduler, topic-sync; with doorbells
 * engine/live/doorbells).
 */
import { TOPIC_KINDS, type TopicKind } from "../ledger/ids";
import { PAGE } from "../sync/pages";
import type { CapacityInputs } from "./inputs";
import { LEAST_PER_S, type Presence, renewals } from "./rates";
import { syncRun } from "./sync-runs";

interface SyncDemand {
  readonly inputs: CapacityInputs;
  /** Ledger messages, reads and streams that open, per second. */
  readonly messages: number;
  readonly reads: number;
  readonly streamOpens: number;
  readonly openStreams: number;
  readonly instances: number;
  readonly presence: Presence;
}

interface SyncTraffic {
  readonly rounds: number;
  readonly leases: number;
  readonly commits: number;
  /** Commits that were refused because another instance was ahead. */
  readonly conflicts: number;
  readonly commitsOf: Readonly<Record<TopicKind, number>>;
  /** `demanded` would be sent without a budget; `requests` are those that the budget allows. */
  readonly mirror: { readonly demanded: number; readonly requests: number };
}

/** These four are set in engine/live/doorbells, sync/round-timer and sync/sync-scheduler. */
const LEASE_EVERY_S = 5;
const EMPTY_ROUND_EVERY_S = 5;
const LOOK_EVERY_S = 600;
const MOST_DOORBELLS = 100;

/** The cost of the sync, at the rates of one moment. */
export function syncTraffic(demand: SyncDemand): SyncTraffic {
  const { inputs, messages, instances } = demand;
  const { settings } = inputs;
  if (instances === 0)
    return {
      rounds: 0,
      leases: 0,
      commits: 0,
      conflicts: 0,
      commitsOf: NO_COMMITS,
      mirror: { demanded: 0, requests: 0 },
    };
  const schedule = scheduleOf(demand);
  const at = (pace: number) => runsAt(pace, inputs, messages, schedule, instances);
  const budget = Math.max(settings.mirrorRps, leastRequests(messages));
  const { commitsOf, conflicts, requests } = at(paceWithin(budget, (pace) => at(pace).requests));
  const commits = sumOfKinds((kind) => commitsOf[kind]);
  const { rounds, leases } = schedule;
  return { rounds, leases, commits, conflicts, commitsOf, mirror: { demanded: at(1).requests, requests } };
}

/** How often topics are pulled because somebody demands it, or because a doorbell rings. */
interface Schedule {
  /** Commands that ask which topics an instance is to sync. */
  readonly rounds: number;
  /** Commands that renew leases on doorbells. */
  readonly leases: number;
  /** Pulls of one topic of each kind. */
  readonly pulls: Readonly<Record<TopicKind, number>>;
  /** Requests for the mirror's head. */
  readonly heads: number;
}

function scheduleOf(demand: SyncDemand): Schedule {
  const { inputs, reads, streamOpens, openStreams, instances, presence } = demand;
  const gateS = inputs.settings.gateMs / 1_000;
  const isOpen = presence(openStreams / instances);
  const isAnyOpen = presence(openStreams);
  // With an open stream, an instance demands a sync in every period. Without one, the first reader after a period does.
  const beating = (isBeating: number, demands: number) =>
    isBeating / gateS + (1 - isBeating) * renewals(demands, gateS);
  const polled = {
    rounds: instances * beating(isOpen, (reads + streamOpens) / instances),
    // The first instance that demands in a period does the sync.
    pulls: beating(isAnyOpen, reads + streamOpens),
  };
  const everyKind = (pulls: (kind: TopicKind) => number): Schedule["pulls"] => ({
    contact: pulls("contact"),
    trust: pulls("trust"),
    recognition: pulls("recognition"),
    profile: pulls("profile"),
  });
  const hasDoorbells = inputs.settings.hasDoorbell && TOPIC_KINDS.length * inputs.segments <= MOST_DOORBELLS;
  if (!hasDoorbells)
    return { rounds: polled.rounds, leases: 0, pulls: everyKind(() => polled.pulls), heads: polled.pulls };

  const byReaders = renewals(reads, gateS);
  const pulls = everyKind((kind) => {
    const messages = (demand.messages * inputs.kindShares[kind]) / inputs.segments;
    const watched = watchedPulls(messages, reads + isAnyOpen / LOOK_EVERY_S, gateS);
    return isAnyOpen * watched + (1 - isAnyOpen) * byReaders;
  });
  // A reader's round pulls all topics and asks for one head. A ring pulls one topic. Busy topics fall back to the polls' rounds.
  const rung = sumOfKinds((kind) => inputs.segments * Math.max(0, pulls[kind] - byReaders));
  return {
    rounds: Math.min(
      polled.rounds,
      instances * (renewals(reads / instances, gateS) + isOpen / EMPTY_ROUND_EVERY_S) + rung,
    ),
    leases: (instances * isOpen) / LEASE_EVERY_S,
    pulls,
    heads: Math.min(polled.pulls, byReaders + rung),
  };
}

/**
 * Pulls of a topic with a live doorbell. A pull comes with the next message or demand, once the gate lets it pass. With Poisson
 * messages, the time until then is distributed as the content of a store that holds one gate period, and that each pull fills by one
 * (Moran's dam). `isLate` is the chance that no message comes within that time. The real gate saves nine tenths of a period.
 */
function watchedPulls(messages: number, demands: number, gateS: number): number {
  const either = messages + demands;
  const isQuiet = Math.exp(-messages * gateS);
  const isLate = isQuiet / (1 - messages * gateS * isQuiet);
  return either < LEAST_PER_S ? 0 : 1 / (gateS + (isLate * isQuiet) / either);
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
function runsAt(pace: number, inputs: CapacityInputs, messages: number, schedule: Schedule, instances: number) {
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
    const scheduled = schedule.pulls[kind];
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
  const byWrites = instances * renewals(afterWrites / instances, freshS) * (1 - (schedule.heads * freshS) / instances);
  return { commitsOf, conflicts, requests: pages + pace * (schedule.heads + byWrites) };
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
