/** The words for input that fits no schema are ours, for every schema of a body or a query. */
import { describe, expect, it } from "vitest";
import * as z from "zod/mini";
import { isProblem } from "@/lib/server/http/answers/problem";
import { checkedBody, checkedQuery } from "@/lib/server/http/checked-input";
import type { AnyRoute } from "@/lib/server/http/route";
import { ROUTES } from "@/lib/server/routes/table";
import { wholeNumber } from "@/lib/wire/common";
import { ProfilesQuery, SignalsQuery, SubmitBody } from "@/lib/wire/requests";

/** The sentence of the refusal of `input`; null if it fits. */
function detailOf(schema: z.ZodMiniType, input: unknown, check = checkedBody): string | null {
  try {
    check(schema, input);
    return null;
  } catch (cause) {
    if (!isProblem(cause)) throw cause;
    return cause.detail;
  }
}

/** Checks the parameters of an address, and a part of its schema as any other input. */
const asQuery: typeof checkedBody = (schema, input) =>
  schema instanceof z.ZodMiniObject && typeof input === "object" && input !== null
    ? (checkedQuery<unknown>(schema, input as never) as never)
    : checkedBody(schema, input);

/** A schema and all schemas in it. */
function partsOf(schema: z.core.$ZodType, found = new Set<z.core.$ZodType>()): ReadonlySet<z.core.$ZodType> {
  if (found.has(schema)) return found;
  found.add(schema);
  for (const member of Object.values(schema._zod.def)) {
    const inner = member instanceof z.core.$ZodType ? [member] : Object.values(Object(member));
    for (const each of inner) if (each instanceof z.core.$ZodType) partsOf(each, found);
  }
  return found;
}

/** Values of every kind, and too few, too many, too small and too large ones. */
const INPUTS: readonly unknown[] = [
  ...[undefined, null, true, 0, -1, 0.5, 1e6, 2 ** 53, -(2 ** 53), Number.MAX_VALUE],
  ...["", " ", "x", "0.0", "\u0000", "-1", "99999999999999999999", "x".repeat(10_000)],
  ...[[], [1], Array(1_000).fill(0), Array(1_000).fill("0.0.1"), {}, { other: 1 }, { "": [] }],
];

/** A sentence that names the member: `The member "nonce" must be a number.` */
const OURS = /^The (body|member "[^"]*"|parameter "[^"]*") (is missing: it )?must (be|have|not be) .*[^.]\.$/;

describe("the sentence about input that does not fit", () => {
  const schemas = Object.entries(ROUTES).flatMap(([name, route]: [string, AnyRoute]) =>
    (["body", "query"] as const).flatMap((of) => {
      const { [of]: schema } = route;
      return schema === undefined ? [] : [[name, of, schema] as const];
    }),
  );

  it.each(schemas)("is in our words, whatever part of it is wrong: %s, %s", (_, of, schema) => {
    const check = of === "body" ? checkedBody : asQuery;
    // A transform gets checked input only.
    for (const part of [...partsOf(schema)].filter((each) => !(each instanceof z.ZodMiniTransform)))
      for (const input of INPUTS) {
        const detail = detailOf(part as z.ZodMiniType, input, check);
        if (detail !== null) expect(detail).toMatch(OURS);
      }
  });

  it("says of a parameter that it must be given once, if it is there twice", () => {
    const schemas = Object.values(ROUTES as Readonly<Record<string, AnyRoute>>).flatMap(({ query }) => query ?? []);
    expect(schemas.length).toBeGreaterThan(5);
    const twice = (query: z.ZodMiniType, name: string) => detailOf(query, { [name]: ["1", "2"] }, asQuery);
    for (const query of schemas)
      for (const name of Object.keys((query as z.ZodMiniObject).shape))
        expect([null, `The parameter "${name}" must be given only once.`]).toContain(twice(query, name));
    expect(twice(z.object({ limit: wholeNumber(1, 9) }), "limit")).toBe(
      'The parameter "limit" must be given only once.',
    );
  });

  it.each([
    ["a text that is too short", z.string().check(z.minLength(3)), "ab", "must have at least 3 characters"],
    ["an empty text", z.string().check(z.minLength(1)), "", "must not be empty"],
    ["a text that is too long", z.string().check(z.maxLength(3)), "abcd", "must have at most 3 characters"],
    ["a list that is too long", z.array(z.number()).check(z.maxLength(1)), [1, 2], "must have at most 1 item"],
    ["a number that is too small", z.number().check(z.minimum(3)), 2, "must be at least 3"],
    ["a number that must be larger", z.number().check(z.positive()), 0, "must be more than 0"],
    ["a number that is too large", z.number().check(z.maximum(3)), 4, "must be at most 3"],
    ["a number that must be smaller", z.number().check(z.lt(3)), 3, "must be less than 3"],
    ["a whole number that JSON cannot hold", z.int(), 2 ** 53, "must be at most 9007199254740991"],
    ["another word", z.enum(["a", "b"]), "c", "must be one of a, b"],
    ["a kind that has no word here", z.nan(), "c", "must be in the form that /api/openapi.json describes"],
    ["a text of another form", z.string().check(z.regex(/^a$/)), "c", "must be in the form that /api/openapi.json"],
  ])("says what is right: %s", (_, schema, input, words) => {
    expect(detailOf(z.object({ member: schema as z.ZodMiniType }), { member: input })).toContain(
      `The member "member" ${words}`,
    );
  });

  it("says what is missing, and what it must be", () => {
    const schema = z.object({ type: z.enum(["a", "b"]), inner: z.object({ n: z.number() }) });
    expect(detailOf(schema, {})).toBe('The member "type" is missing: it must be one of a, b.');
    expect(detailOf(schema, { type: "a", inner: {} })).toBe('The member "inner.n" is missing: it must be a number.');
    expect(detailOf(schema, undefined)).toBe("The body is missing: it must be an object.");
    expect(detailOf(schema, {}, asQuery)).toMatch(/^The parameter "type" is missing: /);
  });

  it("treats a missing body as an empty object if no member is needed", () => {
    expect(checkedBody(z.strictObject({}), undefined)).toEqual({});
    expect(checkedBody(z.object({ a: z.optional(z.string()) }), undefined)).toEqual({});
    expect(checkedBody(z.optional(z.object({})), undefined)).toBeUndefined();
    expect(detailOf(z.strictObject({}), null)).toBe("The body must be an object.");
  });

  it.each([
    ["none", {}, "this request has no members"],
    ["one", { a: z.number() }, "the only member is a"],
    ["several", { a: z.number(), b: z.number() }, "the members are a, b"],
  ])("names the member that no schema has, and those that it has: %s", (_, shape, names) => {
    const input = { a: 1, b: 2, other: 1 };
    const given = Object.fromEntries(Object.entries(input).filter(([name]) => name in shape || name === "other"));
    expect(detailOf(z.strictObject(shape), given)).toBe(`The member "other" must be left out: ${names}.`);
  });

  it("leaves out parameters against caches, and those that another part has checked", () => {
    const schema = z.strictObject({ type: z.optional(z.string()), t: z.optional(z.string()) });
    expect(checkedQuery(schema, { _: "1", v: "2", type: "a", t: "3" })).toEqual({ type: "a", t: "3" });
    expect(checkedQuery(schema, { userId: "tm-a" }, ["userId"])).toEqual({});
    expect(detailOf(schema, { kind: "a" }, asQuery)).toBe(
      'The parameter "kind" must be left out: the parameters are type, t.',
    );
    for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty"])
      expect(detailOf(schema, JSON.parse(`{"${name}":"a"}`), asQuery)).toBe(
        `The parameter "${name}" must be left out: the parameters are type, t.`,
      );
  });

  it("names a parameter as the caller wrote it, whatever list the schema makes of it", () => {
    const refusal = (schema: z.ZodMiniType, query: object) => {
      const field = (schema as z.ZodMiniObject).shape.ids === undefined ? "type" : "ids";
      expect(() => checkedQuery(schema, query as never)).toThrow(expect.objectContaining({ options: { field } }));
      return detailOf(schema, query, asQuery);
    };
    const ids = 'The parameter "ids" must be ids of 1 to 50 characters without spaces, separated by commas.';
    for (const text of [",", "tm-a,", "tm-a,no id", "x".repeat(51)])
      expect(refusal(ProfilesQuery, { ids: text })).toBe(ids);
    expect(refusal(ProfilesQuery, { ids: Array(101).fill("tm-a").join() })).toBe(
      'The parameter "ids" must have at most 100 items.',
    );
    expect(refusal(SignalsQuery, { type: ["", "A"] })).toBe('The parameter "type" must not be empty.');
  });

  it.each([
    [
      "the type that no form has",
      { type: 1 },
      /^The member "type" must be a name such as CONTACT_REQUEST, or a number from 0 to 6 beside "hcs": "21"\.$/,
    ],
    ["the number that the numeric form lacks", { hcs: "21", type: 99 }, /^The member "type" must be at most 6\.$/],
    ["the mark that is no text", { hcs: 21, type: 1 }, /^The member "hcs" must be 21\.$/],
    ["what is missing of the named form", { type: undefined }, /^The member "type" is missing: it must be one of /],
    ["what is missing of the numeric form", { hcs: "21" }, /^The member "type" is missing: it must be a number\.$/],
  ])("names the member at fault where a body has one of two forms: %s", (_, given, detail) => {
    expect(detailOf(SubmitBody, { from: "tm-a", nonce: 1, ts: 1, payload: {}, ...given })).toMatch(detail);
    if (Object.values(given).some((value) => value !== undefined)) expect(detailOf(SubmitBody, given)).toMatch(detail);
  });

  it("distinguishes a name without characters from the body", () => {
    expect(detailOf(z.strictObject({}), { "": 1 }, asQuery)).toBe(
      'The parameter "" must be left out: this request has no parameters.',
    );
    expect(() => checkedQuery(z.strictObject({}), { "": "1" })).toThrow(
      expect.objectContaining({ options: { field: "" } }),
    );
  });

  it("names the member that no schema has where it is in another", () => {
    expect(detailOf(z.object({ inner: z.strictObject({}) }), { inner: { other: 1 } })).toBe(
      'The member "inner.other" must be left out: no member has this name.',
    );
  });
});
