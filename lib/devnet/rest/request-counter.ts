/** Counts what the mirror was asked, so that tests and benches can hold a client to its budget. */
export interface RequestCounts {
  readonly total: number;
  readonly byRoute: Readonly<Record<string, number>>;
  readonly byTopic: Readonly<Record<string, number>>;
  readonly byStatus: Readonly<Record<string, number>>;
}

export class RequestCounter {
  #total = 0;
  #byRoute = new Map<string, number>();
  #byTopic = new Map<string, number>();
  #byStatus = new Map<string, number>();

  /** A request that came in. Requests to the control routes are not counted. */
  asked(route: string, topicId: string | null): void {
    this.#total += 1;
    add(this.#byRoute, route);
    if (topicId) add(this.#byTopic, topicId);
  }

  /** How it was answered: the HTTP status, or `reset`. */
  answered(status: number | "reset"): void {
    add(this.#byStatus, String(status));
  }

  counts(): RequestCounts {
    return {
      total: this.#total,
      byRoute: Object.fromEntries(this.#byRoute),
      byTopic: Object.fromEntries(this.#byTopic),
      byStatus: Object.fromEntries(this.#byStatus),
    };
  }

  reset(): void {
    this.#total = 0;
    for (const map of [this.#byRoute, this.#byTopic, this.#byStatus]) map.clear();
  }
}

function add(map: Map<string, number>, key: string): void {
  map.set(key, (map.get(key) ?? 0) + 1);
}
