/** Outputs of the capacity model: what N users need, and the lines of their bill. */
import type { CapacityInputs } from "./inputs";
import type { PriceName } from "./prices";
import type { Traffic } from "./traffic";

/** The result of the model. Rates are per second, dollars per month. */
export interface Capacity {
  readonly inputs: CapacityInputs;
  readonly messages: { readonly perDay: number; readonly perS: number; readonly peakPerS: number };
  /** Per second, at the mean and in the busiest minute. */
  readonly mean: Traffic;
  readonly peak: Traffic;
  /** `monthBytes`: growth in a month. `keptBytes`: size after `monthsKept`. */
  readonly storage: { readonly monthBytes: number; readonly keptBytes: number };
  readonly postgres: {
    readonly statementsPerS: number;
    /** CPU seconds per second, at the mean. */
    readonly cores: number;
    /** Compute units (one core each) with room to spare, at the mean and at the peak. */
    readonly computeUnits: number;
    readonly peakComputeUnits: number;
  };
  readonly redis: {
    readonly commandsPerS: number;
    readonly peakCommandsPerS: number;
    readonly storedBytes: number;
    readonly trafficBytesPerS: number;
  };
  /** `cores`: the CPU of all instances together, at the mean. */
  readonly instances: { readonly mean: number; readonly peak: number; readonly cores: number };
  /** Memory (L1): the most that one instance keeps, the sum over all instances, and the size of all users' views. */
  readonly memory: { readonly l1InstanceBytes: number; readonly l1Bytes: number; readonly allUsersBytes: number };
  readonly costs: readonly CostLine[];
}

/** Everything but what it costs. */
export type Needs = Omit<Capacity, "costs">;

/** The parts of a bill. `network`: bytes to browsers and between services. */
export type CostPart = "ledger" | "mirror" | "redis" | "postgres" | "instances" | "network";

/** One line of the monthly bill. */
export interface CostLine {
  readonly part: CostPart;
  /** Where a size or a plan was chosen, its name. */
  readonly what: string;
  readonly usd: number;
  /** The entry of the price table that it was computed with. */
  readonly price: PriceName;
}
