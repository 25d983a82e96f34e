import "server-only";
/** The log, by pino: one line of text for people in development, one JSON object for each line elsewhere. */
import { pino } from "pino";
import type { Log } from "../../ports/log";
import { isTierUnavailable } from "../../ports/tier-unavailable";
import { currentRequest } from "../http/request-scope";

type Fields = Readonly<Record<string, unknown>>;

const CENSORED = "[redacted]";

/** Fields that are never logged, at the top level and one level below. */
const SECRET_FIELDS = ["authorization", "body", "cookie", "password", "secret", "set-cookie", "token"];

/** Patterns of secrets in any text: a password in an address, a bearer token, a signed token such as a session's. */
const SECRET_TEXTS = [
  [/(\/\/[^/\s:@"]*):[^/\s@"]+@/g, `$1:${CENSORED}@`],
  [/\b(Bearer)\s+[^\s"\\]+/gi, `$1 ${CENSORED}`],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]+/g, CENSORED],
] as const;

/** `secrets` are values that are replaced wherever they stand in a line. */
export function createLog(
  write: (line: string) => void,
  isPretty: boolean,
  { secrets = [] }: { readonly secrets?: readonly string[] } = {},
): Log {
  // The secrets in the form that they have in JSON.
  const known = secrets.map((secret) => JSON.stringify(secret).slice(1, -1));
  const logger = pino(
    {
      base: null,
      messageKey: "message",
      timestamp: pino.stdTimeFunctions.isoTime,
      mixin: () => {
        const { requestId, trace } = currentRequest() ?? {};
        return { ...(requestId && { requestId }), ...(trace && { traceId: trace.traceId }) };
      },
      formatters: {
        level: (level) => ({ level }),
        log: (fields) => Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, plainOf(value)])),
      },
      redact: { paths: SECRET_FIELDS.flatMap((name) => [`["${name}"]`, `*["${name}"]`]), censor: CENSORED },
      hooks: { streamWrite: (line) => censored(line, known) },
    },
    { write: (line) => write(isPretty ? pretty(line) : line.trimEnd()) },
  );
  const line =
    (level: "info" | "warn" | "error") =>
    (message: string, fields: Fields = {}) =>
      logger[level](fields, message);
  return { info: line("info"), warn: line("warn"), error: line("error") };
}

function censored(line: string, secrets: readonly string[]): string {
  const withoutKnown = secrets.reduce((text, secret) => text.replaceAll(secret, CENSORED), line);
  return SECRET_TEXTS.reduce((text, [pattern, instead]) => text.replace(pattern, instead), withoutKnown);
}

/** A line for a person at a terminal, without request ids. */
function pretty(line: string): string {
  const parsed = JSON.parse(line) as Record<string, unknown>;
  const { level, time: _time, requestId: _requestId, traceId: _traceId, message, ...fields } = parsed;
  const prefix = level === "info" ? "" : `${level}: `;
  return `${prefix}${message}${Object.keys(fields).length > 0 ? ` ${JSON.stringify(fields)}` : ""}`;
}

/** True for errors that the database server reported. They quote values, as in `invalid input syntax for type bigint: "…"`. */
const isOfDatabase = (value: unknown) => value instanceof Error && "severity" in value && "code" in value;

/** Errors keep their name and message. If messages quote their input, only the error's kind and place stay. */
function plainOf(value: unknown): unknown {
  if (isTierUnavailable(value, "postgres")) return `${value.name}: ${value.tier}`;
  if (value instanceof SyntaxError || isOfDatabase(value)) {
    const { name, stack = "", code } = value as Error & { code?: unknown };
    const at = stack.split("\n").find((line) => line.startsWith("    at "));
    return { name, ...(code === undefined ? {} : { code }), ...(at === undefined ? {} : { at: at.trim() }) };
  }
  if (value instanceof Error) return { name: value.name, message: value.message };
  return typeof value === "bigint" ? value.toString() : value;
}
