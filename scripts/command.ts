/**
 * The start and end of every operator's command. `--help` prints the usage and does nothing else. Wrong arguments print the
 * usage and end with status 2, before anything else runs. A failure prints one sentence and ends with status 1.
 */
import { setImmediate } from "node:timers/promises";
import { type ParseArgsConfig, parseArgs } from "node:util";
import { reasonUnreachable } from "@/lib/core/health/unreachable";
import { killIfHeldUp, watchThreads } from "@/lib/system/end-process";

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
  let parsed: { values: Values<O>; positionals: string[] };
  try {
    const config = {
      args: [...args],
      options: { ...options, ...HELP } as unknown as O,
      allowPositionals: true,
    } as const;
    parsed = parseArgs(config) as unknown as typeof parsed;
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause));
  }
  const { values, positionals } = parsed;
  if (positionals.length > words.most) throw new UsageError(`Unknown argument: ${positionals[words.most]}.`);
  if (positionals.length < words.least) throw new UsageError("An argument is missing.");
  return { values, words: positionals };
}

/** Runs a command of this process. Sets its exit status. After a failure, nothing that hangs keeps the process alive. */
export async function command<O extends Options>(
  spec: Command<O>,
  work: (asked: { readonly values: Values<O>; readonly words: readonly string[] }) => Promise<void> | void,
): Promise<void> {
  // The loader of TypeScript starts a thread for sources that it has not compiled yet. That thread ends with the process only.
  await setImmediate();
  watchThreads();
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

/** Errors with a name of their own are sentences for operators. Other errors are printed whole. */
function sentenceOf(cause: unknown): unknown {
  if (!(cause instanceof Error)) return cause;
  const reason = reasonUnreachable(cause);
  const isSentence = !["Error", "TypeError", "RangeError", "ReferenceError", "AggregateError", "error"].includes(
    cause.name,
  );
  if (isSentence) return reason === null ? cause.message : `${cause.message} (${reason})`;
  return reason === null ? cause : `A server that the command needs cannot be reached: ${reason}.`;
}
