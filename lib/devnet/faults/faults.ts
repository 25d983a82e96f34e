/** The faults that are switched on, and the requests that they hit. */
import { type ConsensusNs, parseConsensusTime } from "@/lib/core/ledger/consensus-time";
import { createRng } from "../rng";
import type { ActiveFault, FaultKind, FaultSpec } from "./spec";

type SpecOf<K extends FaultKind> = Extract<FaultSpec, { kind: K }>;

interface Entry {
  readonly id: number;
  readonly spec: FaultSpec;
  readonly stalledAtNs: ConsensusNs | null;
  hits: number;
}

const RANDOM_SEED = 20_260_301;

export class Faults {
  #entries: Entry[] = [];
  #nextId = 1;
  #random = createRng(RANDOM_SEED);
  readonly #listeners = new Set<() => void>();

  /** `headNs`: where the head stands when it is made to stall. */
  constructor(private readonly headNs: () => ConsensusNs) {}

  /** Switches a fault on. The number that it returns switches it off again. */
  add(spec: FaultSpec): number {
    const stalledAtNs = spec.kind === "stalledHead" ? (spec.at && parseConsensusTime(spec.at)) || this.headNs() : null;
    const id = this.#nextId++;
    this.#entries = [...this.#entries, { id, spec, stalledAtNs, hits: 0 }];
    this.#changed();
    return id;
  }

  /** Switches all faults off, and these on. */
  set(specs: readonly FaultSpec[]): void {
    this.clear();
    for (const spec of specs) this.add(spec);
  }

  remove(id: number): boolean {
    const before = this.#entries.length;
    this.#entries = this.#entries.filter((entry) => entry.id !== id);
    this.#changed();
    return this.#entries.length < before;
  }

  clear(): void {
    this.#entries = [];
    this.#random = createRng(RANDOM_SEED);
    this.#changed();
  }

  list(): ActiveFault[] {
    return this.#entries.map(({ id, spec, hits }) => ({ id, spec, hits }));
  }

  /** Calls back whenever a fault is switched on or off. Returns the function that ends it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The faults of these kinds that apply to this request. Scope and probability are decided; `times` is not used up. */
  select<K extends FaultKind>(kinds: readonly K[], where: FaultScope): SelectedFault<K>[] {
    if (this.#entries.length === 0) return [];
    return this.#entries.flatMap((entry) => {
      const { spec } = entry;
      if (!(kinds as readonly FaultKind[]).includes(spec.kind) || !this.#applies(entry, where)) return [];
      const hit = () => {
        entry.hits += 1;
      };
      return [{ spec: spec as SpecOf<K>, hit }];
    });
  }

  /** Consensus times after this are not visible; null when everything is. */
  visibleThroughNs(nowNs: bigint): bigint | null {
    let through: bigint | null = null;
    for (const { spec, stalledAtNs } of this.#entries) {
      const limit =
        stalledAtNs ?? (spec.kind === "laggingHead" ? nowNs - BigInt(Math.round(spec.ms * 1_000_000)) : null);
      if (limit !== null && (through === null || limit < through)) through = limit;
    }
    return through;
  }

  #applies({ spec, hits }: Entry, where: FaultScope): boolean {
    if ("topicId" in spec && spec.topicId !== undefined && spec.topicId !== where.topicId) return false;
    if ("route" in spec && spec.route !== undefined && spec.route !== where.route) return false;
    if ("times" in spec && spec.times !== undefined && hits >= spec.times) return false;
    const probability = "probability" in spec ? spec.probability : undefined;
    return probability === undefined || this.#random.chance(probability);
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** The requests that a fault may hit: those of a route and of a topic, if they are given. */
export interface FaultScope {
  readonly route?: string;
  readonly topicId?: string;
}

/** A fault that applies to the request at hand. */
export interface SelectedFault<K extends FaultKind = FaultKind> {
  readonly spec: SpecOf<K>;
  /** Call it when the fault has shown in an answer: it uses up one of `times`. */
  readonly hit: () => void;
}

/** Whether a sequence number is in the fault's range. */
export function inRange(spec: { fromSequence?: number; toSequence?: number }, sequence: number): boolean {
  return sequence >= (spec.fromSequence ?? 1) && sequence <= (spec.toSequence ?? Number.POSITIVE_INFINITY);
}
