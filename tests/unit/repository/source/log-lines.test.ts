/** A fault is an incident, which the log has once when it starts and once when it ends. Other warnings are few. */
import { expect, it } from "vitest";
import { codeOf, sourcesUnder } from "../../../support/repository/source";

const DEFECT = "an error of the program, which no judgement of health can see";
const SETTING = "a setting, said once at the start";

/** Every line above `info`, by its first words, with the reason why it is not an incident. */
const LINES: Readonly<Record<string, string>> = {
  message: DEFECT,
  "a report of this": DEFECT,
  "could not look for": DEFECT,
  "older messages could not": DEFECT,
  "old messages of one": DEFECT,
  "one topic could not": DEFECT,
  "shards: a topic may": "an operator's action has its price",
  "the sign-outs could not": DEFECT,
  "the database could not": DEFECT,
  "could not read the": DEFECT,
  "a sync has failed": DEFECT,
  "starting without the published": "the start goes on, with less than it should have",
  "the first sync failed;": DEFECT,
  "a look at the": DEFECT,
  "work after an answer": DEFECT,
  "an answer could not": DEFECT,
  wanting: SETTING,
  "The thread of the": "the database is back with the next statement, or `postgres-down` starts",
  "The thread that writes": "the next write starts another thread, or says why it cannot",
  "The database does not": "there are no incidents before the app is open",
  "a request failed": DEFECT,
  "the reshard stopped; a": DEFECT,
  "the registry was not": "a command at a terminal has no incidents",
  "a stream ended early;": DEFECT,
  "stored messages could not": DEFECT,
  doubt: SETTING,
  "a check of a": DEFECT,
  "the doorbells could not": DEFECT,
  "a pull after a": DEFECT,
};

/** The incidents themselves, and the list of latest errors, through which every line goes. */
const HANDED_ON = ["lib/engine/health/incidents.ts", "lib/server/observe/recent-errors.ts"];

it("no incident is logged a second time as a warning or an error", () => {
  const CALL = /\blog(?:\.(?:warn|error)|\[[^\]]+\])\(\s*(?:["`]?)([^"`,)]+)/g;
  const found = sourcesUnder(["lib"], (path) => HANDED_ON.includes(path)).flatMap(({ text }) =>
    [...codeOf(text).matchAll(CALL)].map(([, words = ""]) => words.split(" ").slice(0, 4).join(" ")),
  );
  expect(found.sort()).toEqual(Object.keys(LINES).sort());
});
