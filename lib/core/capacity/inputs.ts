/** Inputs of the capacity model. */
import type { TopicKind } from "../ledger/ids";
import { SET_UPS, type SetUp } from "./set-ups/set-ups";
import { figure } from "./unit-figures";

/** A deployment and its users. Shares are from 0 to 1. */
export interface CapacityInputs {
  readonly setUp: SetUp;
  /** On AWS: zones that the database and the cache run in. Two have a standby of each. */
  readonly zones: 1 | 2;
  readonly users: number;
  /** Messages that a user writes in a day. */
  readonly signalsPerUserDay: number;
  /** Answers that a user's pages ask for in a day. */
  readonly readsPerUserDay: number;
  /** Users with a page (and so a stream) open, as a share of all, over the whole day. */
  readonly openPageShare: number;
  /** The share of messages of each kind. Sums to 1. */
  readonly kindShares: Readonly<Record<TopicKind, number>>;
  /** Topics of each kind. */
  readonly segments: number;
  readonly contactsPerUser: number;
  /** The share of messages that are written through this server, not by other tools. */
  readonly ownWriteShare: number;
  /** The share of reads that only the database answers: recognition, profiles, polls with a watermark, proofs. */
  readonly directReadShare: number;
  /** The busiest minute divided by the mean. Limits are judged at the peak, dollars at the mean. */
  readonly peakToMean: number;
  /** Months of messages that PostgreSQL has: as many as the app has run, or at most KEEP_MONTHS + 1. A whole number. */
  readonly monthsKept: number;
  readonly messageBytes: number;
  /** Time that a mirror takes to answer. */
  readonly mirrorMs: number;
  /** Null: as many as are needed. */
  readonly instances: number | null;
  readonly settings: CapacitySettings;
  readonly uncached: UncachedInputs;
}

/** Settings of the server that costs depend on (lib/server/config/env.ts). */
export interface CapacitySettings {
  /** While anybody reads, a topic is synced once in this time. */
  readonly gateMs: number;
  /** How long memory (L1) serves a view without asking Redis. */
  readonly l1TtlMs: number;
  readonly l1MaxBytes: number;
  readonly viewTtlMs: number;
  readonly streamMaxS: number;
  readonly mirrorRps: number;
  /** A mirror's gRPC server tells long-lived processes when a topic moves (MIRROR_GRPC). Functions poll. */
  readonly hasDoorbell: boolean;
  readonly instanceMemoryGb: number;
  /** How long signals wait for others that share their ledger message (SUBMIT_LINGER_MS). 0: they do not. */
  readonly lingerMs: number;
}

/** How the design without a cache works: every page asks the mirror for everything. */
interface UncachedInputs {
  /** Messages that a page loads. */
  readonly keptMessages: number;
  readonly bytesPerUser: number;
  /** An open page asks for news of each kind this often. */
  readonly pollEveryS: number;
}

export const DEFAULT_SETTINGS: CapacitySettings = {
  gateMs: 1_000,
  l1TtlMs: 2_000,
  l1MaxBytes: 67_108_864,
  viewTtlMs: 3_600_000,
  streamMaxS: 280,
  mirrorRps: 40,
  hasDoorbell: false,
  instanceMemoryGb: 2,
  lingerMs: 0,
};

/**
 * The plan's figures where it gives them (users, signals, 200 kept messages, 0.5 MB a user). The rest are assumptions: reads,
 * open pages, the mix of kinds, the peak, and a mirror that answers in 150 ms. An operator replaces them by what was observed.
 */
export const DEFAULT_INPUTS: CapacityInputs = {
  setUp: "vercel",
  zones: 1,
  users: 10_000,
  signalsPerUserDay: 175,
  readsPerUserDay: 100,
  openPageShare: 0.05,
  // A new profile concerns everybody who shows that person: a share of 1 % is nearly two profile changes of each user a day.
  kindShares: { contact: 0.4, trust: 0.35, recognition: 0.24, profile: 0.01 },
  segments: 1,
  contactsPerUser: 50,
  ownWriteShare: 1,
  directReadShare: 0.25,
  peakToMean: 3,
  monthsKept: 12,
  messageBytes: figure("messageBytes"),
  mirrorMs: 150,
  instances: null,
  settings: DEFAULT_SETTINGS,
  uncached: { keptMessages: 200, bytesPerUser: 500_000, pollEveryS: 60 },
};

/** The same users on another set-up. */
export function withSetUp(inputs: CapacityInputs, setUp: SetUp): CapacityInputs {
  return { ...inputs, setUp, settings: { ...inputs.settings, hasDoorbell: SET_UPS[setUp].hasDoorbell } };
}

/** The same users, whose signals wait so long for others. */
export function withLinger(inputs: CapacityInputs, lingerMs: number): CapacityInputs {
  return { ...inputs, settings: { ...inputs.settings, lingerMs } };
}

/** The numbers of users in the plan's tables. */
export const PLAN_SCALES: readonly number[] = [10_000, 100_000, 1_000_000, 10_000_000];

export const DAY_S = 86_400;
/** Prices and fees are compared over a month of 30 days, whatever a provider bills. */
export const MONTH_DAYS = 30;
export const MONTH_S = MONTH_DAYS * DAY_S;
export const MONTH_HOURS = MONTH_DAYS * 24;
/** Bytes of a gigabyte, as vendors bill it. */
export const GB = 1e9;
