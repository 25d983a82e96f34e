/**
 * Circuit breakers for questions that readers choose, one for each kind of question. A mirror answers some kinds slowly or not at
 * all, such as a list of transactions over a long time. The other kinds are still asked.
 */
import { shapeOf } from "../../core/mirror/pass-through-paths";
import { type CircuitBreaker, CLOSED } from "../../core/sync/circuit-breaker";

export class PassedQuestions {
  /** At most one for each value of `questionKind`. */
  private readonly circuits = new Map<string, CircuitBreaker>();
  /** The kinds that timed out without any answer since the mirror last answered a reader's question. */
  private readonly unanswered = new Set<string>();

  circuitOf(kind: string): CircuitBreaker {
    return this.circuits.get(kind) ?? CLOSED;
  }

  settle(kind: string, circuit: CircuitBreaker): void {
    if (circuit.name === "closed" && circuit.failures === 0) this.circuits.delete(kind);
    else this.circuits.set(kind, circuit);
  }

  answered(): void {
    this.unanswered.clear();
  }

  /** Records a timeout without any answer. Returns whether questions of several kinds have timed out so since the last answer. */
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
 * The kind of a question: the shape of its address, and the names of its parameters without their values. Mirrors read names in any
 * case, percent-encoded, and with brackets behind them. All other names count as one, `?`. So there are at most
 * 324 kinds, whatever is asked.
 *
 * @example questionKind("/transactions?account.id=0.0.5&timestamp=gt:7&x=1") // "transactions&?&account.id&timestamp"
 */
export function questionKind(path: string): string {
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
