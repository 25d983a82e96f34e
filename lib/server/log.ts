import "server-only";
import type { Log } from "../ports/log";
import { StoreUnavailable } from "../ports/sync-store";

type Fields = Readonly<Record<string, unknown>>;

/** One line of text for people in development, one JSON object a line elsewhere. */
export function createLog(write: (line: string) => void, isPretty: boolean): Log {
  const line =
    (level: string) =>
    (message: string, fields: Fields = {}) => {
      const plain = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, plainOf(value)]));
      if (isPretty)
        write(
          `${level === "info" ? "" : `${level}: `}${message}${Object.keys(plain).length > 0 ? ` ${JSON.stringify(plain)}` : ""}`,
        );
      else write(JSON.stringify({ level, time: new Date().toISOString(), message, ...plain }));
    };
  return { info: line("info"), warn: line("warn"), error: line("error") };
}

/** Errors by name and message; a driver's own message may quote values, so of a StoreUnavailable only the name is kept. */
function plainOf(value: unknown): unknown {
  if (value instanceof StoreUnavailable) return value.name;
  if (value instanceof Error) return { name: value.name, message: value.message };
  return typeof value === "bigint" ? value.toString() : value;
}
