/** The plan of a load run: a number of users at the model's ratios, whose days pass faster by a given factor. */
import { type CapacityInputs, DAY_S, DEFAULT_INPUTS } from "@/lib/core/capacity/inputs";

export interface LoadPlan {
  readonly users: number;
  readonly seconds: number;
  /** Simulated days in one real day. Signals and reads come that much faster; open pages stay open for as long as usual. */
  readonly factor: number;
  readonly signalsPerUserDay: number;
  readonly readsPerUserDay: number;
  readonly openPageShare: number;
  /** The share of messages that go through POST /api/hcs/submit. The others go to the ledger directly, as other tools write. */
  readonly ownWriteShare: number;
  readonly contactsPerUser: number;
}

export interface Rates {
  /** Messages a second. */
  readonly messages: number;
  readonly reads: number;
  readonly streams: number;
}

/** Beyond these bounds, a run on one machine would measure the load generator itself. */
export const BOUNDS = { users: 5_000, seconds: 900, messagesPerS: 100, readsPerS: 300, streams: 500 } as const;

export function ratesOf(plan: LoadPlan): Rates {
  return {
    messages: (plan.users * plan.signalsPerUserDay * plan.factor) / DAY_S,
    reads: (plan.users * plan.readsPerUserDay * plan.factor) / DAY_S,
    streams: Math.round(plan.users * plan.openPageShare),
  };
}

/** One sentence for each bound that the plan exceeds. */
export function objections(plan: LoadPlan): readonly string[] {
  const rates = ratesOf(plan);
  const over = (what: string, value: number, most: number, remedy: string) =>
    value > most ? [`${Math.round(value)} ${what} are more than ${most}: ${remedy}.`] : [];
  return [
    ...over("users", plan.users, BOUNDS.users, "take fewer users"),
    ...over("seconds", plan.seconds, BOUNDS.seconds, "run shorter"),
    ...over("messages a second", rates.messages, BOUNDS.messagesPerS, "lower --factor or --users"),
    ...over("reads a second", rates.reads, BOUNDS.readsPerS, "lower --factor, --reads or --users"),
    ...over("open streams", rates.streams, BOUNDS.streams, "lower --open-pages or --users"),
  ];
}

/** The model's inputs for the plan. */
export function inputsOf(plan: LoadPlan, setUp: { instances: number; mirrorMs: number }): CapacityInputs {
  return {
    ...DEFAULT_INPUTS,
    ...setUp,
    users: plan.users,
    signalsPerUserDay: plan.signalsPerUserDay * plan.factor,
    readsPerUserDay: plan.readsPerUserDay * plan.factor,
    openPageShare: ratesOf(plan).streams / plan.users,
    ownWriteShare: plan.ownWriteShare,
    contactsPerUser: plan.contactsPerUser,
    peakToMean: 1,
  };
}
