/**
 * Counts the calls that read or write a whole file. Node 26 does each of them as one job in its thread pool, and
 * `process.getActiveResourcesInfo` does not list such jobs. It lists every other call of node:fs.
 */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

type Call = (...given: unknown[]) => unknown;

/** Those that take a callback and those that return a promise have the same names. */
const NAMES = ["readFile", "writeFile", "appendFile"] as const;

let underWay = 0;
let isWatching = false;

/** The number of watched calls that have not ended. */
export function wholeFileCalls(): number {
  return underWay;
}

/** Counts calls from now on, also those of modules that imported the functions by name before. */
export function watchWholeFiles(): void {
  if (isWatching) return;
  isWatching = true;
  for (const name of NAMES) {
    Reflect.set(fs, name, new Proxy(fs[name] as Call, { apply: countWithCallback }));
    Reflect.set(fs.promises, name, new Proxy(fs.promises[name] as Call, { apply: countWithPromise }));
  }
  syncBuiltinESMExports();
}

function countWithCallback(call: Call, self: unknown, given: unknown[]): void {
  const callback = given.at(-1);
  // Node refuses a call without a callback, so it never runs.
  if (typeof callback !== "function") return void Reflect.apply(call, self, given);
  const ended = (...answer: unknown[]) => {
    underWay -= 1;
    callback(...answer);
  };
  Reflect.apply(call, self, [...given.slice(0, -1), ended]);
  // A call that throws has not begun, so this comes after it.
  underWay += 1;
}

function countWithPromise(call: Call, self: unknown, given: unknown[]): Promise<unknown> {
  const answer = Reflect.apply(call, self, given) as Promise<unknown>;
  underWay += 1;
  return answer.finally(() => {
    underWay -= 1;
  });
}
