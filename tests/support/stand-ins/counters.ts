/** Counts a stand-in's commands or statements as the vendor bills them. */

export interface Counts {
  /** Valid HTTP requests, or tunnelled connections. */
  readonly requests: number;
  /** Commands or statements. Each member of a pipeline or batch counts. */
  readonly total: number;
  /** Counts by name in capitals: GET, EVAL; SELECT, INSERT, WITH. */
  readonly byName: Readonly<Record<string, number>>;
  /** Counts by the purpose in the client's header `X-Purpose`. Without that header, the purpose is "none". */
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
