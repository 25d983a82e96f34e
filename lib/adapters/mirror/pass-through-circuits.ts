/**
 * Circuit breakers for requests that are passed through for readers, one for each kind of request. A mirror answers some kinds
 * slowly or not at all, such as a list of transactions over a long time. Requests of the other kinds are still sent.
 */
import { shapeOf } from "../../core/mirror/pass-through-paths";
import { type CircuitBreaker, CLOSED } from "../../core/sync/circuit-breaker";

export class PassThroughCircuits {
  /** At most one for each value of `requestKind`. */
  private readonly circuits = new Map<string, CircuitBreaker>();
  /** The kinds that timed out without any answer since the mirror last answered a reader's request. */
  private readonly unanswered = new Set<string>();

  /** The breaker of this kind; closed if none of its requests has failed. */
  circuitOf(kind: string): CircuitBreaker {
    return this.circuits.get(kind) ?? CLOSED;
  }

  /** Keeps the breaker as it is after a request of this kind. */
  settle(kind: string, circuit: CircuitBreaker): void {
    if (circuit.name === "closed" && circuit.failures === 0) this.circuits.delete(kind);
    else this.circuits.set(kind, circuit);
  }

  /** The mirror has answered a reader's request, of whatever kind. */
  answered(): void {
    this.unanswered.clear();
  }

  /** Records a timeout without any answer. Returns whether requests of several kinds have timed out like this since the last answer. */
  timedOut(kind: string): boolean {
    this.unanswered.add(kind);
    return this.unanswered.size > 1;
  }
}

/**
 * The parameters that decide how much of its database a mirror searches, by the shape of the address (the mirror's REST API). Every
 * set of them is a kind of its own, so each further name doubles the kinds of its shape.
 */
const SEARCHED: Readonly<Record<string, readonly string[]>> = {
  accounts: ["account.balance", "account.id", "account.publickey"],
  "accounts/*": ["timestamp", "transactions", "transactiontype"],
  "accounts/*/nfts": ["spender.id", "token.id"],
  "accounts/*/tokens": ["token.id"],
  balances: ["account.balance", "account.id", "account.publickey", "timestamp"],
  blocks: ["block.number", "timestamp"],
  tokens: ["account.id", "name", "publickey", "token.id", "type"],
  "tokens/*/balances": ["account.balance", "account.id", "account.publickey", "timestamp"],
  "tokens/*/nfts": ["account.id", "serialnumber"],
  "topics/*/messages": ["sequencenumber", "timestamp"],
  transactions: ["account.id", "result", "timestamp", "transactiontype", "type"],
  "transactions/*": ["nonce", "scheduled"],
};
const SEARCHED_ELSEWHERE: readonly string[] = ["timestamp"];

/** They change the answer's form or size, not what is searched. */
const OF_FORM: ReadonlySet<string> = new Set(["encoding", "limit", "order"]);

/**
 * The kind of a request: the shape of its address, and the names of its parameters without their values. Mirrors read names in any
 * case, percent-encoded, and with brackets behind them. All other names count as one, `?`. So there are at most
 * 324 kinds, whatever is asked.
 *
 * @example requestKind("/transactions?account.id=0.0.5&timestamp=gt:7&x=1") // "transactions&?&account.id&timestamp"
 */
export function requestKind(path: string): string {
  const end = path.indexOf("?");
  const address = end < 0 ? path : path.slice(0, end);
  const shape = shapeOf(address.replace(/^\/|\/$/g, "").split("/")) ?? "";
  const searched = SEARCHED[shape] ?? SEARCHED_ELSEWHERE;
  const names = new Set<string>();
  for (const spelled of new URLSearchParams(end < 0 ? "" : path.slice(end + 1)).keys()) {
    const name = (spelled.split("[", 1)[0] as string).toLowerCase();
    if (name !== "" && !OF_FORM.has(name)) names.add(searched.includes(name) ? name : "?");
  }
  return [shape, ...[...names].sort()].join("&");
}
