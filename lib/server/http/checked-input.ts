import "server-only";
/** Checks what a client sends against a schema of lib/wire, and says in our words what is wrong with it. */
import type * as z from "zod/mini";
import { counted } from "../../core/counted";
import { ProblemError } from "./answers/problem";

/** The checked input. Throws the ProblemError "bad-input", which names the member at fault and says what it must be. */
export function checked<T>(schema: z.ZodMiniType<T>, input: unknown, wordsFor = wording): T {
  const parsed = schema.safeParse(input, { error: wordsFor });
  if (parsed.success) return parsed.data;
  const { path, message } = firstIssue(parsed.error.issues);
  // The sender chooses member names, so they are cut.
  const field = (path.join(".") || "body").slice(0, 100);
  throw new ProblemError("bad-input", `${field}: ${message}`, { field });
}

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

/** The checked parameters of an address, each with its text, or with a list of texts if the address has it more than once. */
export const checkedQuery = <T>(schema: z.ZodMiniType<T>, query: unknown): T => checked(schema, query, queryWording);

const queryWording = (issue: z.core.$ZodRawIssue): string =>
  /^invalid_(type|value)$/.test(issue.code) && Array.isArray(issue.input) ? "must be given only once" : wording(issue);

/** Words every issue so that it follows the field's name. A schema's own words go first, and have the same form. */
function wording(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case "invalid_type":
      if (issue.input === undefined) return "is missing";
      return KINDS[issue.expected] === undefined ? UNFIT : `must be ${KINDS[issue.expected]}`;
    case "invalid_value":
      if (issue.input === undefined) return "is missing";
      return `must be ${issue.values.length > 1 ? "one of " : ""}${issue.values.join(", ")}`;
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

/** The first issue of a union's closest form: the caller most likely meant the form with the fewest faults. */
function firstIssue([issue]: readonly z.core.$ZodIssue[]): { path: readonly PropertyKey[]; message: string } {
  if (issue === undefined) return { path: [], message: UNFIT };
  const { path, message } = issue;
  if (issue.code === "unrecognized_keys")
    return { path: [...path, issue.keys[0] ?? ""], message: "must be left out: no member has this name" };
  if (issue.code !== "invalid_union") return { path, message };
  const [nearest] = [...issue.errors].sort((a, b) => a.length - b.length);
  const inner = firstIssue(nearest ?? []);
  return { ...inner, path: [...path, ...inner.path] };
}
