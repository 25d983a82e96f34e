/**
 * A query for a topic's messages, read as a mirror node reads it (docs/hedera.md §1): names in any case, repeated values,
 * comparisons as `op:value`. One error lists all faults, invalid values before unknown names, in the mirror's own words.
 */
import { MAX_SEQUENCE, parseTopicId, type TopicId } from "../ledger/ids";
import { err, ok, type Result } from "../result";
import type { Interval } from "../sync/intervals";
import { PAGE } from "../sync/pages";

/** Values by lower-case name, in the order of first appearance. */
export type Spelled = ReadonlyMap<string, readonly string[]>;

export type Order = "asc" | "desc";

/** The page that a valid query asks for. */
export interface MessageQuery {
  /** Sequence numbers and consensus times that may be on the page. Null if no message can be. */
  readonly within: { readonly sequences: Interval; readonly times: Interval<bigint> } | null;
  readonly order: Order;
  /** 1 to 100. */
  readonly limit: number;
  readonly isUtf8: boolean;
  /** For the link to the next page, which repeats the query. */
  readonly spelled: Spelled;
}

type Check = (value: string) => boolean;

const MAX_LONG = 9_223_372_036_854_775_807n;
const DEFAULT_LIMIT = 25;
const MAX_REPEATED = 100;

const isPositiveLong: Check = (value) => /^\d{1,19}$/.test(value) && BigInt(value) >= 1n && BigInt(value) <= MAX_LONG;
/** A mirror's form of a consensus time: seconds, and up to nine digits behind the point. */
export const isTimestamp: Check = (value) => /^\d{1,10}(\.\d{1,9})?$/.test(value);

const CHECKS: ReadonlyMap<string, Check> = new Map([
  ["encoding", (value: string) => /^(base64|utf-?8)$/i.test(value)],
  ["limit", isPositiveLong],
  ["order", (value: string) => /^(asc|desc)$/i.test(value)],
  ["sequencenumber", isPositiveLong],
  ["timestamp", isTimestamp],
]);

const OPERATORS: ReadonlySet<string> = new Set(["eq", "gt", "gte", "lt", "lte", "ne"]);

interface Comparison {
  readonly operator: string;
  readonly value: string | undefined;
}

function comparisonOf(text: string): Comparison {
  const [first = "", second] = text.split(":");
  return text.includes(":") ? { operator: first, value: second } : { operator: "eq", value: first };
}

/** Reads the parameters of `topics/{id}/messages`. The error holds the sentences of the mirror's 400. */
export function readMessageQuery(
  parameters: Iterable<readonly [string, string]>,
): Result<MessageQuery, readonly string[]> {
  const spelled = spelledOf(parameters);
  const faults = faultsOf(spelled, CHECKS);
  if (faults.length > 0) return err(faults);
  const sequences = intervalOf(spelled, "sequencenumber", BigInt);
  if (!sequences.ok) return sequences;
  const times = intervalOf(spelled, "timestamp", nanoseconds);
  if (!times.ok) return times;
  return ok({
    within: withinOf(sequences.value, times.value),
    order: (lastOf(spelled, "order")?.toLowerCase() as Order | undefined) ?? "asc",
    limit: Math.min(Number(lastOf(spelled, "limit") ?? DEFAULT_LIMIT), PAGE),
    isUtf8: /^utf/i.test(lastOf(spelled, "encoding") ?? ""),
    spelled,
  });
}

/** The mirror's sentences about the parameters of an address that takes no parameters. */
export const faultsOfNoQuery = (parameters: Iterable<readonly [string, string]>): readonly string[] =>
  faultsOf(spelledOf(parameters), new Map());

/** `0.0.7`, `0.7` and `7` name the same topic. Null for any other text. */
export function topicNamed(text: string): TopicId | null {
  const [, shard = "0", realm = "0", number] = /^(?:(?:(\d{1,4})\.)?(\d{1,5})\.)?(\d{1,12})$/.exec(text) ?? [];
  return number === undefined ? null : parseTopicId(`${Number(shard)}.${Number(realm)}.${Number(number)}`);
}

/** A sequence number in an address. Null if it is not one. A number that no row can have becomes one after every message. */
export const sequenceNamed = (text: string): number | null =>
  isPositiveLong(text) ? Math.min(Number(text), MAX_SEQUENCE + 1) : null;

/** Nanoseconds of a text that `isTimestamp` accepts. They may be later than any row. */
export function nanoseconds(text: string): bigint {
  const [seconds = "0", nanos = ""] = text.split(".");
  return BigInt(seconds + nanos.padEnd(9, "0"));
}

function spelledOf(parameters: Iterable<readonly [string, string]>): Spelled {
  const spelled = new Map<string, string[]>();
  for (const [name, value] of parameters) {
    const key = name.toLowerCase();
    const values = spelled.get(key);
    if (values === undefined) spelled.set(key, [value]);
    else values.push(value);
  }
  return spelled;
}

function faultsOf(spelled: Spelled, checks: ReadonlyMap<string, Check>): readonly string[] {
  const [tooMany, invalid, unknown]: [string[], string[], string[]] = [[], [], []];
  for (const [name, values] of spelled) {
    if (values.length > MAX_REPEATED) {
      tooMany.push(`Invalid parameter count: ${name} count: ${values.length} max: ${MAX_REPEATED}`);
      continue;
    }
    const check = checks.get(name);
    for (const text of values) {
      const { operator, value } = comparisonOf(text);
      if (check === undefined) unknown.push(`Unknown query parameter: ${name}`);
      else if (value === undefined || !OPERATORS.has(operator) || !check(value))
        invalid.push(`Invalid parameter: ${name}`);
    }
  }
  return [...tooMany, ...invalid, ...unknown];
}

function lastOf(spelled: Spelled, name: string): string | undefined {
  const text = spelled.get(name)?.at(-1);
  return text === undefined ? undefined : comparisonOf(text).value;
}

/** The interval that all comparisons allow together. If they allow nothing, `from` is after `to`. */
function intervalOf(
  spelled: Spelled,
  name: string,
  parse: (value: string) => bigint,
): Result<Interval<bigint>, readonly string[]> {
  let from = 0n;
  let to = MAX_LONG;
  for (const text of spelled.get(name) ?? []) {
    const { operator, value: digits } = comparisonOf(text);
    if (operator === "ne") return err([`Not equal (ne) operator is not supported for ${name}`]);
    const value = parse(digits as string);
    const least = operator === "gt" ? value + 1n : value;
    const most = operator === "lt" ? value - 1n : value;
    if (["eq", "gt", "gte"].includes(operator) && least > from) from = least;
    if (["eq", "lt", "lte"].includes(operator) && most < to) to = most;
  }
  return ok({ from, to });
}

function withinOf(sequences: Interval<bigint>, times: Interval<bigint>): MessageQuery["within"] {
  const last = BigInt(MAX_SEQUENCE);
  if (sequences.from > sequences.to || times.from > times.to || sequences.from > last) return null;
  const from = Number(sequences.from < 1n ? 1n : sequences.from);
  const to = Number(sequences.to > last ? last : sequences.to);
  // A topic's own numbers start at 1.
  if (to < from) return null;
  return { sequences: { from, to }, times };
}
