/** Counts the work of a stand-in, as the vendor bills it. */

export interface Counts {
  /** HTTP requests, or tunnelled connections, that got as far as being understood. */
  readonly requests: number;
  /** Commands or statements: each member of a pipeline or batch is one. */
  readonly total: number;
  /** By name, in capitals: GET, EVAL; SELECT, INSERT, WITH. */
  readonly byName: Readonly<Record<string, number>>;
  /** By what the client says it is for (the header `X-Purpose`); without one, under "none". */
  readonly byPurpose: Readonly<Record<string, number>>;
}

export const PURPOSE_HEADER = "x-purpose";

export class Counters {
  #requests = 0;
  #total = 0;
  #byName = new Map<string, number>();
  #byPurpose = new Map<string, number>();

  request(): void {
    this.#requests += 1;
  }

  count(name: string, purpose: string | undefined): void {
    this.#total += 1;
    add(this.#byName, name.toUpperCase());
    add(this.#byPurpose, purpose ?? "none");
  }

  read(): Counts {
    return {
      requests: this.#requests,
      total: this.#total,
      byName: Object.fromEntries(this.#byName),
      byPurpose: Object.fromEntries(this.#byPurpose),
    };
  }

  reset(): void {
    this.#requests = 0;
    this.#total = 0;
    this.#byName.clear();
    this.#byPurpose.clear();
  }
}

const add = (counts: Map<string, number>, key: string) => counts.set(key, (counts.get(key) ?? 0) + 1);
