/**
 * Query parameters as the mirror reads them (docs/hedera.md §1): keys in any case, values possibly repeated, comparisons as
 * `op:value`. All faults are reported at once, invalid values before unknown names.
 */
import { PAGE } from "@/lib/core/sync/pages";
import { RestError } from "./answer";

/** By lower-case name, in the order of first appearance. */
export type Query = Map<string, string[]>;

type Operator = "eq" | "gt" | "gte" | "lt" | "lte" | "ne";

/** One comparison of a query. Timestamps are in nanoseconds. */
export interface Filter {
  readonly operator: Operator;
  readonly value: bigint;
}

/** Whether the mirror accepts a value. `operator`: the comparison before it, `eq` if there is none. */
export type ParamCheck = (value: string, operator: string) => boolean;

const OPERATOR = /^(eq|gte?|lte?|ne)$/;
const MAX_LONG = 9_223_372_036_854_775_807n;
const MAX_REPEATED = 100;
const NS_DIGITS = 9;

/** A whole number from 1 to the largest int64. */
export const isPositiveLong: ParamCheck = (value) =>
  /^\d{1,19}$/.test(value) && BigInt(value) >= 1n && BigInt(value) <= MAX_LONG;
/** Seconds, and up to nine digits behind the point. */
export const isTimestamp: ParamCheck = (value) => /^\d{1,10}(\.\d{1,9})?$/.test(value);
/** `asc` or `desc`, in any case. */
export const isOrder: ParamCheck = (value) => /^(asc|desc)$/i.test(value);
/** `base64` or `utf-8`, in any case, with or without the hyphen. */
export const isEncoding: ParamCheck = (value) => /^(base64|utf-?8)$/i.test(value);
/** `true` or `false`, in any case, compared by `eq` alone. */
export const isBoolean: ParamCheck = (value, operator) => operator === "eq" && /^(true|false)$/i.test(value);

/** The values of each parameter in their order, by its name in lower case. */
export function parseQuery(text: string): Query {
  const query: Query = new Map();
  for (const [name, value] of new URLSearchParams(text)) {
    const key = name.toLowerCase();
    const values = query.get(key);
    if (values) values.push(value);
    else query.set(key, [value]);
  }
  return query;
}

/** Throws the mirror's 400 unless every parameter is known and valid. */
export function checkQuery(query: Query, accepted: Readonly<Record<string, ParamCheck>>): void {
  const tooMany: string[] = [];
  const invalid: string[] = [];
  const unknown: string[] = [];
  for (const [name, values] of query) {
    if (values.length > MAX_REPEATED) {
      tooMany.push(`Invalid parameter count: ${name} count: ${values.length} max: ${MAX_REPEATED}`);
      continue;
    }
    const check = Object.hasOwn(accepted, name) ? accepted[name] : undefined;
    for (const text of values) {
      const { operator, value } = split(text);
      if (!check) unknown.push(`Unknown query parameter: ${name}`);
      else if (value === undefined || !OPERATOR.test(operator) || !check(value, operator)) {
        invalid.push(`Invalid parameter: ${name}`);
      }
    }
  }
  const messages = [...tooMany, ...invalid, ...unknown];
  if (messages.length > 0) throw new RestError(400, messages);
}

const DEFAULT_LIMIT = 25;

/** The limit of a page: the last one that the query names, cut to the mirror's page without an error. */
export function limitOf(query: Query): number {
  const text = lastValue(query, "limit");
  return text === undefined ? DEFAULT_LIMIT : Math.min(Number(text), PAGE);
}

/** The order that the last `order` names, as a mirror node reads a repeated parameter. */
export function orderOf(query: Query, defaultOrder: "asc" | "desc"): "asc" | "desc" {
  return (lastValue(query, "order")?.toLowerCase() as "asc" | "desc" | undefined) ?? defaultOrder;
}

/** The value of a parameter without its operator; of repetitions, the last. */
export function lastValue(query: Query, name: string): string | undefined {
  const text = query.get(name)?.at(-1);
  return text === undefined ? undefined : split(text).value;
}

/** Comparisons on whole numbers. */
export function numberFilters(query: Query, name: string): Filter[] {
  return filters(query, name, BigInt);
}

/** Comparisons on timestamps, in nanoseconds. */
export function timestampFilters(query: Query, name: string): Filter[] {
  return filters(query, name, (text) => {
    const [seconds = "0", nanos = ""] = text.split(".");
    return BigInt(seconds + nanos.padEnd(NS_DIGITS, "0"));
  });
}

/** The closed interval that all filters allow together; null if that is nothing. Refuses `ne` as the mirror does. */
export function intervalOf(
  filters: readonly Filter[],
  name: string,
): { readonly from: bigint; readonly to: bigint } | null {
  let from = 0n;
  let to = MAX_LONG;
  for (const { operator, value } of filters) {
    if (operator === "ne") throw new RestError(400, [`Not equal (ne) operator is not supported for ${name}`]);
    if (operator === "gt" || operator === "gte" || operator === "eq") {
      from = max(from, operator === "gt" ? value + 1n : value);
    }
    if (operator === "lt" || operator === "lte" || operator === "eq") {
      to = min(to, operator === "lt" ? value - 1n : value);
    }
  }
  return from <= to ? { from, to } : null;
}

function filters(query: Query, name: string, parse: (text: string) => bigint): Filter[] {
  return (query.get(name) ?? []).map((text) => {
    const { operator, value } = split(text);
    return { operator: operator as Operator, value: parse(value as string) };
  });
}

function split(text: string): { readonly operator: string; readonly value: string | undefined } {
  const [first = "", second] = text.split(":");
  return text.includes(":") ? { operator: first, value: second } : { operator: "eq", value: first };
}

const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const min = (a: bigint, b: bigint): bigint => (a < b ? a : b);
