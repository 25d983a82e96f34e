/**
 * The start and end of every operator's command. `--help` prints the usage and does nothing else. Wrong arguments print the
 * usage and end with status 2, before anything else runs. A failure prints one sentence and ends with status 1.
 */
import { type ParseArgsConfig, parseArgs } from "node:util";
import { reasonUnreachable } from "@/lib/core/health/unreachable";
import { isTierUnavailable } from "@/lib/ports/tier-unavailable";
import { raiseAttemptTimeout } from "@/lib/system/attempt-timeout";
import { killIfHeldUp, watchWork } from "@/lib/system/end-process";

/** The arguments are wrong. The command prints the sentence and the usage, and ends with status 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The command cannot do what was asked. It prints the sentence, and ends with the status. */
export class Refusal extends Error {
  override readonly name = "Refusal";

  constructor(
    sentence: string,
    readonly exitStatus: 1 | 2 = 1,
  ) {
    super(sentence);
  }
}

type Options = NonNullable<ParseArgsConfig["options"]>;
type Values<O extends Options> = ReturnType<typeof parseArgs<{ options: O; allowPositionals: true }>>["values"];

export interface Command<O extends Options> {
  /** The first line is `npm run NAME -- …`. */
  readonly usage: string;
  readonly options?: O;
  /** The number of words it accepts beside options. None if absent. */
  readonly words?: { readonly least: number; readonly most: number };
}

const HELP = { help: { type: "boolean", short: "h" } } as const;

/** Parses `args`. Null if they ask for help. Throws UsageError. */
export function understand<O extends Options>(
  { options, words = { least: 0, most: 0 } }: Command<O>,
  args: readonly string[],
): { readonly values: Values<O>; readonly words: readonly string[] } | null {
  // Help takes precedence over every other argument, right or wrong.
  if (args.includes("--help") || args.includes("-h")) return null;
  const known: Options = { ...options, ...HELP };
  // Node's own check is off, because its messages are written for programmers.
  const parsed = parseArgs({ args: [...args], options: known, allowPositionals: true, strict: false, tokens: true });
  for (const token of parsed.tokens) if (token.kind === "option") checkOption(token, known[token.name]?.type);
  const { values, positionals } = parsed as unknown as { values: Values<O>; positionals: string[] };
  if (positionals.length > words.most)
    throw new UsageError(`There is no argument ${positionals[words.most]} here: leave it out.`);
  if (positionals.length < words.least) throw new UsageError("An argument is missing: add it as shown here.");
  return { values, words: positionals };
}

interface Given {
  readonly rawName: string;
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

/** Throws UsageError. `type` is that of the option, undefined if the command has none of this name. */
function checkOption({ rawName, value, inlineValue = false }: Given, type: "boolean" | "string" | undefined): void {
  if (type === undefined)
    throw new UsageError(`There is no option ${rawName}: use the options shown here, or leave it out.`);
  if (type === "boolean" && value !== undefined) throw new UsageError(`${rawName} takes no value. Leave it out.`);
  // `-5` counts as a value, and `--next` as the next option.
  const isNext = value !== undefined && !inlineValue && /^-\D/.test(value);
  if (type === "string" && (value === undefined || value === "" || isNext))
    throw new UsageError(`${rawName} needs a value: write ${rawName} and the value after it.`);
}

/** The numbers that an option takes. */
export interface NumberRange {
  readonly least?: number;
  readonly most?: number;
  readonly isWhole?: boolean;
}

/** The number of the option `--name`; `fallback` if it is absent. Throws UsageError. */
export function numberOf(
  name: string,
  text: string | undefined,
  fallback: number,
  { least = 0, most = 1e11, isWhole = false }: NumberRange = {},
): number {
  if (text === undefined) return fallback;
  const found = text.trim() === "" ? Number.NaN : Number(text);
  if (found >= least && found <= most && (!isWhole || Number.isInteger(found))) return found;
  const range = `from ${least.toLocaleString("en")} to ${most.toLocaleString("en")}`;
  throw new UsageError(`--${name} must be a ${isWhole ? "whole " : ""}number ${range}, not "${text}".`);
}

/** Runs a command of this process. Sets its exit status. After a failure, nothing that hangs keeps the process alive. */
export async function command<O extends Options>(
  spec: Command<O>,
  work: (asked: { readonly values: Values<O>; readonly words: readonly string[] }) => Promise<void> | void,
): Promise<void> {
  watchWork();
  raiseAttemptTimeout();
  process.stdout.on("error", ignoreBrokenPipe);
  try {
    const asked = understand(spec, process.argv.slice(2));
    if (asked === null) console.log(spec.usage);
    else await work(asked);
  } catch (cause) {
    if (cause instanceof UsageError) console.error(`${cause.message}\n\n${spec.usage}`);
    else console.error(sentenceOf(cause));
    process.exitCode = cause instanceof UsageError ? 2 : cause instanceof Refusal ? cause.exitStatus : 1;
    await killIfHeldUp();
  }
}

/** The reader of the output has closed it (`npm run doctor | head`). The work itself continues. */
function ignoreBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
}

/** Errors with a name of their own are sentences for operators. Other errors are printed whole. */
function sentenceOf(cause: unknown): unknown {
  if (!(cause instanceof Error)) return cause;
  const reason = reasonUnreachable(cause);
  const isSentence = !["Error", "TypeError", "RangeError", "ReferenceError", "AggregateError", "error"].includes(
    cause.name,
  );
  if (isTierUnavailable(cause)) {
    const told = `${cause.message.charAt(0).toUpperCase()}${cause.message.slice(1)}`;
    return `${told}${reason === null ? "" : ` (${reason})`}. npm run doctor says what to do.`;
  }
  if (isSentence) return reason === null ? cause.message : `${cause.message} (${reason})`;
  return reason === null ? cause : `A server that the command needs cannot be reached: ${reason}.`;
}
