/**
 * `npm run load`: drives a running set-up on this machine with the model's users, whose days pass faster. At the end it
 * compares the measured counts with the model's.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DEFAULT_INPUTS } from "@/lib/core/capacity/inputs";
import { command, type NumberRange, numberOf, UsageError } from "../command";
import { environment } from "../environment";
import { AppClient, DevnetClient, loopback } from "./load/client";
import { compare, comparisonTable, type Meters } from "./load/compare";
import { drive } from "./load/drive";
import { latencyTable, verdictOf } from "./load/latency";
import { BOUNDS, inputsOf, type LoadPlan, objections, ratesOf } from "./load/load-plan";
import { Progress } from "./load/progress";

const USAGE = `npm run -s load -- [options]

  --url URL[,URL…]      the app's instances (http://127.0.0.1:3000)
  --devnet URL          the devnet's REST address (what DATA_DIR/devnet/rest-url says)
  --redis-control URL   counters of the Upstash stand-in (http://127.0.0.1:9079, of npm run services)
  --sql-control URL     counters of the Postgres proxy (http://127.0.0.1:6480, of npm run services)
  --users N             how many (200; at most ${BOUNDS.users})
  --seconds N           how long (60; at most ${BOUNDS.seconds})
  --factor N            days that pass in one (20)
  --signals N, --reads N, --open-pages N   as for npm run capacity
  --own-writes N        percent of the messages through the app, the others straight to the ledger (10)

Addresses are of this machine only. Prints p50 and p99 of reads and writes at the end. Exit status 1 where a request failed or was slow.
To have something to drive:
  npm run services      in one terminal; it prints the environment for the next
  npm run dev           in another, with that environment and the DATABASE_URL of the proxy, which counts`;

const text = { type: "string" } as const;
const OPTIONS = {
  url: text,
  devnet: text,
  "redis-control": text,
  "sql-control": text,
  users: text,
  seconds: text,
  factor: text,
  signals: text,
  reads: text,
  "open-pages": text,
  "own-writes": text,
} as const;
const CONTACTS = 10;

type Values = { readonly [K in keyof typeof OPTIONS]?: string | undefined };

function planOf(values: Values): LoadPlan {
  const number = (name: keyof Values, fallback: number, range: NumberRange = {}) =>
    numberOf(name, values[name], fallback, range);
  const plan = {
    users: Math.floor(number("users", 200, { least: 2 })),
    seconds: number("seconds", 60, { least: 5 }),
    factor: number("factor", 20, { least: 0.001 }),
    signalsPerUserDay: number("signals", DEFAULT_INPUTS.signalsPerUserDay),
    readsPerUserDay: number("reads", DEFAULT_INPUTS.readsPerUserDay),
    openPageShare: number("open-pages", DEFAULT_INPUTS.openPageShare * 100, { most: 100 }) / 100,
    ownWriteShare: number("own-writes", 10, { most: 100 }) / 100,
    contactsPerUser: CONTACTS,
  };
  const problems = objections(plan);
  if (problems.length > 0) throw new UsageError(problems.join("\n"));
  return plan;
}

/** The address of the app's own devnet, which the app writes into its folder. Null if there is none. */
function devnetUrl(): string | null {
  try {
    return readFileSync(join(environment().DATA_DIR ?? ".data", "devnet", "rest-url"), "utf8").trim();
  } catch {
    return null;
  }
}

/** The total of a stand-in's counters. Null if there is no stand-in, or it was never used. */
async function counter(controlUrl: string): Promise<number | null> {
  try {
    const response = await fetch(`${controlUrl}/counters`, { signal: AbortSignal.timeout(2_000) });
    const { total } = response.ok ? ((await response.json()) as { total: number }) : { total: 0 };
    return total === 0 ? null : total;
  } catch {
    return null;
  }
}

async function main(values: Values): Promise<void> {
  const plan = planOf(values);
  const urls = (values.url ?? "http://127.0.0.1:3000").split(",").map((url) => loopback("--url", url));
  const redisControl = loopback("--redis-control", values["redis-control"] ?? "http://127.0.0.1:9079");
  const sqlControl = loopback("--sql-control", values["sql-control"] ?? "http://127.0.0.1:6480");
  const app = new AppClient(urls);
  if (!(await app.isThere()))
    throw new UsageError(
      `Nothing answers at ${urls.join(", ")}. Start "npm run services", then "npm run dev" with the environment that it prints.`,
    );
  const found = values.devnet ?? devnetUrl();
  const devnet = found === null ? null : await DevnetClient.open(loopback("--devnet", found));
  if (devnet === null)
    console.log(
      "The devnet's address is unknown (set --devnet). Every message goes through the app, and mirror requests are not counted.",
    );

  const played: LoadPlan = devnet === null ? { ...plan, ownWriteShare: 1 } : plan;
  const rates = ratesOf(played);
  console.log(
    `${played.users} users, a day in ${(86_400 / played.factor / 60).toFixed(0)} minutes, for ${played.seconds} s: ${rates.messages.toFixed(1)} messages and ${rates.reads.toFixed(1)} reads a second, ${rates.streams} open streams.`,
  );
  const mirrorMs = (await devnet?.answerMs()) ?? 0;
  const measure = async (at: "start" | "end"): Promise<Meters> => {
    // Counting the messages itself costs a few statements, so it stays outside the measured time.
    const messages = at === "start" ? await app.storedMessages() : null;
    const counts = {
      redisCommands: await counter(redisControl),
      sqlStatements: await counter(sqlControl),
      mirrorRequests: (await devnet?.requests()) ?? null,
    };
    return { ...counts, messages: messages ?? (await app.storedMessages()) };
  };
  const progress = new Progress(process.stdout);
  const { figures, before, after } = await drive({
    plan: played,
    app,
    devnet,
    name: `load${process.pid}`,
    onPrepared: (done, of) => progress.show("preparing", done / of, `${done} of ${of}`),
    onFigures: ({ elapsedS, written, reads, events, failures }) =>
      progress.show(
        "driving",
        elapsedS / played.seconds,
        `${written} messages, ${reads} reads, ${events} events, ${failures} failures`,
      ),
    measure,
  });
  progress.end();
  const inputs = inputsOf(played, { instances: urls.length, mirrorMs });
  console.log(`\n${comparisonTable(compare(inputs, urls.length, figures.elapsedS, before, after))}`);
  for (const [counted, hint] of [
    [
      after.redisCommands,
      `Redis commands are counted by the stand-in of "npm run services", which the app does not use.`,
    ],
    [
      after.sqlStatements,
      `SQL statements are counted by the proxy of "npm run services": start the app with the DATABASE_URL that goes through it.`,
    ],
  ] as const)
    if (counted === null) console.log(`\n${hint}`);
  console.log(`\n${latencyTable(figures)}`);
  const { keepsUp, sentence } = verdictOf(figures);
  console.log(`\n${sentence}`);
  if (!keepsUp) process.exitCode = 1;
}

void command({ usage: USAGE, options: OPTIONS }, ({ values }) => main(values));
