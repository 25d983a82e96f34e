/** `npm run capacity`: what N users need and cost, with and without a cache, and which limit breaks first. */
import { capacity } from "@/lib/core/capacity/capacity";
import { type CapacityInputs, DEFAULT_INPUTS, PLAN_SCALES, withSetUp } from "@/lib/core/capacity/inputs";
import { limitsOf, uncachedLimitsOf } from "@/lib/core/capacity/limits";
import { SET_UP_NAMES, type SetUp } from "@/lib/core/capacity/set-ups/set-ups";
import { uncachedDesign } from "@/lib/core/capacity/uncached";
import { MAX_LINGER_MS } from "@/lib/engine/writes/signal-batches";
import { command, numberOf, UsageError } from "../command";
import { report } from "./capacity/report";

const USAGE = `npm run -s capacity -- [options]

  --set-up NAME       ${SET_UP_NAMES.join(" or ")} (both)
  --zones N           zones of AWS with a database and a cache: 1 or 2 (${DEFAULT_INPUTS.zones})
  --users N[,N…]      columns of the tables (${PLAN_SCALES.join(",")})
  --signals N         messages that a user writes in a day (${DEFAULT_INPUTS.signalsPerUserDay})
  --reads N           reads that a user makes in a day (${DEFAULT_INPUTS.readsPerUserDay})
  --open-pages N      percent of users with a page open (${DEFAULT_INPUTS.openPageShare * 100})
  --segments N        topics of each kind (${DEFAULT_INPUTS.segments})
  --linger MS         how long signals wait for others that share their ledger message (${DEFAULT_INPUTS.settings.lingerMs})
  --peak N            the busiest minute, as a multiple of the mean (${DEFAULT_INPUTS.peakToMean})
  --months N          months of messages in Postgres: KEEP_MONTHS + 1 at most (${DEFAULT_INPUTS.monthsKept})
  --json              the model's whole answer, for each number of users

Where the figures come from: docs/capacity.md.`;

const text = { type: "string" } as const;
const OPTIONS = {
  "set-up": text,
  zones: text,
  users: text,
  signals: text,
  reads: text,
  "open-pages": text,
  segments: text,
  linger: text,
  peak: text,
  months: text,
  json: { type: "boolean" },
} as const;

function setUpsOf(text: string | undefined): readonly SetUp[] {
  if (text === undefined) return SET_UP_NAMES;
  const setUp = SET_UP_NAMES.find((each) => each === text);
  if (setUp === undefined) throw new UsageError(`--set-up must be ${SET_UP_NAMES.join(" or ")}, not "${text}".`);
  return [setUp];
}

void command({ usage: USAGE, options: OPTIONS }, ({ values }) => {
  const scales = values.users?.split(",").map((users) => numberOf("users", users, 0)) ?? PLAN_SCALES;
  const setUps = setUpsOf(values["set-up"]);
  const inputs: CapacityInputs = {
    ...DEFAULT_INPUTS,
    zones: numberOf("zones", values.zones, DEFAULT_INPUTS.zones, { least: 1, most: 2, isWhole: true }) === 2 ? 2 : 1,
    signalsPerUserDay: numberOf("signals", values.signals, DEFAULT_INPUTS.signalsPerUserDay),
    readsPerUserDay: numberOf("reads", values.reads, DEFAULT_INPUTS.readsPerUserDay),
    openPageShare:
      numberOf("open-pages", values["open-pages"], DEFAULT_INPUTS.openPageShare * 100, { most: 100 }) / 100,
    segments: numberOf("segments", values.segments, DEFAULT_INPUTS.segments, { least: 1, most: 10_000, isWhole: true }),
    settings: {
      ...DEFAULT_INPUTS.settings,
      lingerMs: numberOf("linger", values.linger, DEFAULT_INPUTS.settings.lingerMs, { most: MAX_LINGER_MS }),
    },
    peakToMean: numberOf("peak", values.peak, DEFAULT_INPUTS.peakToMean, { least: 1, most: 1_000 }),
    monthsKept: numberOf("months", values.months, DEFAULT_INPUTS.monthsKept, { least: 1, most: 1_200, isWhole: true }),
  };
  if (!values.json) return console.log(report(inputs, scales, setUps));
  const answers = setUps.map((setUp) => ({
    setUp,
    scales: scales.map((users) => ({
      users,
      ours: capacity(withSetUp({ ...inputs, users }, setUp)),
      uncached: uncachedDesign({ ...inputs, users }),
    })),
    limits: limitsOf(withSetUp(inputs, setUp)),
  }));
  console.log(JSON.stringify({ setUps: answers, uncachedLimits: uncachedLimitsOf(inputs) }, null, 2));
});
