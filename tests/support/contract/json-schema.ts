/**
 * Checks JSON against the part of JSON Schema 2020-12 that our OpenAPI document uses. It throws on an unknown keyword: skipping
 * one would make the check weaker than the schema.
 */
export type Schema = Readonly<Record<string, unknown>>;

/** Keywords that do not restrict a value. `format` is an annotation in 2020-12. */
const ANNOTATIONS = new Set(["description", "title", "default", "examples", "format", "deprecated"]);

type Check = (value: unknown, argument: never, at: string, schema: Schema, resolve: Resolve) => readonly string[];
type Resolve = (ref: string) => Schema;
type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const characters = (text: string) => [...text].length;
/** Makes the sentence for a fault only. `shown` writes a whole value, and every value inside an answer is checked. */
const say = (isRight: boolean, problem: () => string) => (isRight ? [] : [problem()]);
const shown = (value: unknown) => JSON.stringify(value)?.slice(0, 80) ?? String(value);

const compiled = new Map<string, RegExp>();
function regExpOf(pattern: string): RegExp {
  const known = compiled.get(pattern) ?? new RegExp(pattern, "u");
  compiled.set(pattern, known);
  return known;
}

const TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === "string",
  number: (value) => typeof value === "number",
  integer: (value) => Number.isInteger(value),
  boolean: (value) => typeof value === "boolean",
  null: (value) => value === null,
  array: Array.isArray,
  object: isFields,
};

const bound = (holds: (value: number, limit: number) => boolean): Check => {
  return (value, limit: number, at) =>
    typeof value === "number" ? say(holds(value, limit), () => `${at}: ${value} is out of bounds (${limit})`) : [];
};
const size = (of: (value: unknown) => number | null, holds: (size: number, limit: number) => boolean): Check => {
  return (value, limit: number, at) => {
    const found = of(value);
    return found === null ? [] : say(holds(found, limit), () => `${at}: its size ${found} is out of bounds (${limit})`);
  };
};
const lengthOf = (value: unknown) => (typeof value === "string" ? characters(value) : null);
const itemsOf = (value: unknown) => (Array.isArray(value) ? value.length : null);
const atLeast = (a: number, b: number) => a >= b;
const atMost = (a: number, b: number) => a <= b;

const CHECKS: Readonly<Record<string, Check>> = {
  type: (value, names: string | readonly string[], at) =>
    say(
      [names].flat().some((name) => TYPES[name]?.(value)),
      () => `${at}: ${shown(value)} is not of type ${names}`,
    ),
  const: (value, only: unknown, at) => say(value === only, () => `${at}: ${shown(value)} is not ${shown(only)}`),
  enum: (value, all: readonly unknown[], at) =>
    say(all.includes(value), () => `${at}: ${shown(value)} is not in the list`),
  pattern: (value, pattern: string, at) =>
    typeof value === "string"
      ? say(regExpOf(pattern).test(value), () => `${at}: ${shown(value)} does not match ${pattern}`)
      : [],
  minimum: bound(atLeast),
  maximum: bound(atMost),
  exclusiveMinimum: bound((a, b) => a > b),
  exclusiveMaximum: bound((a, b) => a < b),
  minLength: size(lengthOf, atLeast),
  maxLength: size(lengthOf, atMost),
  minItems: size(itemsOf, atLeast),
  maxItems: size(itemsOf, atMost),
  items: (value, items: Schema, at, _, resolve) =>
    Array.isArray(value) ? value.flatMap((item, i) => problemsOf(item, items, resolve, `${at}[${i}]`)) : [],
  required: (value, names: readonly string[], at) =>
    isFields(value) ? names.flatMap((name) => say(Object.hasOwn(value, name), () => `${at}.${name}: missing`)) : [],
  properties: (value, properties: Readonly<Record<string, Schema>>, at, _, resolve) =>
    isFields(value)
      ? Object.entries(properties).flatMap(([name, schema]) =>
          Object.hasOwn(value, name) ? problemsOf(value[name], schema, resolve, `${at}.${name}`) : [],
        )
      : [],
  additionalProperties: (value, rest: boolean | Schema, at, { properties = {} }, resolve) =>
    isFields(value)
      ? Object.keys(value)
          .filter((name) => !Object.hasOwn(properties as object, name))
          .flatMap((name) =>
            typeof rest === "boolean"
              ? say(rest, () => `${at}.${name}: not documented`)
              : problemsOf(value[name], rest, resolve, `${at}.${name}`),
          )
      : [],
  propertyNames: (value, names: Schema, at, _, resolve) =>
    isFields(value) ? Object.keys(value).flatMap((name) => problemsOf(name, names, resolve, `${at}.${name}`)) : [],
  allOf: (value, all: readonly Schema[], at, _, resolve) =>
    all.flatMap((schema) => problemsOf(value, schema, resolve, at)),
  anyOf: (value, some: readonly Schema[], at, _, resolve) => {
    const found = some.map((schema) => problemsOf(value, schema, resolve, at));
    return found.some(({ length }) => length === 0) ? [] : (found.sort((a, b) => a.length - b.length)[0] ?? []);
  },
  $ref: (value, ref: string, at, _, resolve) => problemsOf(value, resolve(ref), resolve, at),
};

/** One sentence for each fault of a value, with the place in front. Empty if the value is valid. */
export function problemsOf(value: unknown, schema: Schema, resolve: Resolve, at = ""): readonly string[] {
  return Object.entries(schema).flatMap(([keyword, argument]) => {
    if (ANNOTATIONS.has(keyword)) return [];
    const check = CHECKS[keyword];
    if (check === undefined) throw new Error(`${at}: this checker does not support the keyword ${keyword}`);
    return check(value, argument as never, at, schema, resolve);
  });
}
