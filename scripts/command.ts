/**
 * How every operator's command begins and ends. `--help` says how it is used and does nothing; what it does not understand ends
 * it with that and status 2 before it has looked at anything; what fails is one sentence, and status 1.
 */
import { type ParseArgsConfig, parseArgs } from "node:util";
import { reasonUnreachable } from "@/lib/core/health/unreachable";

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
  /** First line: `npm run NAME -- …`. */
  readonly usage: string;
  readonly options?: O;
  /** How many words it takes beside options; none where absent. */
  readonly words?: { readonly least: number; readonly most: number };
}

const HELP = { help: { type: "boolean", short: "h" } } as const;

/** Understands `args`; null where they ask for help. Throws UsageError. */
export function understand<O extends Options>(
  { options, words = { least: 0, most: 0 } }: Command<O>,
  args: readonly string[],
): { readonly values: Values<O>; readonly words: readonly string[] } | null {
  // Help wins over everything else that is said, right or wrong.
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

/** Runs a command of this process. Sets its exit status. */
export async function command<O extends Options>(
  spec: Command<O>,
  work: (asked: { readonly values: Values<O>; readonly words: readonly string[] }) => Promise<void> | void,
): Promise<void> {
  try {
    const asked = understand(spec, process.argv.slice(2));
    if (asked === null) console.log(spec.usage);
    else await work(asked);
  } catch (cause) {
    if (cause instanceof UsageError) console.error(`${cause.message}\n\n${spec.usage}`);
    else console.error(sentenceOf(cause));
    process.exitCode = cause instanceof UsageError ? 2 : cause instanceof Refusal ? cause.exitStatus : 1;
  }
}

/** Errors with a name of their own are sentences for operators; of others the whole is of use. */
function sentenceOf(cause: unknown): unknown {
  if (!(cause instanceof Error)) return cause;
  const reason = reasonUnreachable(cause);
  const isSentence = !["Error", "TypeError", "RangeError", "ReferenceError", "AggregateError", "error"].includes(
    cause.name,
  );
  if (isSentence) return reason === null ? cause.message : `${cause.message} (${reason})`;
  return reason === null ? cause : `A server that the command needs cannot be reached: ${reason}.`;
}
