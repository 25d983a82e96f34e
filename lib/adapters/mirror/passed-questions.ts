/**
 * Circuit breakers for questions that readers choose, one for each kind of question. A mirror answers some kinds slowly or not at
 * all, such as a list of transactions over a long time, and that must not take the others away.
 */
import { LRUCache } from "lru-cache";
import { atMostEntries } from "../../core/bounded-map";
import { type CircuitBreaker, CLOSED } from "../../core/sync/circuit-breaker";

/** Readers can name parameters as they like. The kinds of all lists that a mirror has are about fifty. */
const MAX_KINDS = 500;

export class PassedQuestions {
  private readonly circuits = new LRUCache<string, CircuitBreaker>(atMostEntries(MAX_KINDS));

  circuitOf(kind: string): CircuitBreaker {
    return this.circuits.get(kind) ?? CLOSED;
  }

  settle(kind: string, circuit: CircuitBreaker): void {
    if (circuit.name === "closed" && circuit.failures === 0) this.circuits.delete(kind);
    else this.circuits.set(kind, circuit);
  }
}

/** An id, an alias, an address or a hash: it has a digit. Names of lists have none. */
const hasDigit = (segment: string) => /\d/.test(segment);

/**
 * The kind of a question: its address without ids, and the names of its parameters without their values.
 *
 * @example questionKind("/transactions?account.id=0.0.5&timestamp=gt:7") // "/transactions?account.id&timestamp"
 */
export function questionKind(path: string): string {
  const [address = "", query = ""] = path.split("?", 2);
  const shape = address.split("/").map((segment) => (hasDigit(segment) ? "*" : segment));
  const names = new Set(query.split("&").map((pair) => pair.split("=", 1)[0]?.toLowerCase()));
  return `${shape.join("/")}?${[...names].sort().join("&")}`;
}
