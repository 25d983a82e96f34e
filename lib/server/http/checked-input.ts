import "server-only";
/** Checks what a client sends against a schema of lib/wire, and says in our words what is wrong with it. */
import * as z from "zod/mini";
import { counted } from "../../core/counted";
import { ProblemError } from "./answers/problem";

/**
 * The checked body. `input` is undefined if the request had none. Throws the ProblemError "bad-input", which names the member at
 * fault and says what it must be.
 */
export const checkedBody = <T>(schema: z.ZodMiniType<T>, input: unknown): T =>
  parsed(schema, input === undefined && isAllOptional(schema) ? {} : input, "member", wording);

/** Whether a request may leave its body out. */
export const mayBeLeftOut = (schema: z.ZodMiniType): boolean =>
  schema.safeParse(undefined).success || isAllOptional(schema);

/** Whether no member is needed. A request without a body then says as much as one with an empty object. */
const isAllOptional = (schema: z.ZodMiniType): boolean =>
  schema instanceof z.ZodMiniObject && schema.safeParse({}).success;

/** The parameters of an address, each with its text, or with a list of texts if the address has it more than once. */
type Query = Readonly<Record<string, string | readonly string[]>>;

/** Parameters that browsers' libraries and people add to any address, so that no cache answers. */
const AGAINST_CACHES: readonly string[] = ["_", "t", "ts", "v", "cb"];

/** The checked parameters of an address. `elsewhere`: parameters that another part of the server has checked. */
export function checkedQuery<T>(schema: z.ZodMiniType<T>, query: Query, elsewhere: readonly string[] = []): T {
  const known = namesIn(schema);
  const isIgnored = (name: string) =>
    !known?.includes(name) && (AGAINST_CACHES.includes(name) || elsewhere.includes(name));
  const left: Record<string, Query[string]> = Object.create(null);
  for (const [name, value] of Object.entries(query)) if (!isIgnored(name)) left[name] = value;
  return parsed(schema, left, "parameter", queryWording);
}

/** A caller's name for a part of the input. */
type Noun = "member" | "parameter";

function parsed<T>(schema: z.ZodMiniType<T>, input: unknown, noun: Noun, error: typeof wording): T {
  const result = schema.safeParse(input, { error });
  if (result.success) return result.data;
  const { path, message } = firstIssue(result.error.issues, { input, names: namesIn(schema), noun });
  // A parameter is one text, whatever list a schema makes of it. The sender chooses member names, so they are cut.
  const field = (noun === "parameter" ? path.slice(0, 1) : path).join(".").slice(0, 100);
  // A name may be empty, as in "?=1".
  const isWhole = path.length === 0;
  const subject = isWhole ? "The body" : `The ${noun} "${field}"`;
  throw new ProblemError("bad-input", `${subject} ${message}.`, { field: isWhole ? "body" : field });
}

/** The names that an input of this schema may have; null if it is no object. */
const namesIn = (schema: z.ZodMiniType): readonly string[] | null =>
  schema instanceof z.ZodMiniObject ? Object.keys(schema.shape) : null;

/** Names the expected kind of input in words, by Zod's name for it. */
const KINDS: Readonly<Record<string, string>> = {
  string: "a string",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  record: "an object",
};

/** The unit in which Zod counts a kind of input, by its name for the kind. It compares everything else. */
const COUNTED: Readonly<Record<string, string>> = { string: "character", array: "item" };

const UNFIT = "must be in the form that /api/openapi.json describes";

const queryWording = (issue: z.core.$ZodRawIssue): string =>
  /^invalid_(type|value)$/.test(issue.code) && Array.isArray(issue.input) ? "must be given only once" : wording(issue);

/** Words an issue as the rest of a sentence that begins with the name. A schema's own words take precedence, and have the same form. */
function wording(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return orMissing(issue.input, KINDS[issue.expected] === undefined ? UNFIT : `must be ${KINDS[issue.expected]}`);
    case "invalid_value":
      return orMissing(issue.input, `must be ${issue.values.length > 1 ? "one of " : ""}${issue.values.join(", ")}`);
    case "too_small": {
      const { origin, minimum, inclusive } = issue;
      const unit = COUNTED[origin];
      if (unit !== undefined)
        return Number(minimum) === 1 ? "must not be empty" : `must have at least ${counted(Number(minimum), unit)}`;
      return `must be ${inclusive ? "at least" : "more than"} ${minimum}`;
    }
    case "too_big": {
      const { origin, maximum, inclusive } = issue;
      const unit = COUNTED[origin];
      if (unit !== undefined) return `must have at most ${counted(Number(maximum), unit)}`;
      return `must be ${inclusive ? "at most" : "less than"} ${maximum}`;
    }
    default:
      return UNFIT;
  }
}

const orMissing = (input: unknown, words: string) => (input === undefined ? `is missing: it ${words}` : words);

/** The input of a schema, and the names that the schema has for its parts. */
interface Checked {
  readonly input: unknown;
  readonly names: readonly string[] | null;
  readonly noun: Noun;
}

/**
 * The first issue of a union's closest form: the caller most likely meant the form with the fewest faults. Of two such forms, it is
 * the one with fewer missing members, because a member that was sent tells more than one that was not.
 */
function firstIssue(
  [issue]: readonly z.core.$ZodIssue[],
  { input, names, noun }: Checked,
): { path: readonly PropertyKey[]; message: string } {
  if (issue === undefined) return { path: [], message: UNFIT };
  const { path, message } = issue;
  if (issue.code === "unrecognized_keys") {
    const known = path.length === 0 ? names : null;
    return { path: [...path, issue.keys[0] ?? ""], message: `must be left out: ${namesInWords(known, noun)}` };
  }
  if (issue.code !== "invalid_union") return { path, message };
  const within = valueAt(input, path);
  const missing = (form: readonly z.core.$ZodIssue[]) =>
    form.filter((each) => valueAt(within, each.path) === undefined).length;
  const [nearest] = [...issue.errors].sort((a, b) => a.length - b.length || missing(a) - missing(b));
  const inner = firstIssue(nearest ?? [], { input: within, names: null, noun });
  return { ...inner, path: [...path, ...inner.path] };
}

const valueAt = (input: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((value, name) => (Object(value) as Record<PropertyKey, unknown>)[name], input);

function namesInWords(names: readonly string[] | null, noun: Noun): string {
  if (names === null) return `no ${noun} has this name`;
  const [only, ...others] = names;
  if (only === undefined) return `this request has no ${noun}s`;
  return others.length === 0 ? `the only ${noun} is ${only}` : `the ${noun}s are ${names.join(", ")}`;
}
