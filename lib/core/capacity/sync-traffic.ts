/**
 * Rounds of demand, the runs of topics, and their requests to the mirror (engine/sync/sync-scheduler, topic-sync; with doorbells
 * engine/live/doorbells).
 */
import { TOPIC_KINDS, type TopicKind } from "../ledger/ids";
import { PAGE } from "../sync/pages";
import type { CapacityInputs } from "./inputs";
import type { LedgerTraffic } from "./ledger-traffic";
import { LEAST_PER_S, type Presence, renewals } from "./rates";
import { type SyncRun, syncRun } from "./sync-runs";

interface SyncDemand {
  readonly inputs: CapacityInputs;
  readonly ledger: LedgerTraffic;
  /** Reads and streams that open, per second. */
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
  /** Reads of where a topic stands, because another instance has moved it. */
  readonly cursors: number;
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
  const { inputs, ledger, instances } = demand;
  const { settings } = inputs;
  if (instances === 0)
    return {
      rounds: 0,
      leases: 0,
      commits: 0,
      cursors: 0,
      commitsOf: NO_COMMITS,
      mirror: { demanded: 0, requests: 0 },
    };
  const schedule = scheduleOf(demand);
  const at = (pace: number) => runsAt(pace, inputs, ledger, schedule, instances);
  const budget = Math.max(settings.mirrorRps, leastRequests(ledger.messages));
  const { commitsOf, cursors, requests } = at(paceWithin(budget, (pace) => at(pace).requests));
  const commits = sumOfKinds((kind) => commitsOf[kind]);
  const { rounds, leases } = schedule;
  return { rounds, leases, commits, cursors, commitsOf, mirror: { demanded: at(1).requests, requests } };
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
    const { own, others } = demand.ledger.ofKinds[kind];
    const messages = (own + others) / inputs.segments;
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
const NO_RUN: SyncRun = { pageRequests: 0, commits: 0, found: 0 };

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

/**
 * Requests and commits of all topics together, when runs come at a share (`pace`) of the wanted rate. A run after a write finds what
 * was written. A scheduled run finds what other tools wrote, because an own message waits for no schedule.
 */
function runsAt(pace: number, inputs: CapacityInputs, ledger: LedgerTraffic, schedule: Schedule, instances: number) {
  const { segments, settings, mirrorMs } = inputs;
  // After a write its topic is synced on the same instance. Writes during such a run join it.
  const runS = (2 * mirrorMs) / 1_000;
  const commitsOf = { ...NO_COMMITS };
  let pages = 0;
  let cursors = 0;
  let afterWrites = 0;
  for (const kind of TOPIC_KINDS) {
    const [own, others] = [ledger.ofKinds[kind].own / segments, ledger.ofKinds[kind].others / segments];
    const written = instances * renewals(own / instances, runS);
    const [scheduled, following] = [pace * schedule.pulls[kind], pace * written];
    const runs = scheduled + following;
    if (runs < LEAST_PER_S) continue;
    const pulled = syncRun(others / runs);
    const followed = following < LEAST_PER_S ? NO_RUN : syncRun(own / following + others / runs, 1);
    const overtaken = overtakenRuns(scheduled * pulled.found, following, instances, runS);
    cursors += segments * (behindRuns(scheduled, scheduled * pulled.found, following, instances) + overtaken);
    pages += segments * (scheduled * pulled.pageRequests + following * followed.pageRequests + overtaken);
    commitsOf[kind] = segments * (scheduled * pulled.commits + following * followed.commits);
    afterWrites += segments * written;
  }
  // One head serves all runs that begin on one instance within half a gate period.
  const freshS = settings.gateMs / 2_000;
  const byWrites = instances * renewals(afterWrites / instances, freshS) * (1 - (schedule.heads * freshS) / instances);
  return { commitsOf, cursors, requests: pages + pace * (schedule.heads + byWrites) };
}

/**
 * Runs that begin behind: others have committed since this instance's last run, and have announced it (`announcedCursor` in
 * core/sync/sync-state). Such a run first reads the topic's cursor. The chance that nobody has committed is
 * 1 / (1 + others' commits for each own run).
 *
 * The first caller after a period does the round. Each instance counts the period from its own last round, so the same one often
 * comes first again. The model takes the mean of two cases: always the same instance, and any instance. `found`: scheduled runs that
 * find something. Runs after writes all do.
 */
function behindRuns(scheduled: number, found: number, following: number, instances: number): number {
  const behind = (mine: number, others: number) => (mine < LEAST_PER_S ? 0 : mine * (1 - 1 / (1 + others / mine)));
  const each = following / instances;
  const rest = (instances - 1) / instances;
  const anyone = instances * behind((scheduled + following) / instances, (found + following) * rest);
  const theSame = behind(scheduled + each, following - each) + (instances - 1) * behind(each, found + following - each);
  return (anyone + theSame) / 2;
}

/**
 * Runs that find something which another instance commits meanwhile. They hear of it before they would commit, read where the topic
 * stands, and ask for the next page. Two scheduled runs (`found`: those that find something) are never so close.
 */
function overtakenRuns(found: number, following: number, instances: number, runS: number): number {
  const rest = (instances - 1) / instances;
  const meanwhile = (others: number) => -Math.expm1(-others * rest * runS);
  return found * meanwhile(following) + following * meanwhile(found + following);
}

const sumOfKinds = (of: (kind: TopicKind) => number): number =>
  TOPIC_KINDS.reduce((total, kind) => total + of(kind), 0);
